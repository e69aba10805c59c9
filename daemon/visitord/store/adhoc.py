"""Questions in a person's own SQL, which can only read.

The server, not this program, sees to it that a question is one statement: the text reaches it as a
value, and PL/pgSQL opens it as a cursor, which takes one statement that answers with rows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg2 import errors

from visitord.core.errors import DatabaseError
from visitord.store import statements
from visitord.store.database import Cursor, allow

TIMEOUT = timedelta(seconds=60)
_SQL = statements.load("adhoc")


@dataclass(frozen=True, slots=True)
class Table:
    """An answer of columns not known before; those of one name are told apart by a number."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def ask(cursor: Cursor, question: str, timeout: timedelta = TIMEOUT) -> Table:
    """The answer to one reading statement; the transaction can only read from here on.

    Parameters
    ----------
    cursor : of an open transaction
    question : SQL, as a person wrote it
    timeout : for finding the answer

    Raises
    ------
    DatabaseError
        for more than one statement, for one without rows, for one that takes too long, and for
        values Python has no type for
    """
    milliseconds = max(1, round(timeout.total_seconds() * 1000))
    cursor.execute("set transaction read only")
    cursor.execute(_SQL["limit"], {"timeout": f"{milliseconds}ms"})
    allow(cursor, timeout.total_seconds())

    try:
        cursor.execute(_SQL["pose"], {"question": question})
        cursor.execute(_SQL["open"])
        cursor.execute(_SQL["fetch"])
        answer = Table((), ())
        if cursor.description:
            answer = Table(_told_apart(cursor), tuple(cursor.fetchall()))
        cursor.execute(_SQL["close"])
    except errors.InvalidCursorDefinition:
        raise DatabaseError(
            "One statement at a time, and one that answers with rows, such as select, explain or "
            "show: this is for asking."
        ) from None
    except errors.QueryCanceled:
        raise DatabaseError(
            f"The database found no answer within {timeout.total_seconds():g} s.",
            advice="ask for less, or allow more with --timeout.",
        ) from None
    except (ValueError, OverflowError) as error:
        raise DatabaseError(
            f"The answer holds a value that cannot be shown ({error}); cast it to text."
        ) from None
    return answer


def _told_apart(cursor: Cursor) -> tuple[str, ...]:
    """The names of the columns; the second of one name gets a #2, and so on."""
    names: list[str] = []
    for column in cursor.description or ():
        same = sum(name.split("#")[0] == column.name for name in names)
        names.append(f"{column.name}#{same + 1}" if same else column.name)
    return tuple(names)
