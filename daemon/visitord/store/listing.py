"""What the admin CLI shows: rows of the public views, filtered by time and camera, and what daemons report for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlparse

from visitord.errors import DatabaseError
from visitord.store.database import SQL, Cursor


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


def visitors(cursor: Cursor, window: Window) -> Rows:
    """Rows of visitord.visitor: those seen within the window by its camera, those seen last first."""
    return Rows(cursor, SQL["visitors"], asdict(window))


def visits(cursor: Cursor, window: Window, visitor_id: UUID | None = None) -> Rows:
    """Visits as objects with the keys of the JSON contract, in order of time."""
    return Rows(cursor, SQL["visits"], {**asdict(window), "visitor": visitor_id})


def sightings_within(cursor: Cursor, window: Window) -> Rows:
    """Rows of visitord.sighting_log, in order of time."""
    return Rows(cursor, SQL["exported_sightings"], asdict(window))


def stats(cursor: Cursor, window: Window, by: str) -> Rows:
    """How many visits and visitors, by local `day` or by `hour` of arrival; the window needs a beginning."""
    return Rows(cursor, SQL["stats"], {**asdict(window), "by": by})


def person(cursor: Cursor, visitor_id: UUID) -> dict[str, Any]:
    """A visitor's row, with the labels merged into it and how many templates it is matched against."""
    return Rows(cursor, SQL["person"], {"id": visitor_id})[0]


def sightings(cursor: Cursor, visitor_id: UUID, limit: int) -> Rows:
    """A person's latest sightings with the reason for each decision, newest first."""
    return Rows(cursor, SQL["sightings"], {"id": visitor_id, "limit": limit})


def cameras(cursor: Cursor) -> Rows:
    """Every camera as its daemon last reported it."""
    return Rows(cursor, SQL["cameras"])


def report_cameras(cursor: Cursor, site: str, cameras: Sequence[Any]) -> None:
    """Replace the last report of each camera of this site; `cameras` are `visitord.vision.camera.Health`."""
    cursor.executemany(SQL["report_camera"], [{**asdict(camera), "site": site} for camera in cameras])


def totals(cursor: Cursor) -> dict[str, Any]:
    """How much is stored, and who is here."""
    return Rows(cursor, SQL["totals"])[0]


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
