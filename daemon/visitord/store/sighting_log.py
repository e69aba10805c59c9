"""Lists sightings, with why each was filed under whom."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.window import Window

_SQL = statements.load("sighting_log")


@dataclass(frozen=True, slots=True)
class SightingDetail:
    """A sighting of one person.

    score, second_score: cosine similarity to the person most alike, and to the next.
    """

    sighting_id: UUID
    site: str
    camera: str
    started_at: datetime
    ended_at: datetime
    decision: str
    score: float | None
    second_score: float | None
    quality: float
    reason: str
    timezone: str


@dataclass(frozen=True, slots=True)
class LoggedSighting:
    """A row of the view `sighting_log`, whose comments say what each column means."""

    sighting_id: UUID
    visitor_id: UUID | None
    name: str | None
    camera: str
    started_at: datetime
    ended_at: datetime
    score: float | None
    quality: float
    live: bool | None
    decision: str
    site: str
    candidate: str | None
    second_candidate: str | None
    second_score: float | None
    good_samples: int
    face_px: float
    static: bool
    reason: str
    live_score: float | None
    box: str | None
    timezone: str
    groups: list[str]


def of_person(cursor: Cursor, visitor_id: UUID, limit: int) -> list[SightingDetail]:
    """The latest sightings of one person, newest first, at most `limit`."""
    values = {"person": visitor_id, "limit": limit}
    return statements.fetch_all(cursor, SightingDetail, _SQL["of_person"], values)


def logged(cursor: Cursor, window: Window) -> list[LoggedSighting]:
    """All sightings within a window, in order of time."""
    return statements.fetch_all(cursor, LoggedSighting, _SQL["logged"], asdict(window))
