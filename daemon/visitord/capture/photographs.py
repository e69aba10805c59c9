"""Single pictures: files of them, and JPEG made of them."""

from pathlib import Path

import cv2
import numpy as np

from visitord.core.errors import MediaError
from visitord.core.records import Image


def read(path: Path) -> Image:
    """A picture, uint8 (h, w, 3) BGR, turned as its EXIF orientation says; raises MediaError."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None

    try:
        image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except cv2.error:  # larger than OpenCV is willing to hold
        image = None
    if image is None:
        raise MediaError(f"{path} is not a picture that can be decoded.")
    return np.asarray(image, np.uint8)


def jpeg(image: Image) -> bytes:
    """A picture, uint8 (h, w, 3) BGR, as a JPEG file's content."""
    return cv2.imencode(".jpg", image)[1].tobytes()
