"""The review page's HTTP server: an address, a link that opens it, a loop that can be ended."""

import contextlib
import errno
import logging
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.store.database import Database
from visitord.web import security
from visitord.web.app import site
from visitord.web.connections import CONNECTIONS_MAX, Server
from visitord.web.sessions import Sessions

if TYPE_CHECKING:  # vision's libraries take seconds to import
    from visitord.service.daemon import Daemon

log = logging.getLogger(__name__)
DEFAULT = ("127.0.0.1", 8642)
THREADS = 8
HEADER_MAX_BYTES = 32 * 1024
IDLE_S = 60  # a connection between two requests
WAKES_S = 0.2
ENDS_WITHIN_S = 3
ANSWERS_WITHIN_S = 1.0


class Review:
    """Binds its address at once, or raises VisitordError.

    `run` is called by one thread, `stop` and `new_link` by any.

    Attributes
    ----------
    address : str
        Where a browser finds it.
    """

    def __init__(
        self, config: Config, database: Database, listen: tuple[str, int], clock: Clock
    ) -> None:
        host, _ = listen
        listening = _listen(*listen)
        if host not in security.LOOPBACK:
            log.warning(
                "Others on the network can reach the review page, and read what it sends: "
                "put TLS before it."
            )

        bound = (host, listening.getsockname()[1])
        self.address = address(bound, config.review.hosts)
        self._sessions = Sessions(config.state, clock, config.review.session)
        self._stop = threading.Event()
        self._sockets: dict[int, Any] = {}

        # A wall of pictures may wait for a moment.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        hosts = security.LOOPBACK | {host, *config.review.hosts}
        try:
            application = site(config, database, self._sessions, hosts, clock)
        except VisitordError:
            listening.close()
            raise
        self._server = self._serve(application, clock, listening, config.review.proxy)

    def _serve(
        self, application: Flask, clock: Clock, listening: socket.socket, proxy: str | None
    ) -> Server:
        """The server of a socket; `proxy` is believed in what it says of its clients."""
        behind: dict[str, Any] = {}
        if proxy:
            trusted = {"x-forwarded-for", "x-forwarded-proto"}
            behind = {"trusted_proxy": proxy, "trusted_proxy_headers": trusted}

        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(THREADS)
        return Server(
            application,
            clock,
            map=self._sockets,
            _sock=listening,
            dispatcher=dispatcher,
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            adj=Adjustments(
                ident="",
                # The site refuses half of it in its own words.
                max_request_body_size=2 * security.BODY_MAX_BYTES,
                max_request_header_size=HEADER_MAX_BYTES,
                channel_timeout=IDLE_S,
                connection_limit=2 * CONNECTIONS_MAX,  # the server leaves others before
                **behind,
            ),
        )

    def new_link(self) -> str:
        """What opens the page in a browser that was never there, once; raises VisitordError."""
        return link(self.address, self._sessions.new_link())

    def run(self) -> None:
        """Answer requests until `stop`, or Ctrl-C; requests under way have a few seconds then."""
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            while not self._stop.is_set():
                wasyncore.loop(timeout=WAKES_S, use_poll=True, map=self._sockets, count=1)
                self._server.close_overdue()
        self._server.task_dispatcher.shutdown(timeout=ENDS_WITHIN_S)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self) -> None:
        """Let `run` return."""
        self._stop.set()


def answers(listen: tuple[str, int]) -> bool:
    """Whether anybody takes connections at an address of this box."""
    host, port = listen
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked, not bound
    try:
        with socket.create_connection((here, port), timeout=ANSWERS_WITHIN_S):
            return True
    except OSError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises VisitordError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).split(" (while")[0]  # Python adds the address
        if error.errno == errno.EADDRINUSE:
            reason += "; it may be open there already: visitorctl review --link prints a link to it"
        raise VisitordError(f"The review page cannot listen on {host}:{port}: {reason}.") from None


def address(listen: tuple[str, int], hosts: Sequence[str] = ()) -> str:
    """Where a browser finds the page.

    Parameters
    ----------
    listen : (str, int)
        The address that the page is bound to.
    hosts : sequence of str
        Names for a page on all addresses of the box.
    """
    host, port = listen
    with contextlib.suppress(ValueError):  # a name
        ip = ip_address(host)
        if ip.is_unspecified:
            loopback = "127.0.0.1" if ip.version == 4 else "::1"
            host = next(iter(hosts), loopback)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def link(address: str, secret: str) -> str:
    """What opens the page at an address in a browser that was never there, once."""
    return f"{address}/sign-in?link={secret}"


def beside(daemon: "Daemon", config: Config, database: Database) -> None:
    """Serve the page for as long as the daemon runs, or say why that is not possible."""
    try:
        page = Review(config, database, config.review.listen or DEFAULT, Clock())
    except VisitordError as error:
        log.warning("%s The daemon goes on without it.", error)
        return
    log.info("The review page is open: visitorctl review --link prints a link to it.")
    daemon.also("review", page.run, page.stop)
