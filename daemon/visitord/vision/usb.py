"""Reads USB cameras with OpenCV's V4L2 backend."""

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from visitord.errors import CameraError
from visitord.records import Picture
from visitord.vision.media import Pace


def stream(
    device: str, fps: float, size: tuple[int, int] | None, pixel_format: str | None, told: Callable[[str], None]
) -> Iterator[Picture]:
    """Pictures of a device (a path, or an index as text), at most `fps` a second.

    The device is asked for this rate, size (width, height) and four-letter format, and gives what it can:
    `told` hears what that is.  Raises CameraError when it is missing, busy, or stops giving pictures.
    """
    capture = cv2.VideoCapture(int(device) if device.isdecimal() else device, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise CameraError("there is no such video device, or another program uses it")
        if pixel_format:  # first: it decides which sizes and rates there are
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format))
        if size:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        capture.set(cv2.CAP_PROP_FPS, fps)
        told(_terms(capture, fps, size, pixel_format))
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
            yield Picture.of(np.asarray(image, np.uint8), t)
    finally:
        capture.release()


def _terms(capture: cv2.VideoCapture, fps: float, size: tuple[int, int] | None, pixel_format: str | None) -> str:
    """What the device gives, and what it was asked for where that differs."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    got_format = bytes(code >> 8 * i & 0xFF for i in range(4)).decode("ascii", "replace").strip("\0 ")
    got_size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    got_fps = capture.get(cv2.CAP_PROP_FPS)
    asked = [f"{pixel_format}"] if pixel_format and pixel_format != got_format else []
    asked += [f"{size[0]}x{size[1]}"] if size and size != got_size else []
    asked += [f"{fps:g}/s"] if abs(fps - got_fps) > 0.5 else []
    terms = f"{got_format} {got_size[0]}x{got_size[1]}, {got_fps:g}/s".strip()
    return f"{terms} (asked for {', '.join(asked)})" if asked else terms
