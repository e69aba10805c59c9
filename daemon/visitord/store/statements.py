"""Statements by name, out of .sql files, and their answers as records.

Each module of the store keeps its statements in store/sql/<module>.sql and runs them with named
values; no statement, name of one, or bare row leaves the store.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from visitord.store.database import Cursor

FOLDER = Path(__file__).with_name("sql")
_STATEMENT = re.compile(r"^-- (\w+): .*\n((?:(?!-- ).+\n)+)", re.MULTILINE)

Record = TypeVar("Record")
Values = Mapping[str, object]


def load(module: str) -> dict[str, str]:
    """The statements of store/sql/<module>.sql by name.

    A line such as "-- name: what it is for" begins each; no empty line stands inside one.
    """
    return dict(_STATEMENT.findall((FOLDER / f"{module}.sql").read_text("utf-8")))


def fetch_all(
    cursor: Cursor, record: type[Record], statement: str, values: Values | None = None
) -> list[Record]:
    """Run a statement; each row of the answer is a record.

    Parameters
    ----------
    cursor : of an open transaction
    record : a dataclass whose fields are the statement's columns, of the same names and order
    statement : SQL
    values : by the names they have in the statement

    Raises
    ------
    TypeError
        if the columns are not the fields of the record: the two were changed apart
    """
    cursor.execute(statement, values)
    columns = tuple(column.name for column in cursor.description or ())
    if columns != names_of(record):
        raise TypeError(f"{record.__name__} has {names_of(record)}, the statement {columns}")

    return [record(*row) for row in cursor]


def fetch_one(
    cursor: Cursor, record: type[Record], statement: str, values: Values | None = None
) -> Record | None:
    """The first row that `fetch_all` would return, None where it returns none."""
    return next(iter(fetch_all(cursor, record, statement, values)), None)


def fetch_column(cursor: Cursor, statement: str, values: Values | None = None) -> list[Any]:
    """The first column of all rows that a statement returns."""
    cursor.execute(statement, values)
    return [row[0] for row in cursor]


def fetch_value(cursor: Cursor, statement: str, values: Values | None = None) -> Any:
    """The one value a statement returns, None where it returns no row."""
    cursor.execute(statement, values)
    row = cursor.fetchone()
    return row[0] if row else None


def names_of(record: type[Any]) -> tuple[str, ...]:
    """The fields of a record, in their order."""
    return tuple(field.name for field in fields(record))
