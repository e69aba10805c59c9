"""Pictures of faces on disk, named by the hash of their content, readable by their owner only."""

import contextlib
import hashlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from visitord.core.files import leftovers, make_private_folder, replace_file

_NAME = re.compile("[0-9a-f]{64}")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class _Picture:
    written_s: float  # since 1970
    path: Path
    size_bytes: int


class Crops:
    """A folder of JPEG files.  May be used from any thread, and by several processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._failing = False

    def keep(self, jpeg: bytes) -> str | None:
        """Store a picture; returns its name, None for an empty one or if the disk refuses it."""
        if not jpeg:
            return None

        name = hashlib.sha256(jpeg).hexdigest()
        path = self._path(name)
        try:
            if not path.exists():
                make_private_folder(path.parent)
                replace_file(path, jpeg)
        except OSError as error:
            if not self._failing:  # once, not for every face
                log.error("Face pictures cannot be kept in %s: %s.", self._folder, error.strerror)
            self._failing = True
            return None

        self._failing = False
        return name

    def read(self, name: str | None) -> bytes | None:
        """The picture of that name, None where there is none any more."""
        try:
            return self._path(name).read_bytes() if name else None
        except OSError:
            return None

    def has(self, name: str | None) -> bool:
        """Whether `read` would return that picture."""
        return name is not None and os.access(self._path(name), os.R_OK)

    def delete(self, names: Iterable[str]) -> None:
        """Delete the pictures of these names, as far as they are here."""
        for name in names:
            path = self._path(name)
            for file in (path, *leftovers(path)):
                file.unlink(missing_ok=True)

    def written_before(self, moment: datetime) -> list[str]:
        """The names of the pictures here that are older than that."""
        before_s = moment.timestamp()
        return [
            picture.path.name
            for picture in self._all()
            if picture.written_s < before_s and _NAME.fullmatch(picture.path.name)
        ]

    def tidy(self, needed: AbstractSet[str], now: datetime, keep: timedelta, max_bytes: int) -> int:
        """Delete old pictures, then the oldest of too many.

        Parameters
        ----------
        needed : names of pictures that stay, however old
        now : the present instant
        keep : older ones go
        max_bytes : how much the others may take up together

        Returns
        -------
        How many were deleted.
        """
        pictures = sorted(picture for picture in self._all() if picture.path.name not in needed)
        excess_bytes = sum(picture.size_bytes for picture in pictures) - max_bytes
        oldest_s = (now - keep).timestamp()

        deleted = 0
        for picture in pictures:
            if picture.written_s >= oldest_s and excess_bytes <= 0:
                break
            picture.path.unlink(missing_ok=True)
            excess_bytes -= picture.size_bytes
            deleted += 1
        return deleted

    def restamp(self, since: datetime, until: datetime, by: timedelta) -> int:
        """Move the times of the pictures that were written within a time.

        Parameters
        ----------
        since, until : the time, by the clock that stamped them
        by : how much later they were written in truth

        Returns
        -------
        How many there are.  Raises OSError.
        """
        first_s = since.timestamp()
        last_s = until.timestamp()
        stamped = 0
        for picture in self._all():
            if first_s <= picture.written_s <= last_s:
                written_s = picture.written_s + by.total_seconds()
                os.utime(picture.path, (written_s, written_s))
                stamped += 1
        return stamped

    def _all(self) -> Iterator[_Picture]:
        """What lies in the folder, also what a crash left half written."""
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # being written, it has its name by now
                found = path.stat()
                yield _Picture(found.st_mtime, path, found.st_size)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name
