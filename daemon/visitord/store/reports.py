"""What the admin CLI shows: rows of the public views, filtered by time and camera, and what daemons
report for it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlparse

from visitord.core.errors import DatabaseError
from visitord.store.database import SQL, Cursor, value

_UNFILTERED = {
    "since": None,
    "until": None,
    "camera": None,
    "visitor": None,
    "status": None,
    "unnamed": False,
}


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


def rows(cursor: Cursor, statement: str, **values: object) -> Rows:
    """What the statement of that name lists; a value it takes and is not given does not filter."""
    return Rows(cursor, SQL[statement], _UNFILTERED | values)


def report_cameras(
    cursor: Cursor, site: str, box: str, cameras: Sequence[Any]
) -> list[tuple[str, str]]:
    """Replace the last report of each camera of this site; `cameras` are
    `visitord.capture.health.Health`.

    Returns those that another box reports at this time, which are left to it: (camera, box).
    """
    taken = []
    for camera in cameras:
        cursor.execute(SQL["report_camera"], {**asdict(camera), "site": site, "box": box})
        if not cursor.rowcount:
            taken.append(
                (camera.camera, value(cursor, SQL["reporting_box"], (site, camera.camera)))
            )
    return taken


def query(cursor: Cursor, sql: str) -> Rows:
    """The rows of one reading statement.

    Raises DatabaseError for more than one statement, for one that writes, and for values Python has
    no type for.
    """
    if len([s for s in sqlparse.split(sql) if s.strip(" ;\n\t")]) != 1:
        raise DatabaseError("One statement at a time, please: this is for asking.")
    cursor.execute("set transaction read only")
    try:
        return Rows(cursor, sql)
    except (ValueError, OverflowError) as error:
        raise DatabaseError(
            f"The answer holds a value that cannot be shown ({error}); cast it to text."
        ) from None
