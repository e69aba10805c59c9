"""Waits for PostgreSQL that end, though it be stopped in the midst of an answer.

A server that hangs keeps its connections: neither its own time limits nor TCP's end a wait for it,
and on a socket there are none.  So the driver hands each wait to this module, which gives the
connection up when its time has passed.
"""

import select
import time

import psycopg2
import psycopg2.extensions
from psycopg2.extensions import POLL_OK, POLL_READ

CONNECT_WITHIN_S = 5.0
VANISHED_WITHIN_S = 15.0  # until a host that is gone is an error, and the next one is tried
LOOK_EVERY_S = 0.5  # whether a wait has been cut short by another thread


class Haste:
    """How long the waits of several connections last at most; any thread may change it."""

    most_s = float("inf")


class BoundedConnection(psycopg2.extensions.connection):
    """A connection that is given up when a wait lasts too long.

    within_s: how long the next one may last; of the thread that uses the connection.  haste: a
    further limit, which another thread may set meanwhile.
    """

    haste: Haste | None = None

    def __init__(self, dsn: str, *more: object) -> None:
        self.within_s = connects_within_s(dsn)
        super().__init__(dsn, *more)

    def left_s(self, waited_s: float) -> float:
        """How much longer a wait may last that has lasted so long."""
        most_s = self.within_s
        if self.haste is not None:
            most_s = min(most_s, self.haste.most_s)
        return most_s - waited_s


def connect(dsn: str, within_s: float, haste: Haste | None = None) -> BoundedConnection:
    """A new connection.

    Parameters
    ----------
    dsn
        As the driver takes it.
    within_s
        How long its waits last at most, until that is changed.
    haste
        A further limit, shared with other connections.

    Raises
    ------
    psycopg2.OperationalError
        When no server answers, in time or at all.
    """
    connection: BoundedConnection = psycopg2.connect(dsn, connection_factory=BoundedConnection)
    connection.within_s = within_s
    connection.haste = haste
    return connection


def connects_within_s(dsn: str) -> float:
    """For how long to wait for the servers that an address names; they are tried in turn."""
    named = psycopg2.extensions.parse_dsn(dsn)
    hosts = 1 + max(str(named.get(key, "")).count(",") for key in ("host", "hostaddr"))
    if hosts == 1:
        return CONNECT_WITHIN_S
    return hosts * (VANISHED_WITHIN_S + CONNECT_WITHIN_S)


def _wait(connection: psycopg2.extensions.connection) -> None:
    """Wait until the driver can go on; raises psycopg2.OperationalError when that takes too long.

    Connections of others have no limit.
    """
    began = time.monotonic()
    while True:
        state = connection.poll()
        if state == POLL_OK:
            return

        poller = select.poll()
        poller.register(
            connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT
        )
        while not poller.poll(1000 * LOOK_EVERY_S):
            waited_s = time.monotonic() - began
            if isinstance(connection, BoundedConnection) and connection.left_s(waited_s) <= 0:
                raise psycopg2.OperationalError(f"it gave no answer for {waited_s:.0f} s")


psycopg2.extensions.set_wait_callback(_wait)
