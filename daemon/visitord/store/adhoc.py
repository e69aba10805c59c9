"""Questions in a person's own SQL, which can only read."""

from dataclasses import dataclass
from typing import Any

import sqlparse

from visitord.core.errors import DatabaseError
from visitord.store.database import Cursor


@dataclass(frozen=True, slots=True)
class Table:
    """An answer of columns not known before; those of one name are told apart by a number."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def ask(cursor: Cursor, question: str) -> Table:
    """The answer to one reading statement.

    Raises
    ------
    DatabaseError
        for more than one statement, for one that writes, and for values Python has no type for
    """
    statements = [part for part in sqlparse.split(question) if part.strip(" ;\n\t")]
    if len(statements) != 1:
        raise DatabaseError("One statement at a time, please: this is for asking.")

    cursor.execute("set transaction read only")
    try:
        cursor.execute(question)
        if not cursor.description:
            return Table((), ())
        return Table(_told_apart(cursor), tuple(cursor.fetchall()))
    except (ValueError, OverflowError) as error:
        raise DatabaseError(
            f"The answer holds a value that cannot be shown ({error}); cast it to text."
        ) from None


def _told_apart(cursor: Cursor) -> tuple[str, ...]:
    """The names of the columns; the second of one name gets a #2, and so on."""
    names: list[str] = []
    for column in cursor.description or ():
        same = sum(name.split("#")[0] == column.name for name in names)
        names.append(f"{column.name}#{same + 1}" if same else column.name)
    return tuple(names)
