"""Decodes single pictures; `still_process` has it done where a crash does no harm."""

import io
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import pillow_heif

from visitord.capture.pixels import LIMIT, too_large
from visitord.core.file_types import Format, format_of
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

# Tags of TIFF (Adobe's TIFF 6.0 and DNG): its first picture is a small copy; it is a camera's raw.
_SUBFILE_TYPE = 254
_REDUCED = 1
_DNG_VERSION = 50706

# Of a header that promises more pixels than Pillow likes, before ours can be asked.
_BOMBS = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("error", category=PIL.Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that is not decoded; reason: why, and what would help, in words."""

    reason: str


DAMAGED = Refused("it is no picture, or it is damaged")
TOO_LARGE = Refused(f"it has more than {LIMIT}: make it smaller")


def of_no_use_here(form: str) -> Refused:
    """What is said of a format, by its people's name, that nothing here decodes."""
    return Refused(f"it is a {form} picture, which is not decoded here: save it as JPEG")


def decode(content: bytes) -> Image | Refused:
    """The picture in a file's content, uint8 (h, w, 3) BGR, turned as it says."""
    form = format_of(content)
    if form is None:
        return DAMAGED
    if refused := _refusal(content, form):
        return refused

    image = None
    if form not in _DECODED_BY_PILLOW:
        image = _by_opencv(content)
    if image is None:
        image = _by_pillow(content, form)
    return DAMAGED if image is None else image


def header(content: bytes, form: Format) -> PIL.Image.Image:
    """A picture of which nothing is decoded yet; raises errors of many types."""
    return PIL.Image.open(io.BytesIO(content), formats=(_PILLOW[form],))


def _refusal(content: bytes, form: Format) -> Refused | None:
    """Why a picture must not be decoded, or would be nothing like it, by its header."""
    if form not in _PILLOW:
        return of_no_use_here(form)

    try:
        with header(content, form) as opened:
            tags = getattr(opened, "tag_v2", {})
            if tags.get(_SUBFILE_TYPE, 0) & _REDUCED or _DNG_VERSION in tags:
                return of_no_use_here("raw")
            return TOO_LARGE if too_large(*opened.size) else None
    except _BOMBS:
        return TOO_LARGE
    except Exception:  # of many types, for what is no picture
        return DAMAGED


def _by_opencv(content: bytes) -> Image | None:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _by_pillow(content: bytes, form: Format) -> Image | None:
    try:
        with header(content, form) as opened:
            upright = PIL.ImageOps.exif_transpose(opened).convert("RGB")
    except Exception:  # of many types, for what is damaged
        return None
    return np.ascontiguousarray(np.asarray(upright, np.uint8)[..., ::-1])
