"""Keeps the visit table equal to what the sightings say; touches only the stretch of time that changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.store.database import SQL, Cursor


@dataclass(frozen=True, slots=True)
class Visit:
    """Sightings of one identity at one site with no gap longer than the limit; its id is its first sighting's.

    cameras: in order of first sighting, each once.
    """

    visit_id: UUID
    started_at: datetime
    ended_at: datetime
    sightings: int
    cameras: list[str]
    last_camera: str


def refresh(
    cursor: Cursor,
    root_id: UUID,
    site: str,
    gap: timedelta,
    span: tuple[datetime | str, datetime | str] = ("-infinity", "infinity"),
) -> list[Visit]:
    """Rebuild the visits of one person at one site; returns those that began (have an id not there before).

    A pause of exactly `gap` does not yet divide two visits.  span: the time of the sighting that changed.  Only
    visits within `gap` of it can be affected, so only they and their sightings are read; the default rebuilds all.
    """
    cursor.execute(SQL["refresh_visits"], (root_id, site, gap, *span))
    return [Visit(*row) for row in cursor.fetchall()]


def close(cursor: Cursor, now: datetime) -> list[tuple[str, str, datetime, timedelta]]:
    """Mark visits whose gap has passed as closed; returns (name, site, when the gap had passed, duration) of each."""
    cursor.execute(SQL["close_visits"], (now,))
    return list(cursor.fetchall())
