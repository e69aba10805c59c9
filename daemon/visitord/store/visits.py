"""Keeps the visit table equal to what the sightings say; touches only the stretch of time that changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.store.database import SQL, Cursor, value


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


def rebuild(cursor: Cursor, site: str) -> int:
    """Rebuild all visits at a site, with its gap and time zone, however long it takes; returns how many there are."""
    cursor.execute("set local statement_timeout = 0")
    return int(value(cursor, "select rebuild_visits(%s)", (site,)))


def left(cursor: Cursor, since: datetime, until: datetime) -> list[tuple[str, str, timedelta]]:
    """Who has left within this time, for the gap has passed since they were seen: (name, site, duration of the visit).

    since is not part of the time, until is.
    """
    cursor.execute(SQL["left"], (since, until))
    return list(cursor.fetchall())
