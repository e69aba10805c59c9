"""Who is here as far as this process has seen, so that arrivals are told while the database is
away, and once.
"""

from collections.abc import Set
from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.records import Arrival, Template, TrackReport

KEPT_MAX = 10_000  # people, before those who left are forgotten


class Presence:
    """Owned by the recorder's thread.  gap: an absence longer than this ends a visit."""

    def __init__(self, gap: timedelta) -> None:
        self._gap = gap
        self._seen: dict[UUID, datetime] = {}  # the end of each person's last sighting
        self._told: dict[
            UUID, list[datetime]
        ] = {}  # arrivals of each person that were told before they were written
        self._guessed: dict[
            UUID, tuple[UUID | None, Template | None]
        ] = {}  # decisions that are not written yet

    def saw(self, person: UUID, report: TrackReport) -> bool:
        """Note that a person was seen; returns whether a visit begins."""
        last = self._seen.get(person)
        self._seen[person] = max(last or report.ended_at, report.ended_at)
        if len(self._seen) > KEPT_MAX:
            self._seen = {p: t for p, t in self._seen.items() if t >= report.ended_at - self._gap}
        return last is None or report.started_at - last > self._gap

    def guess(
        self, report: TrackReport, person: UUID | None, template_update: Template | None
    ) -> None:
        """Note a decision taken from memory alone, which may be taken otherwise once it is written."""
        self._guessed[report.sighting_id] = (person, template_update)

    def guessed(self, sightings: Set[UUID]) -> dict[UUID, UUID | None]:
        """Those of these sightings that were decided from memory alone, with whom each was filed
        under.
        """
        return {i: self._guessed[i][0] for i in sightings & self._guessed.keys()}

    def template_updates(self) -> list[Template]:
        """What was learnt from decisions that are not written yet."""
        return [template_update for _, template_update in self._guessed.values() if template_update]

    def tell(self, arrival: Arrival) -> Arrival:
        """Note an arrival told before it is written."""
        self._told.setdefault(arrival.visitor_id, []).append(arrival.at)
        return arrival

    def written(self, report: TrackReport, arrival: Arrival | None) -> Arrival | None:
        """The arrival that comes of writing a report, unless that visit was told before."""
        self._guessed.pop(report.sighting_id, None)
        if arrival and any(
            abs(arrival.at - at) <= self._gap for at in self._told.get(arrival.visitor_id, ())
        ):
            return None
        return arrival

    def forget(self, sightings: Set[UUID]) -> None:
        """Everything is written but these sightings: what was told and guessed besides them is
        over.
        """
        self._guessed = {i: guess for i, guess in self._guessed.items() if i in sightings}
        if not sightings:
            self._told.clear()
