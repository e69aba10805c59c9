"""Connections to the page: few enough, and none that is opened and then says nothing.

A request has to be whole soon after it begins.  When there are too many connections, those without
a session go first, and of these the oldest one of the address that has the most: others find a
place, however many one address opens.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask

from visitord.core.clock import Clock

CONNECTIONS_MAX = 100
REQUEST_WITHIN_S = 10.0
IN_ENVIRON = "visitord.connection"


class _Task(WSGITask):  # type: ignore[misc]
    """A request that knows its connection."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[IN_ENVIRON] = self.channel
        return environ


class Connection(HTTPChannel):  # type: ignore[misc]
    """One that knows how long its next request is under way.  Owned by the server's loop.

    Attributes
    ----------
    signed_in : bool
        Whether its last request was of a session; set by the thread that answers it.
    """

    task_class = _Task

    def __init__(self, server: "Server", *arguments: Any, **options: Any) -> None:
        self.signed_in = False
        self._clock = server.clock
        self._begun_s: float | None = self._clock.monotonic()
        super().__init__(server, *arguments, **options)

    def received(self, data: bytes) -> bool:
        """Note when a request begins, and when it is whole."""
        before = self.request
        taken: bool = super().received(data)
        if self.request is None:
            self._begun_s = None
        elif self.request is not before:
            self._begun_s = self._clock.monotonic()
        return taken

    def is_overdue(self) -> bool:
        """Whether a request should be whole by now, and is not."""
        if self._begun_s is None or self.requests:
            return False
        return self._clock.monotonic() - self._begun_s > REQUEST_WITHIN_S


class Server(TcpWSGIServer):  # type: ignore[misc]
    """The server of a socket that listens; all of it runs in the thread of its loop.

    Parameters
    ----------
    application
        Answers requests, in other threads.
    clock : Clock
        Whose monotonic time requests have to be whole by.
    arguments, options
        As for waitress's own.
    """

    channel_class = Connection

    def __init__(self, application: Any, clock: Clock, *arguments: Any, **options: Any) -> None:
        self.clock = clock
        super().__init__(application, *arguments, **options)

    def handle_accept(self) -> None:
        """Take a connection, and leave another if there are too many."""
        super().handle_accept()
        while len(self.active_channels) > CONNECTIONS_MAX:
            _dispensable(self.active_channels.values()).handle_close()

    def close_overdue(self) -> None:
        """Leave connections whose request does not become whole."""
        for connection in list(self.active_channels.values()):
            if connection.is_overdue():
                connection.handle_close()


def _dispensable(connections: Iterable[Connection]) -> Connection:
    """The one to leave, of connections from the oldest to the newest."""
    found = list(connections)
    of_address = Counter(connection.addr[0] for connection in found if not connection.signed_in)
    return max(  # the first of several
        found,
        key=lambda one: (not one.signed_in, not one.requests, of_address[one.addr[0]]),
    )
