"""The connection on which people's own questions run: as the role visitord_reader, only reading."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2
from psycopg2 import errors

from visitord.core.config import Config
from visitord.core.errors import DatabaseError, DatabaseUnavailableError
from visitord.store import statements
from visitord.store.database import Cursor, Database

READER = "visitord_reader"
_SQL = statements.load("reader")


@dataclass(frozen=True, slots=True)
class _Standing:
    superuser: bool
    reader_logs_in: bool


@contextlib.contextmanager
def reading(owner: Database, config: Config) -> Iterator[Cursor]:
    """A read-only transaction of the reader, which is rolled back at its end.

    Parameters
    ----------
    owner : the database of `config`, as its owner or as an account of a daemon
    config : says where the reader logs in, if not where the owner does

    Raises
    ------
    DatabaseError
        where the account of the configuration may neither log in as the reader nor become it
    """
    with (
        contextlib.closing(_connection(owner, config)) as database,
        database.transaction() as cursor,
    ):
        cursor.execute("set transaction read only")
        _become_reader(cursor, database)
        try:
            yield cursor
        finally:
            with contextlib.suppress(psycopg2.Error):
                cursor.connection.rollback()


def _connection(owner: Database, config: Config) -> Database:
    """As the reader where it can log in, else as the owner."""
    reader_url = config.reader_url()
    if reader_url is not None:
        database = Database(reader_url)
        database.timezone = owner.timezone
        return database

    with owner.transaction() as cursor:
        standing = _standing(cursor)
        # Without a password, which it is given none: so only where the server lets everybody in.
        if standing.superuser and not standing.reader_logs_in:
            cursor.execute(_SQL["admit"])
            standing = _standing(cursor)

    if standing.reader_logs_in:
        reader = owner.another(READER)
        with contextlib.suppress(DatabaseUnavailableError), reader.transaction():
            return reader
        reader.close()
    return owner.another()


def _become_reader(cursor: Cursor, database: Database) -> None:
    """Leave all other rights; raises DatabaseError where that cannot be, or would not hold.

    A superuser's question could take them back.
    """
    if not _standing(cursor).superuser:
        with contextlib.suppress(errors.InsufficientPrivilege, errors.InvalidParameterValue):
            cursor.execute(_SQL["become"])
            return

    raise DatabaseError(
        f"Questions in SQL are asked as the role {READER}, which the account at {database.shown} "
        "cannot safely become.",
        advice=f"set database.reader_url to an address at which {READER} can log in "
        "(docs/sql.md says how).",
    )


def _standing(cursor: Cursor) -> _Standing:
    """What the account of this connection is."""
    standing = statements.fetch_one(cursor, _Standing, _SQL["standing"])
    assert standing is not None  # noqa: S101 - whoever is connected has a role
    return standing
