"""Secrets that the configuration names and does not hold: variables, files, systemd credentials."""

import os
import re
from pathlib import Path

from visitord.core.reading import TEXT_MAX_BYTES, read
from visitord.core.text import is_text

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class UnseenError(ValueError):
    """A secret is not there for this process.  refused: it is, but not for this account."""

    def __init__(self, what: str, *, refused: bool = False) -> None:
        super().__init__(what)
        self.refused = refused


def holds_variables(text: str) -> bool:
    """Whether `text` is complete only once variables are put in."""
    return "${" in text


def expand(text: str) -> str:
    """`text` with every ${NAME} replaced from the environment; raises UnseenError."""

    def lookup(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise UnseenError(f"uses ${{{name}}}, but the environment has no variable of that name")
        value = os.environ[name]
        if not is_text(value):
            raise ValueError(f"uses ${{{name}}}, which the environment has not as UTF-8 text")
        return value

    return _VARIABLE.sub(lookup, text)


def secret_file(name: Path, folder: Path) -> Path:
    """Where a secret lies: among systemd's credentials, else relative to `folder`."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials:
        path = Path(credentials, name)
        if path.exists():
            return path
    return folder / name


def readers(path: Path) -> int | None:
    """The mode of a file that accounts other than its owner can read; None where none can.

    A folder on the way to it keeps out whom it does not let through.  To a group systemd opens a
    credential that it gives to a service, in a folder that is the service's.
    """
    try:
        mode = path.stat().st_mode & 0o777
        may_read = _lets_through(path.resolve().parent)
    except OSError:
        return (
            None  # who runs this cannot read it either, or it is not there: that is said elsewhere
        )

    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and path.is_relative_to(credentials):
        may_read &= 0o004
    return mode if mode & may_read else None


def _lets_through(folder: Path) -> int:
    """The bits of a mode for reading, of those whom a folder and those above it let through."""
    through = 0o044
    for each in (folder, *folder.parents):
        mode = each.stat().st_mode
        if not mode & 0o001:
            through &= 0o040 if mode & 0o010 else 0
    return through


def read_secret(path: Path) -> str:
    """The secret in a file, without the line's end.

    Raises ValueError saying why it has none: UnseenError where this process does not see the file.
    """
    try:
        return read(path, TEXT_MAX_BYTES).decode().rstrip("\r\n")
    except (FileNotFoundError, PermissionError) as error:
        refused = isinstance(error, PermissionError)
        raise UnseenError(f"cannot be read: {error.strerror}", refused=refused) from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("cannot be read: it is not UTF-8 text") from None
