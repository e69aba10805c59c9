"""What the admin CLI shows: rows of the public views, filtered by time and camera."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlparse

from visitord.errors import DatabaseError
from visitord.store.database import Cursor


class Rows(list[dict[str, Any]]):
    """What a statement returned, by column; `columns` are known even where there are no rows.

    Columns of one name are told apart by a number.
    """

    def __init__(self, cursor: Cursor, sql: str, values: dict[str, object] | None = None) -> None:
        cursor.execute(sql, values)
        self.columns: list[str] = []
        for column in cursor.description or ():
            same = sum(name.split("#")[0] == column.name for name in self.columns)
            self.columns.append(f"{column.name}#{same + 1}" if same else column.name)
        rows = cursor.fetchall() if cursor.description else []
        super().__init__(dict(zip(self.columns, row, strict=True)) for row in rows)


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows: those that overlap since..until, seen by `camera`; None does not filter."""

    since: datetime | None = None
    until: datetime | None = None
    camera: str | None = None


_WITHIN = (
    "ended_at >= coalesce(%(since)s, '-infinity'::timestamptz) "
    "and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)"
)


def visitors(cursor: Cursor, window: Window) -> Rows:
    """Rows of visitord.visitor: those seen within the window by its camera, those seen last first."""
    return Rows(
        cursor,
        f"select * from visitor where visitor_id in (select visitor_id from sighting_log where {_WITHIN} "
        "and camera = coalesce(%(camera)s, camera)) order by last_seen desc, label",
        asdict(window),
    )


def visits(cursor: Cursor, window: Window, visitor_id: UUID | None = None) -> Rows:
    """Visits as objects with the keys of the JSON contract, in order of time."""
    return Rows(
        cursor,
        "select visit_id, visitor_id as identity, name, status, cameras[1] as camera, cameras, started_at, ended_at, "
        f"extract(epoch from duration)::float as duration_s, sightings from visit_log where {_WITHIN} "
        "and coalesce(%(camera)s, cameras[1]) = any(cameras) and visitor_id = coalesce(%(visitor)s, visitor_id) "
        "order by started_at, visit_id",
        {**asdict(window), "visitor": visitor_id},
    )


def person(cursor: Cursor, visitor_id: UUID) -> dict[str, Any]:
    """A visitor's row, with the labels merged into it and how many templates it is matched against."""
    (row,) = Rows(
        cursor,
        "select v.*, array(select 'visitor ' || number from identity "
        "where root_id = visitor_id and identity_id <> root_id order by number) as also, "
        "(select count(*) from template join identity using (identity_id) where root_id = visitor_id) as templates "
        "from visitor v where visitor_id = %(id)s",
        {"id": visitor_id},
    )
    return row


def sightings(cursor: Cursor, visitor_id: UUID, limit: int) -> Rows:
    """A person's latest sightings with the reason for each decision, newest first."""
    return Rows(
        cursor,
        "select l.sighting_id, l.camera, l.started_at, l.ended_at, l.decision, l.score, g.second_score, l.quality, "
        "g.reason from sighting_log l join sighting g using (sighting_id) where l.visitor_id = %(id)s "
        "order by l.started_at desc, l.sighting_id limit %(limit)s",
        {"id": visitor_id, "limit": limit},
    )


def cameras(cursor: Cursor) -> Rows:
    """Every camera as its daemon last reported it."""
    return Rows(
        cursor,
        "select camera, site, state, stream, fps, dropped, reconnects, last_frame_at, reason from camera_health "
        "order by site, camera",
    )


def totals(cursor: Cursor) -> dict[str, Any]:
    """How much is stored, and who is here."""
    (row,) = Rows(
        cursor,
        "select (select count(*) from identity where merged_into is null) as visitors, "
        "(select count(*) from visit) as visits, (select count(*) from sighting) as sightings, "
        "(select count(*) from sighting where identity_id is null) as pending, "
        "(select count(*) from present_now) as present",
    )
    return row


def query(cursor: Cursor, sql: str) -> Rows:
    """The rows of one reading statement.

    Raises DatabaseError for more than one statement, for one that writes, and for values Python has no type for.
    """
    if len([s for s in sqlparse.split(sql) if s.strip(" ;\n\t")]) != 1:
        raise DatabaseError("One statement at a time, please: this is for asking.")
    cursor.execute("set transaction read only")
    try:
        return Rows(cursor, sql)
    except (ValueError, OverflowError) as error:
        raise DatabaseError(f"The answer holds a value that cannot be shown ({error}); cast it to text.") from None
