"""The page goes on for people while others open connections and say nothing."""

import contextlib
import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from fixtures.installation import Box
from fixtures.reviewing import Visitor, serving
from fixtures.scripted import ManualClock
from fixtures.visit_log import VisitLog
from fixtures.waiting import PATIENCE_S
from visitord.core.clock import Clock
from visitord.web.connections import CONNECTIONS_MAX, REQUEST_WITHIN_S
from visitord.web.server import Review

SLOW = 130
HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: "


class StoppedClock(ManualClock, Clock):
    """A clock for the page."""


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def page(box: Box, clock: StoppedClock) -> Iterator[Review]:
    """A page for which no time passes unless a test says so."""
    with serving(box, clock) as page:
        yield page


@contextlib.contextmanager
def connected(page: Review, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has sent this and no more."""
    where = urlsplit(page.address)
    with contextlib.ExitStack() as stack:
        sockets = []
        for _ in range(number):
            one = socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S)
            stack.enter_context(one)
            with contextlib.suppress(OSError):  # left already
                one.sendall(sent)
            sockets.append(one)
        yield sockets


def is_left(one: socket.socket) -> bool:
    """Whether the server closes it; waits until it does."""
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [HALF, b""], ids=["half a request", "nothing"])
def test_many_slow_connections_do_not_keep_a_browser_out(
    page: Review, visit_log: VisitLog, sent: bytes
) -> None:
    with connected(page, SLOW, sent) as slow:
        visitor = Visitor.of(page, visit_log)
        assert visitor.look("/")
        for oldest in slow[: SLOW - CONNECTIONS_MAX]:
            assert is_left(oldest)


def test_a_connection_of_a_session_stays_when_there_are_too_many(
    page: Review, visit_log: VisitLog
) -> None:
    visitor = Visitor.of(page, visit_log)
    where = urlsplit(page.address)
    own = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE_S)
    own.connect()
    own.auto_open = 0  # a new connection would be an error

    def look() -> int:
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
        own.request("GET", "/cameras", headers={"Cookie": cookie})
        answer = own.getresponse()
        answer.read()
        return answer.status

    assert look() == 200
    with connected(page, SLOW, HALF) as slow:
        assert is_left(slow[0])
        assert look() == 200
    own.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HALF,
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nlink",
    ],
    ids=["nothing", "half a header", "half a body"],
)
def test_a_request_that_does_not_become_whole_is_left(
    page: Review, clock: StoppedClock, sent: bytes
) -> None:
    with connected(page, 1, sent) as (slow,):
        httpx.get(page.address)  # the loop has looked at both since
        slow.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            slow.recv(1)
        clock.seconds += REQUEST_WITHIN_S + 1
        slow.settimeout(PATIENCE_S)
        assert is_left(slow)


def test_sending_a_little_now_and_then_gives_no_more_time(
    page: Review, clock: StoppedClock
) -> None:
    with connected(page, 1, HALF) as (slow,):
        for _ in range(3):
            httpx.get(page.address)
            clock.seconds += REQUEST_WITHIN_S / 2
            with contextlib.suppress(OSError):
                slow.sendall(b"x")
        assert is_left(slow)


def test_an_endless_header_is_refused(page: Review) -> None:
    with connected(page, 1, HALF + b"x" * 40_000) as (one,):
        assert one.recv(12) == b"HTTP/1.0 431"
