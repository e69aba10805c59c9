"""Pictures of faces on disk, named by the hash of their content, readable by their owner only."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from pathlib import Path

from visitord.core.files import replace_file

log = logging.getLogger(__name__)


class Crops:
    """A folder of JPEG files.  May be used from any thread, and by several processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._failing = False

    def keep(self, jpeg: bytes) -> str | None:
        """Store a picture; returns its name, None where there is none or the disk does not take it."""
        if not jpeg:
            return None
        name = hashlib.sha256(jpeg).hexdigest()
        path = self._path(name)
        try:
            if not path.exists():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.parent.mkdir(mode=0o700, exist_ok=True)
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
            self._path(name).unlink(missing_ok=True)

    def tidy(self, needed: AbstractSet[str], now: datetime, keep: timedelta, max_bytes: int) -> int:
        """Delete pictures older than `keep`, then the oldest beyond `max_bytes`, but none needed;
        returns how many.
        """
        files = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(
                FileNotFoundError
            ):  # it was being written, and has its name by now
                if path.name not in needed:
                    files.append((path.stat().st_mtime, path.stat().st_size, path))
        excess = sum(size for _, size, _ in files) - max_bytes
        deleted = 0
        for written, size, path in sorted(files):
            if written >= (now - keep).timestamp() and excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess, deleted = excess - size, deleted + 1
        return deleted

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name
