"""A copy of the gallery on disk: with it a box recognises people though the database is away."""

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from visitord.core.clock import Clock
from visitord.core.files import leftovers, replace_file
from visitord.core.records import Template
from visitord.identity.gallery import Gallery
from visitord.identity.thresholds import MatchRule

log = logging.getLogger(__name__)

KEEP_EVERY_S = 600.0  # what was only added since is no loss
_CONTENT = TypeAdapter(tuple[str, MatchRule, tuple[Template, ...]])


class GalleryFile:
    """Owned by the recorder's thread.

    pack: fingerprint of the recogniser that made the templates; to another they are of no use.
    """

    def __init__(self, path: Path, pack: str, clock: Clock) -> None:
        self._path = path
        self._pack = pack
        self._clock = clock
        self._version = -1  # of what was written last
        self._gallery: Gallery | None = (
            None  # that too; a gallery that only grew is the same object
        )
        self._written_t = -KEEP_EVERY_S  # when

    def keep(self, version: int, gallery: Gallery, rule: MatchRule) -> None:
        """Write the gallery if it changed: at once where people were erased or merged, else later.

        Parameters
        ----------
        version : of the gallery; an equal one has the same content
        gallery : everyone known
        rule : the one in force
        """
        now_t = self._clock.monotonic()
        only_grew = gallery is self._gallery and now_t - self._written_t < KEEP_EVERY_S
        if version == self._version or only_grew:
            return

        self._version = version
        self._gallery = gallery
        self._written_t = now_t
        try:
            replace_file(self._path, _CONTENT.dump_json((self._pack, rule, tuple(gallery))))
            _delete(leftovers(self._path))  # they may hold somebody who was erased
        except OSError as error:
            self.discard()  # so may the file
            log.warning(
                "%s cannot be written: %s; it is needed only to start without the database.",
                self._path,
                error,
            )

    def discard(self) -> None:
        """Delete the file, as far as the disk lets us."""
        for file in (self._path, *leftovers(self._path)):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)

    def load(self) -> tuple[MatchRule, tuple[Template, ...]] | None:
        """The rule and templates kept, None where nothing that can be used was."""
        try:
            pack, rule, templates = _CONTENT.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("%s cannot be used: %s.", self._path, str(error).splitlines()[0])
            return None
        return (rule, templates) if pack == self._pack else None


def delete(path: Path) -> None:
    """Delete a gallery's file, and what a crash while it was written left of it; raises OSError."""
    _delete([path, *leftovers(path)])


def _delete(files: Sequence[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
