"""Files that people and devices hand in: regular ones alone, and no more of them than a bound.

A device or a pipe is never waited for: it is refused before anything is read of it.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EFBIG, EINVAL
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path

MIB = 1 << 20
TEXT_MAX_BYTES = MIB
"""Of a configuration, a secret, a manifest: what people type is a thousandth of it."""
PICTURE_MAX_BYTES = 64 * MIB
"""Of a photograph: one of 50 megapixels, stored without loss, has about 60 MB."""
MODEL_MAX_BYTES = 2048 * MIB
"""Of a network: an ONNX file cannot be larger, and the largest pack has 361 MB."""


class NotReadError(OSError):
    """A file that is refused before anything is read of it; `strerror` says why."""

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


_KINDS = (
    (stat.S_ISDIR, "Is a directory"),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


def read(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file.

    Parameters
    ----------
    path
        The file, or a symbolic link to one.
    most_bytes
        It may have at most so many.

    Raises
    ------
    OSError
        When it cannot be read, is no regular file, or is too large; `strerror` says which.
    """
    with opened(path, most_bytes) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        content = file.read(size_bytes + 1)
    if len(content) > size_bytes:
        raise NotReadError(EINVAL, "it grows while it is read", str(path))
    return content


def beginning(path: Path, most_bytes: int) -> bytes:
    """At most so many bytes of a regular file, however large that is; errors as for `read`."""
    with opened(path, None) as file:
        return file.read(most_bytes)


def sha256(path: Path, most_bytes: int | None) -> str:
    """The SHA-256 of a regular file, in hexadecimal; None: of any size; else as for `read`."""
    with opened(path, most_bytes) as file:
        return file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path, most_bytes: int | None) -> Iterator[BufferedReader]:
    """A regular file, open for reading, None: of any size; else as for `read`."""
    # Asked before it is opened: opening alone makes some devices do something.
    _require_regular(path, path.stat(), most_bytes)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _require_regular(path, os.fstat(descriptor), most_bytes)
        yield file


def require_regular(path: Path) -> None:
    """For libraries that open a file themselves; raises OSError where it is no regular file."""
    _require_regular(path, path.stat(), None)


def _require_regular(path: Path, found: os.stat_result, most_bytes: int | None) -> None:
    """Raises OSError for what is not a regular file of at most so many bytes."""
    if not stat.S_ISREG(found.st_mode):
        kinds = (words for holds, words in _KINDS if holds(found.st_mode))
        raise NotReadError(EINVAL, next(kinds, "it is not a file"), str(path))
    if most_bytes is not None and found.st_size > most_bytes:
        words = f"it has more than the {size_in_words(most_bytes)} such a file may have"
        raise NotReadError(EFBIG, words, str(path))


def size_in_words(size_bytes: int) -> str:
    """A bound as people read it, such as "64 MB"."""
    if size_bytes >= MIB:
        return f"{size_bytes // MIB} MB"
    return f"{size_bytes} bytes"
