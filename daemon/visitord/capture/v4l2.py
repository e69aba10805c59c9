"""Reads USB cameras with OpenCV's V4L2 backend."""

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from visitord.capture.decode import Pace
from visitord.core.config import CameraConfig
from visitord.core.errors import CameraError
from visitord.core.records import Picture


def stream(device: str, asked: CameraConfig, told: Callable[[str], None]) -> Iterator[Picture]:
    """Pictures of a device (a path, or an index as text), no more than asked for.

    The device is also asked for this rate, a size (width, height) and a four-letter format, and
    gives what it can: `told` hears what that is.  Raises CameraError when it is missing, busy, or
    stops giving pictures.
    """
    capture = cv2.VideoCapture(int(device) if device.isdecimal() else device, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise CameraError("there is no such video device, or another program uses it")
        if asked.format:  # first: it decides which sizes and rates there are
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*asked.format))
        if asked.size:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, asked.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, asked.size[1])
        capture.set(cv2.CAP_PROP_FPS, asked.fps)
        told(_terms(capture, asked))
        pace, start = Pace(asked.fps), time.monotonic()
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


def _terms(capture: cv2.VideoCapture, asked: CameraConfig) -> str:
    """What the device gives, and what it was asked for where that differs."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    got_format = (
        bytes(code >> 8 * i & 0xFF for i in range(4)).decode("ascii", "replace").strip("\0 ")
    )
    got_size = (
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )
    got_fps = capture.get(cv2.CAP_PROP_FPS)
    denied = [asked.format] if asked.format and asked.format != got_format else []
    denied += ["{}x{}".format(*asked.size)] if asked.size and asked.size != got_size else []
    denied += [f"{asked.fps:g}/s"] if abs(asked.fps - got_fps) > 0.5 else []
    terms = f"{got_format} {got_size[0]}x{got_size[1]}, {got_fps:g}/s".strip()
    return f"{terms} (asked for {', '.join(denied)})" if denied else terms
