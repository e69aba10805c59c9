"""The review page's HTTP server: an address, a link that opens it, a loop that can be ended."""

import contextlib
import errno
import logging
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from waitress import create_server, wasyncore

from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.store.database import Database
from visitord.web import security
from visitord.web.app import site

if TYPE_CHECKING:  # vision's libraries take seconds to import
    from visitord.service.daemon import Daemon

log = logging.getLogger(__name__)
DEFAULT = ("127.0.0.1", 8642)
THREADS = 8
WAKES_S = 0.2
ENDS_WITHIN_S = 3


class Review:
    """Binds its address at once, or raises VisitordError.

    `run` is called by one thread, `stop` by any.
    """

    def __init__(self, config: Config, database: Database, listen: tuple[str, int]) -> None:
        token = security.token(config.state)
        host, _ = listen
        listening = _listen(*listen)
        if host not in security.LOOPBACK:
            log.warning(
                "Others on the network can reach the review page, and read what it sends: "
                "put TLS before it."
            )

        bound = (host, listening.getsockname()[1])
        self.link = link(bound, token, config.review.hosts)
        self._stop = threading.Event()
        self._sockets: dict[int, Any] = {}

        # A wall of pictures may wait for a moment.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        hosts = security.LOOPBACK | {host, *config.review.hosts}
        self._server = create_server(
            site(config, database, token, hosts),
            map=self._sockets,
            sockets=[listening],
            threads=THREADS,
            ident="",
            # The site refuses half of it in its own words.
            max_request_body_size=2 * security.BODY_MAX_BYTES,
        )

    def run(self) -> None:
        """Answer requests until `stop`, or Ctrl-C; requests under way have a few seconds then."""
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            while not self._stop.is_set():
                wasyncore.loop(timeout=WAKES_S, use_poll=True, map=self._sockets, count=1)
        self._server.task_dispatcher.shutdown(timeout=ENDS_WITHIN_S)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self) -> None:
        """Let `run` return."""
        self._stop.set()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises VisitordError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).split(" (while")[0]  # Python adds the address
        if error.errno == errno.EADDRINUSE:
            reason += "; it may be open there already: visitorctl review --link prints its link"
        raise VisitordError(f"The review page cannot listen on {host}:{port}: {reason}.") from None


def link(listen: tuple[str, int], token: str, hosts: Sequence[str] = ()) -> str:
    """What opens the page in a browser that was never there.

    Parameters
    ----------
    listen : (str, int)
        The address that the page is bound to.
    token : str
        Lets the browser in.
    hosts : sequence of str
        Names for a page on all addresses of the box.
    """
    host, port = listen
    with contextlib.suppress(ValueError):  # a name
        address = ip_address(host)
        if address.is_unspecified:
            loopback = "127.0.0.1" if address.version == 4 else "::1"
            host = next(iter(hosts), loopback)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/?token={token}"


def beside(daemon: "Daemon", config: Config, database: Database) -> None:
    """Serve the page for as long as the daemon runs, or say why that is not possible."""
    try:
        page = Review(config, database, config.review.listen or DEFAULT)
    except VisitordError as error:
        log.warning("%s The daemon goes on without it.", error)
        return
    log.info("The review page is open: visitorctl review --link prints the link to it.")
    daemon.also("review", page.run, page.stop)
