"""Files that a person asked for."""

from pathlib import Path

from visitord.core.errors import VisitordError
from visitord.core.files import PRIVATE, replace_file


def save(path: Path, content: bytes) -> None:
    """Write a file, or to a device as /dev/stdout; raises VisitordError.

    A new file is for its owner alone, whatever the umask, for it shows or names people; one that is
    there already stays for whom it is.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else PRIVATE
        replace_file(path.resolve(), content, mode)
    except OSError as error:
        raise VisitordError(f"{path} cannot be written: {error.strerror}.") from None
