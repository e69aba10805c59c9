"""The daemon's door for visitorctl: a socket in its state folder, for whoever may enter that.

A request is a camera's name, nothing, or what begins with a slash; the answer is, after "+", the
camera's picture as JPEG, the states of all cameras in JSON, or that of the service (`state.py`); or
a sentence after "-".
"""

import contextlib
import fcntl
import logging
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from visitord.core.errors import VisitordError
from visitord.core.files import make_private_folder

log = logging.getLogger(__name__)

NAME = "control.sock"
LOCK = "visitord.lock"
ANSWER_TIMEOUT_S = 15.0
REQUEST_MAX_BYTES = 1000
DONE = b"+"
REFUSED = b"-"

Answer = Callable[[str], bytes]  # to a request; raises VisitordError


def _address(folder: int) -> str:
    """The socket's path in an open folder: a socket's own path may be only 107 bytes long."""
    return f"/proc/self/fd/{folder}/{NAME}"


# In the daemon


def listen(folder: Path, answer: Answer) -> None:
    """Answer requests in background threads for as long as the process lives, or log why not.

    Raises VisitordError when another process does so already: two would write the same cameras.
    """
    try:
        _lock(folder)
        listener = _listener(folder)
    except OSError as error:
        log.warning(
            "visitorctl cannot ask this daemon for snapshots: %s: %s.",
            folder / NAME,
            error.strerror,
        )
        return

    serving = threading.Thread(target=_serve, args=(listener, answer), daemon=True)
    serving.name = "control"
    serving.start()


def _lock(folder: Path) -> None:
    """Keep other daemons out until this process ends, which is what closes the file."""
    make_private_folder(folder)
    lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise VisitordError(
            f"Another visitord runs on {folder} already; stop it, or set another state_dir."
        ) from None


def _listener(folder: Path) -> Listener:
    (folder / NAME).unlink(missing_ok=True)  # of a daemon that was killed
    handle = os.open(folder, os.O_PATH)  # open for as long as the socket
    mask = os.umask(0o177)
    try:
        return Listener(_address(handle), "AF_UNIX")
    finally:
        os.umask(mask)


def _serve(listener: Listener, answer: Answer) -> None:
    """Each request in a thread: a program stopped half-way must not keep out the others."""
    while True:
        with contextlib.suppress(OSError, EOFError):
            connection = listener.accept()
            arguments = (connection, answer)
            threading.Thread(target=_reply, args=arguments, daemon=True).start()


def _reply(connection: Connection, answer: Answer) -> None:
    with contextlib.suppress(OSError, EOFError), connection:
        if not connection.poll(ANSWER_TIMEOUT_S):
            return
        request = connection.recv_bytes(REQUEST_MAX_BYTES).decode("utf-8", "replace")
        try:
            reply = DONE + answer(request)
        except VisitordError as error:
            reply = REFUSED + str(error).encode()
        connection.send_bytes(reply)


# In visitorctl


def ask(folder: Path, camera: str) -> bytes | None:
    """The running daemon's answer, None where no daemon runs; raises VisitordError."""
    not_ours = f"{folder / NAME} is another account's; run this as the account of the daemon."
    try:
        handle = os.open(folder, os.O_PATH)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise VisitordError(not_ours) from None

    try:
        reply = _exchange(_address(handle), camera)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return None
    except (EOFError, ConnectionError):
        raise VisitordError("The daemon ended before it answered.") from None
    except PermissionError:
        raise VisitordError(not_ours) from None
    finally:
        os.close(handle)

    kind, content = reply[:1], reply[1:]
    if kind == REFUSED:
        raise VisitordError(content.decode())
    return content


def _exchange(address: str, request: str) -> bytes:
    with Client(address, "AF_UNIX") as connection:
        connection.send_bytes(request.encode())
        if not connection.poll(2 * ANSWER_TIMEOUT_S):
            raise VisitordError("The daemon does not answer; see its log.")
        return connection.recv_bytes()
