"""A connection to PostgreSQL that comes back after the server was away, and errors to act on."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras
from psycopg2 import errors

from visitord.core.errors import (
    DatabaseError,
    DatabaseUnavailableError,
    RowRefusedError,
    VisitordError,
)
from visitord.core.redaction import redact
from visitord.core.sources import as_account
from visitord.store import embedded, postgres_waits
from visitord.store.postgres_waits import BoundedConnection, Haste

# For so long may a step take, as `Database.on_step` is told: connecting, where the embedded server
# has to recover from a crash first; a statement, by its own limit and that of a host that vanished;
# and a statement of `unhurried`.
CONNECTS_WITHIN_S = 300.0
STATEMENT_WITHIN_S = 90.0
UNHURRIED_WITHIN_S = 4 * 3600.0
# So much sooner is a server given up that does not answer.
GIVEN_UP_BEFORE_S = 15.0
_OPTIONS: dict[str, Any] = {
    "application_name": "visitord",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # Milliseconds until a vanished host is an error
    "tcp_user_timeout": round(1000 * postgres_waits.VANISHED_WITHIN_S),
    # Nothing waits for ever, so nothing blocks the end; and a server notices within half a minute
    # that a box lost power with its locks.
    "options": "-c lock_timeout=5s -c statement_timeout=60s "
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}
# The last: of somebody who was just forgotten.
_OVERTAKEN = (errors.DeadlockDetected, errors.SerializationFailure, errors.ForeignKeyViolation)
_BUSY = (errors.LockNotAvailable, errors.QueryCanceled, *_OVERTAKEN)
_SENSELESS = (psycopg2.DataError, errors.CheckViolation, errors.NotNullViolation)
_TRANSIENT = (psycopg2.OperationalError, psycopg2.InterfaceError)
_NOT_TRANSIENT = errors.ObjectNotInPrerequisiteState  # though the driver counts it among them

psycopg2.extras.register_uuid()  # type: ignore[no-untyped-call]

Cursor = psycopg2.extensions.cursor
OnStep = Callable[[float], object]


class _SteppingCursor(Cursor):
    """A cursor that says so before each statement, and gives a server up that does not answer."""

    connection: BoundedConnection

    within_s = STATEMENT_WITHIN_S

    def __init__(self, connection: psycopg2.extensions.connection, on_step: OnStep) -> None:
        super().__init__(connection)
        self._on_step = on_step

    def execute(self, query: Any, vars: Any = None) -> None:
        self._on_step(self.within_s)
        self.connection.within_s = self.within_s - GIVEN_UP_BEFORE_S
        super().execute(query, vars)


def unhurried(cursor: Cursor) -> None:
    """Let the statements of this transaction take as long as they need."""
    cursor.execute("set local statement_timeout = 0")
    _allow(cursor, UNHURRIED_WITHIN_S)


def allow(cursor: Cursor, statement_s: float) -> None:
    """Wait longer for the statements of a cursor, for which the server has a limit of its own."""
    _allow(cursor, max(STATEMENT_WITHIN_S, statement_s + 2 * GIVEN_UP_BEFORE_S))


def _allow(cursor: Cursor, within_s: float) -> None:
    if isinstance(cursor, _SteppingCursor):
        cursor.within_s = within_s


def server_time(cursor: Cursor) -> datetime:
    """What the database's own clock says."""
    cursor.execute("select clock_timestamp()")
    ((now,),) = cursor.fetchall()
    return now  # type: ignore[no-any-return]


def _dsn(url: str) -> str:
    """What the driver connects with; raises DatabaseError for what is no address.

    What the driver finds wrong with it is not told: it quotes the part, which may be a password.
    """
    try:
        return psycopg2.extensions.make_dsn(url, **_OPTIONS)
    except psycopg2.ProgrammingError:
        raise DatabaseError(
            "The address of the database is none that PostgreSQL understands; write it as "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME?KEY=VALUE, and percent-encode special "
            "characters in the user name and password."
        ) from None


class Database:
    """One connection, opened when first needed and again after it broke; of one thread.

    wake: called when no connection can be made, before the second and last try.  on_step: called
    before each step that may take long, with for how many seconds it may.
    """

    def __init__(self, url: str, wake: Callable[[], object] = lambda: None) -> None:
        self.url = url
        self.timezone = "UTC"  # of the times that come back
        self.on_step: OnStep = lambda _within_s: None
        self._wake = wake
        self._haste = Haste()
        self._connection: BoundedConnection | None = None

    @classmethod
    def at(cls, url: str, state: Path) -> "Database":
        """The database at `url`, or the embedded one in the state folder: started, and kept up.

        Raises DatabaseError for what is no address, or where the embedded one does not start.
        """
        if url == "embedded":
            return cls(embedded.start(state), lambda: embedded.start(state))
        _dsn(url)
        return cls(url)

    def another(self, account: str | None = None) -> "Database":
        """A further connection to the same database: for another thread, or of another account."""
        url = self.url if account is None else as_account(self.url, account)
        database = Database(url, self._wake)
        database.timezone = self.timezone
        database._haste = self._haste
        return database

    def hasten(self, most_s: float) -> None:
        """Wait no longer than this for an answer from now on, here and at `another`; any thread."""
        self._haste.most_s = most_s

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A cursor whose work is committed at the end, or rolled back when anything is raised.

        Raises DatabaseUnavailableError when trying again later may help, DatabaseError when not.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            with self._connection, self._cursor(self._connection) as cursor:
                cursor.execute("set local search_path to visitord, pg_temp")
                cursor.execute("select set_config('timezone', %s, true)", (self.timezone,))
                yield cursor
                self.on_step(STATEMENT_WITHIN_S)  # the commit
        except psycopg2.Error as error:
            if isinstance(error, _TRANSIENT) and not isinstance(error, _BUSY):
                self.close()
            raise self._translated(error) from None

    @contextlib.contextmanager
    def outside_transactions(self) -> Iterator[Cursor]:
        """A cursor for what PostgreSQL does in no transaction, such as vacuum; errors as above."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            self._connection.autocommit = True
            try:
                with self._cursor(self._connection) as cursor:
                    yield cursor
            finally:
                if not self._connection.closed:
                    with self._connection.cursor() as cursor:
                        cursor.execute("reset all")
                    self._connection.autocommit = False
        except psycopg2.Error as error:
            if isinstance(error, _TRANSIENT) and not isinstance(error, _BUSY):
                self.close()
            raise self._translated(error) from None

    def _cursor(self, connection: psycopg2.extensions.connection) -> Cursor:
        return _SteppingCursor(connection, self.on_step)

    def _connect(self) -> BoundedConnection:
        """A new connection; where none can be made, the server is woken first."""
        self.on_step(CONNECTS_WITHIN_S)
        dsn = _dsn(self.url)
        within_s = STATEMENT_WITHIN_S - GIVEN_UP_BEFORE_S
        with contextlib.suppress(psycopg2.OperationalError):
            return postgres_waits.connect(dsn, within_s, self._haste)

        self._wake()
        return postgres_waits.connect(dsn, within_s, self._haste)

    def _translated(self, error: Exception) -> VisitordError:
        """`error` of the driver as one sentence without secrets.

        Where the connection broke, so did the rollback after it: the first error says why.
        """
        if isinstance(error, psycopg2.InterfaceError) and isinstance(
            error.__context__, psycopg2.OperationalError
        ):
            error = error.__context__
        lines = str(error).strip().splitlines()
        text = redact(lines[0]) if lines else type(error).__name__

        if isinstance(error, _BUSY):
            return DatabaseUnavailableError(
                f"The database at {self.shown} is busy ({text}); try again in a moment."
            )
        if isinstance(error, _TRANSIENT) and not isinstance(error, _NOT_TRANSIENT):
            advice = "check that it runs and that database.url is right"
            return DatabaseUnavailableError(
                f"The database at {self.shown} cannot be used: {text}; {advice}."
            )

        kind = RowRefusedError if isinstance(error, _SENSELESS) else DatabaseError
        return kind(f"The database at {self.shown} refused: {text}.")

    @property
    def connected(self) -> bool:
        """Whether the connection of the last transaction is still there."""
        return self._connection is not None and not self._connection.closed

    @property
    def shown(self) -> str:
        """The address without its password."""
        return redact(self.url)

    def close(self) -> None:
        """Close the connection, if any; the next transaction opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()
