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


class Review:
    """Binds its address at once, or raises VisitordError; `run` is called by one thread, `stop` by
    any.
    """

    def __init__(self, config: Config, database: Database, listen: tuple[str, int]) -> None:
        token = security.token(config.state)
        host, port = listen
        try:
            listening = socket.create_server(
                listen, family=socket.AF_INET6 if ":" in host else socket.AF_INET
            )
        except OSError as error:
            reason = str(error.strerror).split(" (while")[0]  # Python adds the address
            if error.errno == errno.EADDRINUSE:
                reason += "; it may be open there already: visitorctl review --link prints its link"
            raise VisitordError(
                f"The review page cannot listen on {host}:{port}: {reason}."
            ) from None
        if host not in security.LOOPBACK:
            log.warning(
                "Others on the network can reach the review page, and read what it sends: put TLS before it."
            )
        self.link = link((host, listening.getsockname()[1]), token, config.review.hosts)
        self._stop = threading.Event()
        self._sockets: dict[int, Any] = {}
        logging.getLogger("waitress.queue").setLevel(
            logging.ERROR
        )  # a wall of pictures may wait for a moment
        self._server = create_server(
            site(config, database, token, security.LOOPBACK | {host, *config.review.hosts}),
            map=self._sockets,
            sockets=[listening],
            threads=8,
            ident="",
            max_request_body_size=2
            * security.BODY_MAX_BYTES,  # the site refuses half of it in its own words
        )

    def run(self) -> None:
        """Answer requests until `stop`, or Ctrl-C; requests under way have a few seconds then."""
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            while not self._stop.is_set():
                wasyncore.loop(timeout=0.2, use_poll=True, map=self._sockets, count=1)
        self._server.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self) -> None:
        """Let `run` return."""
        self._stop.set()


def link(listen: tuple[str, int], token: str, hosts: Sequence[str] = ()) -> str:
    """What opens the page in a browser that was never there; `hosts`: names for a page on all
    addresses of the box.
    """
    host, port = listen
    with contextlib.suppress(ValueError):  # a name
        if (address := ip_address(host)).is_unspecified:
            host = next(iter(hosts), "127.0.0.1" if address.version == 4 else "::1")
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={token}"


def beside(daemon: "Daemon", config: Config, database: Database) -> None:
    """Serve the page for as long as the daemon runs, or say why that is not possible."""
    try:
        page = Review(config, database, config.review.listen or DEFAULT)
    except VisitordError as error:
        return log.warning("%s The daemon goes on without it.", error)
    log.info("The review page is open: visitorctl review --link prints the link to it.")
    return daemon.also("review", page.run, page.stop)
