"""Reads USB cameras with OpenCV's V4L2 backend."""

import time
from collections.abc import Iterator

import cv2
import numpy as np

from visitord.errors import CameraError
from visitord.vision.media import Pace, Picture


def stream(device: str, fps: float) -> Iterator[Picture]:
    """Pictures of a device (a path, or an index as text), at most `fps` a second.

    Raises CameraError when it is missing, busy, or stops giving pictures.
    """
    capture = cv2.VideoCapture(int(device) if device.isdecimal() else device, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise CameraError("there is no such video device, or another program uses it")
        pace, start = Pace(fps), time.monotonic()
        while True:
            if not capture.grab():
                raise CameraError("the device stopped giving pictures")
            t = time.monotonic() - start
            if not pace.allows(t):
                continue
            good, image = capture.retrieve()
            if not good or image is None:
                raise CameraError("the device gives pictures that cannot be decoded")
            yield Picture(np.asarray(image, np.uint8), t)
    finally:
        capture.release()
