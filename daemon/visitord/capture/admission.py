"""The first words with a network camera, before FFmpeg talks to it: is it the camera, and does it
answer for itself?

FFmpeg gives the password to whoever answers, and fetches whatever the answer names.  So the camera
is asked once without the password: over TLS it must show a certificate to be trusted, and its
answer must not send the box on to another address.
"""

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from urllib.parse import SplitResult, urlsplit

from visitord.capture import tls
from visitord.core.clock import Clock
from visitord.core.errors import CameraError, CameraRefusedError, CameraStaleError
from visitord.core.redaction import redact
from visitord.core.text import printable
from visitord.core.trust import Trust

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
HEAD_MAX_BYTES = 65_536
_NO_ANSWER = "it sends no video"
_LOCATION_MAX = 200  # characters shown
_STATUS_LINE = re.compile(rb"(?:RTSP/|HTTP/|ICY)[\d.]* +(\d{3})\b")
_BEGINS = (b"RTSP/", b"HTTP/", b"ICY ")
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")


@contextlib.contextmanager
def admitted(url: str, trust: Trust, clock: Clock, within_s: float) -> Iterator[dict[str, str]]:
    """FFmpeg's options for opening a camera that has passed; they hold while the block runs.

    Parameters
    ----------
    url
        Its address.  The user name and the password in it are not sent.
    trust
        By what its certificate is judged.
    clock
        The time.
    within_s
        For how long its answers may take, seconds.

    Raises
    ------
    CameraRefusedError
        Its certificate is not to be trusted, or it sends the box on.
    CameraStaleError
        It is there and silent.
    CameraError
        It cannot be reached, or makes no sense.
    """
    parts = urlsplit(url)
    until_t = clock.monotonic() + within_s
    certificate = None
    for question in _questions(parts):
        # Each over a connection of its own: many cameras close it where they want a password.
        with _connected(parts, trust, clock, within_s) as connection:
            _require_own_answer(connection, question, clock, until_t)
            if isinstance(connection, ssl.SSLSocket):
                certificate = tls.certificate_of(connection)

    if certificate is None:
        yield {}
    elif not trust.verified:
        yield {"tls_verify": "0"}
    else:
        with tls.pinned(certificate) as options:
            yield options


def _connected(parts: SplitResult, trust: Trust, clock: Clock, within_s: float) -> socket.socket:
    """A connection to the camera; raises CameraError."""
    address = (parts.hostname or "", parts.port or PORTS[parts.scheme])
    try:
        if parts.scheme in ("https", "rtsps"):
            return tls.connect(address, trust, clock.now(), within_s)
        return socket.create_connection(address, within_s)
    except (socket.gaierror, UnicodeError):
        raise CameraError("the host is not found or not reachable") from None
    except TimeoutError:
        raise CameraError("it does not answer in time") from None
    except OSError as error:
        strerror = error.strerror or "it breaks off"
        raise CameraError(strerror[0].lower() + strerror[1:]) from None


def _require_own_answer(
    connection: socket.socket, question: bytes, clock: Clock, until_t: float
) -> None:
    """Raises CameraError unless the camera answers in time, and for itself."""
    try:
        connection.sendall(question)
        head = _head(connection, clock, until_t)
    except TimeoutError:
        raise CameraStaleError("it accepts the connection, but sends no video") from None
    except OSError:
        raise CameraError("it closes the connection at once") from None

    status = _STATUS_LINE.match(head)
    if status is None:
        raise CameraError(_NO_ANSWER)
    if status[1].startswith(b"3"):
        fields = BytesHeaderParser().parsebytes(head[head.index(b"\n") + 1 :])
        raise CameraRefusedError(_sent_on(str(fields.get("Location", "")).strip()))


def _sent_on(location: str) -> str:
    """What is said of a camera that names another address in place of an answer."""
    shown = printable(redact(location), _LOCATION_MAX) or "nowhere"
    sent = f"it sends on to another address, which is not followed: {shown}"
    return f"{sent}; if that is where the camera is, write it into its source"


def _questions(parts: SplitResult) -> Iterator[bytes]:
    """What FFmpeg will ask first, without user name and password."""
    host = parts.netloc.rpartition("@")[2]
    query = f"?{parts.query}" if parts.query else ""
    path = f"{parts.path}{query}"
    if parts.scheme in ("http", "https"):
        head = f"GET {path or '/'} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n"
        yield f"{head}\r\n".encode(errors="surrogateescape")
        return

    for number, method in enumerate(("OPTIONS", "DESCRIBE"), 1):
        head = f"{method} {parts.scheme}://{host}{path} RTSP/1.0\r\nCSeq: {number}\r\n"
        yield f"{head}Accept: application/sdp\r\n\r\n".encode(errors="surrogateescape")


def _head(connection: socket.socket, clock: Clock, until_t: float) -> bytes:
    """The status line and the fields of an answer.

    Raises OSError where they do not come, or not in time, and CameraError for what is no answer.
    """
    received = bytearray()
    while not (end := _HEAD_ENDS.search(received)):
        is_answer = any(received.startswith(begin[: len(received)]) for begin in _BEGINS)
        if not is_answer or len(received) > HEAD_MAX_BYTES:
            raise CameraError(_NO_ANSWER)

        left_s = until_t - clock.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        more = connection.recv(4096)
        if not more:
            raise ConnectionError
        received += more
    return bytes(received[: end.end()])
