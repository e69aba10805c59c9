"""Pictures as they are kept and sent."""

import cv2

from visitord.core.records import Image


def jpeg(image: Image) -> bytes:
    """A picture, uint8 (h, w, 3) BGR, as a JPEG file's content."""
    return cv2.imencode(".jpg", image)[1].tobytes()
