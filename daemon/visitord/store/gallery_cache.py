"""A copy of the gallery on disk: with it a box recognises people though it starts while the
database is away.
"""

import contextlib
import logging
import time
from pathlib import Path

from pydantic import TypeAdapter

from visitord.core.files import leftovers, replace_file
from visitord.core.records import Template, Thresholds
from visitord.identity.gallery import Gallery

log = logging.getLogger(__name__)

KEEP_EVERY_S = 600.0  # what was only added since is no loss
_CONTENT = TypeAdapter(tuple[str, Thresholds, tuple[Template, ...]])


class GalleryFile:
    """Owned by the recorder's thread.  pack: the recogniser that made the templates; to another
    they are of no use.
    """

    def __init__(self, path: Path, pack: str) -> None:
        self._path, self._pack = path, pack
        self._version, self._at = -1, -KEEP_EVERY_S
        self._gallery: Gallery | None = None

    def keep(self, version: int, gallery: Gallery, limits: Thresholds) -> None:
        """Write the gallery if it changed: at once where people were erased or merged, else now and
        then.
        """
        only_grew = gallery is self._gallery and time.monotonic() - self._at < KEEP_EVERY_S
        if version == self._version or only_grew:
            return
        self._version, self._gallery, self._at = version, gallery, time.monotonic()
        try:
            replace_file(self._path, _CONTENT.dump_json((self._pack, limits, tuple(gallery))))
            self._delete(leftovers(self._path))  # they may hold somebody who was erased
        except OSError as error:
            self.discard()  # it may hold somebody who was erased
            log.warning(
                "%s cannot be written: %s; it is needed only to start without the database.",
                self._path,
                error,
            )

    def discard(self) -> None:
        """Delete the file, as far as the disk lets us."""
        self._delete([*leftovers(self._path), self._path])

    @staticmethod
    def _delete(files: list[Path]) -> None:
        for file in files:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)

    def load(self) -> tuple[Thresholds, tuple[Template, ...]] | None:
        """The thresholds and templates kept, None where nothing that can be used was."""
        try:
            pack, limits, templates = _CONTENT.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("%s cannot be used: %s.", self._path, str(error).splitlines()[0])
            return None
        return (limits, templates) if pack == self._pack else None
