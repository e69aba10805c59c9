"""The one way to put a file in place: whoever reads it finds the old one or the whole new one.

The content is written aside in the same folder, is on disk before it gets its name, and the name is
on disk before the call returns.  Several processes may write the same file at the same time.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from errno import EINVAL
from pathlib import Path

from visitord.core.accounts import Account

PRIVATE = 0o600
PUBLIC = 0o644  # for all to read: nobody but the owner may change it


def replace_file(
    path: Path, content: bytes, mode: int = PRIVATE, owner: Account | None = None
) -> None:
    """Put a file in place, instead of the one of that name where there is one.

    Parameters
    ----------
    path
        The file; its folder exists.  A symbolic link is replaced itself, not what it leads to.
    content
        All of it.
    mode
        Who may do what with the file, whatever the umask.
    owner
        Whose it will be, if not this account's: only root gives files away.

    Raises
    ------
    OSError
        The disk did not take it: the old file is as it was, and nothing lies beside it.
    """
    with _written_aside(path, content, mode, owner) as aside:
        aside.replace(path)
    _sync_folder(path.parent)


def create_file(path: Path, content: bytes, mode: int = PRIVATE) -> bool:
    """Put a file in place unless one of that name is there: whoever is first wins.

    Parameters
    ----------
    path, content, mode
        As for `replace_file`.

    Returns
    -------
    bool
        Whether it was put there; a file that was there already is left as it is.

    Raises
    ------
    OSError
        The disk did not take it, and nothing lies there.
    """
    with _written_aside(path, content, mode, None) as aside:
        try:
            os.link(aside, path)
        except FileExistsError:
            return False
    _sync_folder(path.parent)
    return True


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, which only this account may enter.

    One that is there is left as it is.  Raises OSError.
    """
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def leftovers(path: Path) -> list[Path]:
    """What a crash in the middle of writing this file left beside it."""
    return [file for file in path.parent.glob(".*.part") if file.name.startswith(f".{path.name}.")]


@contextlib.contextmanager
def _written_aside(path: Path, content: bytes, mode: int, owner: Account | None) -> Iterator[Path]:
    """A file beside `path` that is on disk whole; deleted in the end, if it still has that name."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            if owner is not None and owner.uid != os.geteuid():
                os.fchown(descriptor, owner.uid, owner.gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield aside
    except OSError as error:
        if error.filename == str(aside):
            error.filename = str(path)  # which means something to whoever reads it
        raise
    finally:
        with contextlib.suppress(OSError):  # of a disk that takes nothing: it was told already
            aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Have the folder's list of names on disk; some network file systems see to that themselves."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != EINVAL:
            raise
    finally:
        os.close(descriptor)
