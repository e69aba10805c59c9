"""Where the embedded server's socket lies: in a folder that nobody but its account may enter.

A socket's path has at most 107 bytes.  The server works in its data folder and reaches that by a
short name, but its clients do not.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from urllib.parse import quote

from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError

NAME = ".s.PGSQL.5432"
PATH_MAX_BYTES = 107
ROOTS_RUNTIME = Path("/run/visitord-root")


def socket_folder(data: Path, account: Account) -> Path:
    """The data folder where clients can be told its path, else a short one for this data folder.

    Parameters
    ----------
    data
        The data folder, whose path is absolute.
    account
        As which the server runs; the short folder, which is made, belongs to it.

    Raises
    ------
    DatabaseError
        When there is no place for the short one.
    """
    if can_be_told(data):
        return data

    for runtime in _runtime_folders():
        folder = runtime / f"visitord-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
        if can_be_told(folder) and str(folder).isprintable() and _is_safe(runtime):
            _make(folder, account)
            require_private(folder, account)
            return folder

    raise DatabaseError(
        f"The path of {data} is too long for a socket, or one that cannot be told: it has over "
        f"{PATH_MAX_BYTES - len(NAME) - 1} bytes, a comma, or bytes that are no text; "
        "set another state_dir, or XDG_RUNTIME_DIR to a folder of this account alone."
    )


def can_be_told(folder: Path) -> bool:
    """Whether clients can be told a socket in this folder.

    They take a comma for the end of a host's name, and what is no text does not pass the driver.
    """
    encoded = os.fsencode(folder / NAME)
    is_text = encoded.decode("utf-8", "replace").encode() == encoded
    return len(encoded) <= PATH_MAX_BYTES and is_text and b"," not in encoded


def require_private(folder: Path, account: Account) -> None:
    """Raises DatabaseError unless this is a folder of `account` that nobody else may enter."""
    found = folder.lstat()
    is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    if not is_private or found.st_uid != account.uid:
        raise DatabaseError(
            f"{folder}, where the socket of the embedded database lies, is not a folder of the "
            f"account {account.name} alone; stop what uses it and remove it."
        )


def address(folder: Path, user: str, database: str) -> str:
    """The URL of a database of the server whose socket lies in this folder."""
    return f"postgresql://{user}:@/{database}?host={quote(os.fsencode(folder))}"


def _runtime_folders() -> list[Path]:
    """Where short-lived files of this account may lie, best first."""
    if os.geteuid() == 0:
        if not ROOTS_RUNTIME.exists():
            ROOTS_RUNTIME.mkdir()
            ROOTS_RUNTIME.chmod(0o755)  # whatever the umask is: the server has to pass
        return [ROOTS_RUNTIME]

    service = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    return [Path(folder) for folder in (service, session) if folder]


def _is_safe(runtime: Path) -> bool:
    """Whether it is a folder of this account in which no other one makes or removes files."""
    try:
        found = runtime.lstat()
    except OSError:
        return False
    writable_by_others = stat.S_IMODE(found.st_mode) & 0o022
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not writable_by_others


def _make(folder: Path, account: Account) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if folder.lstat().st_uid == os.geteuid() != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
