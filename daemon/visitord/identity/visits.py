"""Visits from sightings: a pure grouping, so that building them twice or in any order gives the same rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True, order=True)
class Stay:
    """What a visit is made of: one sighting's time and place.  Ordered by start, then id."""

    started_at: datetime
    sighting_id: UUID
    ended_at: datetime
    camera: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Stays of one identity at one site with no gap longer than the limit; its id is its first sighting's."""

    visit_id: UUID
    started_at: datetime
    ended_at: datetime
    sightings: int
    cameras: tuple[str, ...]
    last_camera: str


def group(stays: Iterable[Stay], gap: timedelta) -> list[Visit]:
    """Visits in order of time; a pause of exactly `gap` does not yet divide two visits."""
    return [_visit(run) for run in _runs(sorted(stays), gap)]


def _runs(stays: list[Stay], gap: timedelta) -> Iterator[list[Stay]]:
    run: list[Stay] = []
    end: datetime | None = None
    for stay in stays:
        if end is not None and stay.started_at - end > gap:
            yield run
            run, end = [], None
        run.append(stay)
        end = stay.ended_at if end is None else max(end, stay.ended_at)
    if run:
        yield run


def _visit(run: list[Stay]) -> Visit:
    last = max(run, key=lambda s: (s.ended_at, s.started_at, s.sighting_id))
    return Visit(
        visit_id=run[0].sighting_id,
        started_at=run[0].started_at,
        ended_at=last.ended_at,
        sightings=len(run),
        cameras=tuple(dict.fromkeys(s.camera for s in run)),
        last_camera=last.camera,
    )
