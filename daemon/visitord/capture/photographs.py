"""Single pictures: files of them, and JPEG made of them."""

import io
import warnings
from enum import Enum, auto
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import pillow_heif

from visitord.capture.pixels import LIMIT, too_large
from visitord.core import reading
from visitord.core.errors import MediaError
from visitord.core.file_types import BEGINNING_BYTES, Format, format_of, is_sequence
from visitord.core.records import Image

pillow_heif.register_heif_opener()
# OpenCV warns of a JPEG 2000 without a colour space, which the terminal is not for.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

# Pillow's names of the formats; others it may know are never tried.
_PILLOW = {
    Format.JPEG: "JPEG",
    Format.PNG: "PNG",
    Format.GIF: "GIF",
    Format.BMP: "BMP",
    Format.WEBP: "WEBP",
    Format.TIFF: "TIFF",
    Format.JPEG_2000: "JPEG2000",
    Format.AVIF: "AVIF",
    Format.HEIC: "HEIF",
}
# OpenCV has no HEIC, and does not turn AVIF as it says.  All others it decodes, those of 16 bits a
# colour among them, which Pillow cuts off.
_DECODED_BY_PILLOW = frozenset({Format.AVIF, Format.HEIC})
_PLAYED = frozenset({Format.GIF, Format.PNG, Format.JPEG})

# Tags of TIFF (Adobe's TIFF 6.0 and DNG): its first picture is a small copy; it is a camera's raw.
_SUBFILE_TYPE = 254
_REDUCED = 1
_DNG_VERSION = 50706

_INDEX_WITHIN_BYTES = 1 << 18  # before it there are a few segments of at most 64 KiB

# Of a header that promises more pixels than Pillow likes, before ours can be asked.
_BOMBS = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("error", category=PIL.Image.DecompressionBombWarning)


class Kind(Enum):
    """What is in a file, as its content has it."""

    PHOTOGRAPH = auto()
    """One picture."""
    ANIMATION = auto()
    """Pictures that move, in a format of pictures."""
    OTHER = auto()
    """No picture: perhaps a recording."""


class TooLargeError(MediaError):
    """A picture of more pixels than are decoded; its header says so."""


class UndecodableError(MediaError):
    """A picture of a format, by its people's name, that nothing here decodes."""

    def __init__(self, form: str, path: Path) -> None:
        self.reason = f"it is a {form} picture, which is not decoded here: save it as JPEG"
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

    if form not in _PILLOW:
        moves = False
    elif form in (Format.AVIF, Format.HEIC):
        moves = is_sequence(content)
    elif form is Format.JPEG:
        moves = _is_row_of_jpegs(content)
    else:
        moves = form is not Format.TIFF and _has_frames(content, form)  # a TIFF has pages
    return Kind.ANIMATION if moves else Kind.PHOTOGRAPH


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
            _opened(content, Format.JPEG) as first,
            _opened(content[end + 2 :], Format.JPEG) as next_,
        ):
            return first.size == next_.size
    except Exception:  # of many types, for what is damaged
        return False


def _has_frames(content: bytes, form: Format) -> bool:
    try:
        with _opened(content, form) as header:
            return bool(getattr(header, "is_animated", False))
    except Exception:  # of many types, for what is damaged
        return False


def require_played(path: Path) -> None:
    """Raise UndecodableError for an animation that FFmpeg does not play."""
    form = format_of(reading.beginning(path, BEGINNING_BYTES))
    if form not in _PLAYED:
        raise UndecodableError(f"moving {form}", path)


def read(path: Path) -> Image:
    """A picture, uint8 (h, w, 3) BGR, turned as its EXIF orientation says; raises MediaError."""
    try:
        content = reading.read(path, reading.PICTURE_MAX_BYTES)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None
    return decoded(content, path)


def decoded(content: bytes, path: Path) -> Image:
    """The picture in the content of a file, as by `read`; raises MediaError naming `path`."""
    form = format_of(content)
    if form is None:
        raise not_decoded(path)
    _look_at_header(content, form, path)

    image = None
    if form not in _DECODED_BY_PILLOW:
        image = _by_opencv(content)
    if image is None:
        image = _by_pillow(content, form)
    if image is None:
        raise not_decoded(path)
    return image


def not_decoded(path: Path) -> MediaError:
    """What is said of a file that is no picture, or a damaged one."""
    return MediaError(f"{path} is not a picture that can be decoded.")


def _look_at_header(content: bytes, form: Format, path: Path) -> None:
    """Refuse what must not be decoded, or would be nothing like it; raises MediaError."""
    if form not in _PILLOW:
        raise UndecodableError(form, path)
    try:
        with _opened(content, form) as header:
            refused = too_large(*header.size)
            tags = getattr(header, "tag_v2", {})
            is_raw = bool(tags.get(_SUBFILE_TYPE, 0) & _REDUCED) or _DNG_VERSION in tags
    except _BOMBS:
        refused = True
        is_raw = False
    except Exception:  # of many types, for what is no picture
        raise not_decoded(path) from None

    if refused:
        raise TooLargeError(f"{path} has more than {LIMIT}: make it smaller.")
    if is_raw:
        raise UndecodableError("raw", path)


def _by_opencv(content: bytes) -> Image | None:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _by_pillow(content: bytes, form: Format) -> Image | None:
    try:
        with _opened(content, form) as picture:
            upright = PIL.ImageOps.exif_transpose(picture).convert("RGB")
    except Exception:  # of many types, for what is damaged
        return None
    return np.ascontiguousarray(np.asarray(upright, np.uint8)[..., ::-1])


def _opened(content: bytes, form: Format) -> PIL.Image.Image:
    """Its header; nothing is decoded yet."""
    return PIL.Image.open(io.BytesIO(content), formats=(_PILLOW[form],))


def jpeg(image: Image) -> bytes:
    """A picture, uint8 (h, w, 3) BGR, as a JPEG file's content."""
    return cv2.imencode(".jpg", image)[1].tobytes()
