"""Locks between the processes of a box: a private file for each, which goes with its holder.

No wait is longer than it was asked to be, each says after a moment what it waits for, and a signal
that ends the program ends it at once: between two looks it only sleeps.
"""

import fcntl
import logging
import os
import stat
import time
from pathlib import Path

from visitord.core.accounts import anothers
from visitord.core.errors import DatabaseError, DatabaseUnavailableError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.02
SILENT_S = 2.0  # others start a server or stop it in less


def open_lock(path: Path) -> int:
    """The open file of a lock, made where it is not there, which nobody else may open.

    The caller closes it, which lets go of the lock.

    Raises
    ------
    DatabaseError
        When the file is another account's, or no file.
    OSError
        When it cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except PermissionError:
        if not path.exists():
            raise
        raise DatabaseError(anothers(path, path.stat().st_uid)) from None

    found = os.fstat(descriptor)
    try:
        if not stat.S_ISREG(found.st_mode):
            raise DatabaseError(f"{path} is no file; remove it, and one is made anew.")
        if found.st_uid != os.geteuid():
            raise DatabaseError(anothers(path, found.st_uid))
        os.fchmod(descriptor, 0o600)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def lock(descriptor: int, path: Path, within_s: float, *, shared: bool = False) -> None:
    """Wait until the lock can be had, and take it.

    Parameters
    ----------
    descriptor
        Of the lock's open file.
    path
        Of that file, to be told.
    within_s
        How long to wait at most.
    shared
        Whether others may hold it at the same time, if they share it, too.

    Raises
    ------
    DatabaseUnavailableError
        When others have held it all that time.
    """
    began = time.monotonic()
    told = False

    while not try_lock(descriptor, shared=shared):
        waited_s = time.monotonic() - began
        if waited_s >= within_s:
            raise DatabaseUnavailableError(
                f"{path} has been locked for {within_s:.0f} s by {_holder(descriptor)}; "
                "end that, or try again."
            )
        if waited_s >= SILENT_S and not told:
            log.warning("Waiting for %s, which is locked by %s.", path, _holder(descriptor))
            told = True
        time.sleep(LOOK_EVERY_S)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock if nobody holds it; whether it was taken.  One that was held before is lost."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """Let go of a lock that will be taken again."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _holder(descriptor: int) -> str:
    """Who holds the lock of an open file, as far as this machine tells."""
    found = os.fstat(descriptor)
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        pid = next(line[4] for line in lines if line[5] == device and line[1] == "FLOCK")
        name = Path("/proc", pid, "comm").read_text().strip()
    except (OSError, StopIteration, IndexError):
        return "another process"
    return f"process {pid} ({name})"
