"""Single pictures, in files."""

from enum import Enum, auto
from pathlib import Path

from visitord.capture.still_decoder import DAMAGED, Refused, header, of_no_use_here
from visitord.capture.still_process import StillProcess
from visitord.core import reading
from visitord.core.errors import MediaError
from visitord.core.file_types import BEGINNING_BYTES, Format, format_of, is_moving
from visitord.core.records import Image

_PLAYED = frozenset({Format.GIF, Format.PNG, Format.JPEG})
_INDEX_WITHIN_BYTES = 1 << 18  # before it there are a few segments of at most 64 KiB

_process = StillProcess()


class Kind(Enum):
    """What is in a file, as its content has it."""

    PHOTOGRAPH = auto()
    """One picture."""
    ANIMATION = auto()
    """Pictures that move, in a format of pictures."""
    OTHER = auto()
    """No picture: perhaps a recording."""


class PhotographError(MediaError):
    """A picture that is not decoded; reason: why, without the file's name."""

    def __init__(self, path: Path, refused: Refused) -> None:
        self.reason = refused.reason
        super().__init__(f"{path} cannot be read: {self.reason}.")


def kind_of(path: Path) -> Kind:
    """What a file is, by its content, never by its name; raises MediaError.

    Where pictures and recordings are told apart, this is asked.
    """
    try:
        content = reading.beginning(path, BEGINNING_BYTES)
        if format_of(content) is not None:
            content = reading.beginning(path, reading.PICTURE_MAX_BYTES)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None
    return kind(content)


def kind(content: bytes) -> Kind:
    """What a file of this content is, of which the beginning is enough where it is no picture."""
    form = format_of(content)
    if form is None:
        return Kind.OTHER

    moves = is_moving(content)
    if form in (Format.GIF, Format.PNG):
        moves = _has_frames(content, form)
    elif form is Format.JPEG:
        moves = _is_row_of_jpegs(content)
    return Kind.ANIMATION if moves else Kind.PHOTOGRAPH


def _has_frames(content: bytes, form: Format) -> bool:
    try:
        with header(content, form) as opened:
            return bool(getattr(opened, "is_animated", False))
    except Exception:  # of many types, for what is damaged
        return False


def _is_row_of_jpegs(content: bytes) -> bool:
    """Whether one picture follows another, as recorders write them, and are not parts of one.

    A photograph may have a preview behind it, or its depth or brightness, which an index says (CIPA
    DC-007, multi-picture format).
    """
    end = content.find(b"\xff\xd9\xff\xd8\xff")
    if end < 0 or b"MPF\0" in content[:_INDEX_WITHIN_BYTES]:
        return False
    try:
        with (
            header(content, Format.JPEG) as first,
            header(content[end + 2 :], Format.JPEG) as second,
        ):
            return first.size == second.size
    except Exception:  # of many types, for what is damaged
        return False


def require_played(path: Path) -> None:
    """Raise PhotographError for an animation that FFmpeg does not play."""
    form = format_of(reading.beginning(path, BEGINNING_BYTES))
    if form not in _PLAYED:
        raise PhotographError(path, of_no_use_here(f"moving {form}"))


def read(path: Path) -> Image:
    """A picture, uint8 (h, w, 3) BGR, turned as its EXIF orientation says; raises MediaError."""
    try:
        content = reading.read(path, reading.PICTURE_MAX_BYTES)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None
    return decoded(content, path)


def decoded(content: bytes, path: Path) -> Image:
    """The picture in the content of a file, as by `read`; raises PhotographError naming `path`."""
    found = _process.decode(content)
    if isinstance(found, Refused):
        raise PhotographError(path, found)
    return found


def not_decoded(path: Path) -> PhotographError:
    """What is said of a file that is no picture, or a damaged one."""
    return PhotographError(path, DAMAGED)
