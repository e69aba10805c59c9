"""Single pictures: files of them, and JPEG made of them."""

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from visitord.capture.pixels import LIMIT, too_large
from visitord.core import reading
from visitord.core.errors import MediaError
from visitord.core.records import Image

# What pictures are saved as; OpenCV reads others too, whose headers nobody would have looked at.
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF")

# Of a header that promises more pixels than Pillow likes, before ours can be asked.
_BOMBS = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("error", category=PIL.Image.DecompressionBombWarning)


class TooLargeError(MediaError):
    """A picture of more pixels than are decoded; its header says so."""


def read(path: Path) -> Image:
    """A picture, uint8 (h, w, 3) BGR, turned as its EXIF orientation says; raises MediaError."""
    try:
        content = reading.read(path, reading.PICTURE_MAX_BYTES)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None
    return decoded(content, path)


def decoded(content: bytes, path: Path) -> Image:
    """The picture in the content of a file, as by `read`; raises MediaError naming `path`."""
    try:
        with PIL.Image.open(io.BytesIO(content), formats=FORMATS) as header:
            refused = too_large(*header.size)
    except _BOMBS:
        refused = True
    except Exception:  # of many types, for what is no picture
        raise _not_decoded(path) from None
    if refused:
        raise TooLargeError(f"{path} has more than {LIMIT}: make it smaller.")

    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise _not_decoded(path)
    return np.asarray(image, np.uint8)


def is_animation(content: bytes) -> bool:
    """Whether a file holds more pictures than one, as far as its header says."""
    try:
        with PIL.Image.open(io.BytesIO(content), formats=FORMATS) as header:
            return bool(getattr(header, "is_animated", False))
    except Exception:  # of many types, for what is no picture
        return False


def jpeg(image: Image) -> bytes:
    """A picture, uint8 (h, w, 3) BGR, as a JPEG file's content."""
    return cv2.imencode(".jpg", image)[1].tobytes()


def _not_decoded(path: Path) -> MediaError:
    return MediaError(f"{path} is not a picture that can be decoded.")
