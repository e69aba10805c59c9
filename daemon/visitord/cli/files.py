"""Files that a person asked for."""

from pathlib import Path

from visitord.core.errors import VisitordError
from visitord.core.files import PUBLIC, replace_file


def save(path: Path, content: bytes) -> None:
    """Write a file, or to a device as /dev/stdout; raises VisitordError."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else PUBLIC
        replace_file(path.resolve(), content, mode)
    except OSError as error:
        raise VisitordError(f"{path} cannot be written: {error.strerror}.") from None
