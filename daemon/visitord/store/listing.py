"""What the admin CLI shows: rows of the public views, filtered by time and camera."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlparse

from visitord.errors import DatabaseError
from visitord.store.database import Cursor

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows: those that overlap since..until, seen by `camera`; None does not filter."""

    since: datetime | None = None
    until: datetime | None = None
    camera: str | None = None

    @property
    def values(self) -> dict[str, object]:
        return {"since": self.since, "until": self.until, "camera": self.camera}


def visitors(cursor: Cursor, window: Window) -> list[Row]:
    """Rows of visitord.visitor: those seen within the window by its camera, those seen last first."""
    return _rows(
        cursor,
        "select v.* from visitor v where exists (select 1 from sighting_log s where s.visitor_id = v.visitor_id "
        "and (%(since)s::timestamptz is null or s.ended_at >= %(since)s) "
        "and (%(until)s::timestamptz is null or s.started_at <= %(until)s) "
        "and (%(camera)s::text is null or s.camera = %(camera)s)) order by v.last_seen desc, v.label",
        window.values,
    )


def visits(cursor: Cursor, window: Window, visitor_id: UUID | None = None) -> list[Row]:
    """Visits as objects with the keys of the JSON contract, in order of time."""
    return _rows(
        cursor,
        "select visit_id, visitor_id as identity, name, status, cameras[1] as camera, cameras, started_at, ended_at, "
        "extract(epoch from duration)::float as duration_s, sightings from visit_log "
        "where (%(since)s::timestamptz is null or ended_at >= %(since)s) "
        "and (%(until)s::timestamptz is null or started_at <= %(until)s) "
        "and (%(camera)s::text is null or %(camera)s = any(cameras)) "
        "and (%(visitor)s::uuid is null or visitor_id = %(visitor)s) order by started_at, visit_id",
        {**window.values, "visitor": visitor_id},
    )


def person(cursor: Cursor, visitor_id: UUID) -> Row:
    """A visitor's row, with the labels merged into it and how many templates it is matched against."""
    (row,) = _rows(cursor, "select * from visitor where visitor_id = %(id)s", {"id": visitor_id})
    cursor.execute(
        "select coalesce(array_agg('visitor ' || number order by number) filter (where identity_id <> root_id), '{}'), "
        "(select count(*) from template t join identity m on m.identity_id = t.identity_id where m.root_id = %(id)s) "
        "from identity where root_id = %(id)s",
        {"id": visitor_id},
    )
    merged, templates = cursor.fetchone() or ([], 0)
    return {**row, "also": merged, "templates": templates}


def sightings(cursor: Cursor, visitor_id: UUID, limit: int) -> list[Row]:
    """A person's latest sightings with the reason for each decision, newest first."""
    return _rows(
        cursor,
        "select l.sighting_id, l.camera, l.started_at, l.ended_at, l.decision, l.score, g.second_score, l.quality, "
        "g.reason from sighting_log l join sighting g using (sighting_id) where l.visitor_id = %(id)s "
        "order by l.started_at desc, l.sighting_id limit %(limit)s",
        {"id": visitor_id, "limit": limit},
    )


def cameras(cursor: Cursor) -> list[Row]:
    """Every camera as its daemon last reported it."""
    return _rows(
        cursor,
        "select camera, site, state, stream, fps, dropped, reconnects, last_frame_at, reason from camera_health "
        "order by site, camera",
        {},
    )


def totals(cursor: Cursor) -> Row:
    """How much is stored, and who is here."""
    (row,) = _rows(
        cursor,
        "select (select count(*) from identity where merged_into is null) as visitors, "
        "(select count(*) from visit) as visits, (select count(*) from sighting) as sightings, "
        "(select count(*) from sighting where identity_id is null) as pending, "
        "(select count(*) from present_now) as present",
        {},
    )
    return row


def query(cursor: Cursor, sql: str) -> tuple[list[str], list[Row]]:
    """Column names and rows of one reading statement; columns of one name are told apart by a number.

    Raises DatabaseError for more than one statement, for one that writes, and for values Python has no type for.
    """
    if len([s for s in sqlparse.split(sql) if s.strip(" ;\n\t")]) != 1:
        raise DatabaseError("One statement at a time, please: this is for asking.")
    cursor.execute("set transaction read only")
    cursor.execute(sql)
    if cursor.description is None:
        return [], []
    names: list[str] = []
    for column in cursor.description:
        same = sum(name.split("#")[0] == column.name for name in names)
        names.append(f"{column.name}#{same + 1}" if same else column.name)
    try:
        return names, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except (ValueError, OverflowError) as error:
        raise DatabaseError(f"The answer holds a value that cannot be shown ({error}); cast it to text.") from None


def _rows(cursor: Cursor, sql: str, values: dict[str, object]) -> list[Row]:
    cursor.execute(sql, values)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
