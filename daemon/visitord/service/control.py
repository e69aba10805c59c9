"""The daemon's door for visitorctl: a socket in the state folder, for whoever may enter that
folder.

A request is a camera's name or nothing; the answer is, after "+", its picture as JPEG or the states
of all cameras in JSON, or a sentence after "-".
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

log = logging.getLogger(__name__)

NAME, LOCK = "control.sock", "visitord.lock"
ANSWER_TIMEOUT_S = 15.0

Answer = Callable[[str], bytes]  # to a request; raises VisitordError


def _address(folder: int) -> str:
    """The socket's path in an open folder: a socket's own path may be only 107 bytes long."""
    return f"/proc/self/fd/{folder}/{NAME}"


def listen(folder: Path, answer: Answer) -> None:
    """Answer requests in background threads for as long as the process lives, or log why that is
    not possible.

    Raises VisitordError when another process does so already: two would write the same cameras.
    """
    try:
        listener = _listener(folder)
    except OSError as error:
        log.warning(
            "visitorctl cannot ask this daemon for snapshots: %s: %s.",
            folder / NAME,
            error.strerror,
        )
        return
    threading.Thread(target=_serve, args=(listener, answer), name="control", daemon=True).start()


def _listener(folder: Path) -> Listener:
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)  # held until the process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise VisitordError(
            f"Another visitord runs on {folder} already; stop it, or set another state_dir."
        ) from None
    (folder / NAME).unlink(missing_ok=True)  # of a daemon that was killed
    mask = os.umask(0o177)
    try:
        return Listener(
            _address(os.open(folder, os.O_PATH)), "AF_UNIX"
        )  # open for as long as the socket
    finally:
        os.umask(mask)


def _serve(listener: Listener, answer: Answer) -> None:
    while True:
        with contextlib.suppress(OSError, EOFError):
            # Each in a thread of its own: a program that was stopped half-way must not keep out the
            # others.
            threading.Thread(target=_answer, args=(listener.accept(), answer), daemon=True).start()


def _answer(connection: Connection, answer: Answer) -> None:
    with contextlib.suppress(OSError, EOFError), connection:
        if connection.poll(ANSWER_TIMEOUT_S):
            try:
                said = b"+" + answer(connection.recv_bytes(1000).decode("utf-8", "replace"))
            except VisitordError as error:
                said = b"-" + str(error).encode()
            connection.send_bytes(said)


def ask(folder: Path, camera: str) -> bytes | None:
    """The running daemon's answer, None where no daemon runs; raises VisitordError."""
    try:
        handle = os.open(folder, os.O_PATH)
    except FileNotFoundError:
        return None
    try:
        with Client(_address(handle), "AF_UNIX") as connection:
            connection.send_bytes(camera.encode())
            if not connection.poll(2 * ANSWER_TIMEOUT_S):
                raise VisitordError("The daemon does not answer; see its log.")
            answer = connection.recv_bytes()
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (EOFError, ConnectionError):
        raise VisitordError("The daemon ended before it answered.") from None
    except PermissionError:
        raise VisitordError(
            f"{folder / NAME} is another account's; run this as the account of the daemon."
        ) from None
    finally:
        os.close(handle)
    if answer[:1] == b"-":
        raise VisitordError(answer[1:].decode())
    return answer[1:]
