"""Reads USB cameras with OpenCV's V4L2 backend."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from visitord.capture.decode import Pace
from visitord.capture.pixel_shape import SQUARE, stretched
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.errors import CameraError
from visitord.core.records import Image, Picture

FPS_TOLERANCE = 0.5


def read(
    device: str, asked: CameraConfig, on_described: Callable[[str], None], *, clock: Clock
) -> Iterator[Picture]:
    """Pictures of a device, no more than asked for, for as long as it gives them.

    Parameters
    ----------
    device
        Its path, or its index as text.
    asked
        The camera's settings.  The device is asked for their rate, size and format too, and gives
        what it can.
    on_described
        Hears what that is, once.
    clock
        Says when a picture came.

    Raises
    ------
    CameraError
        When the device is missing, busy, or stops giving pictures.
    """
    place = int(device) if device.isdecimal() else device
    capture = cv2.VideoCapture(place, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise CameraError("there is no such video device, or another program uses it")
        _ask(capture, asked)
        on_described(_terms(capture, asked))

        pace = Pace(asked.fps)
        start_t = clock.monotonic()
        while True:
            if not capture.grab():
                raise CameraError("the device stopped giving pictures")
            t = clock.monotonic() - start_t
            if not pace.allows(t):
                continue

            good, image = capture.retrieve()
            if not good or image is None:
                raise CameraError("the device gives pictures that cannot be decoded")
            yield Picture.of(_squared(np.asarray(image, np.uint8), asked), t)
    finally:
        capture.release()


def _squared(image: Image, asked: CameraConfig) -> Image:
    """The picture with square pixels: devices that digitise do not say how theirs are."""
    height, width = image.shape[:2]
    square_px = stretched(width, height, asked.pixel_aspect or SQUARE)
    if square_px == (width, height):
        return image
    return np.asarray(cv2.resize(image, square_px), np.uint8)


def _ask(capture: cv2.VideoCapture, asked: CameraConfig) -> None:
    """Ask the device for a format, which decides what sizes there are, a size, and a rate."""
    if asked.format:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*asked.format))
    if asked.size:
        width, height = asked.size
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    capture.set(cv2.CAP_PROP_FPS, asked.fps)


def _terms(capture: cv2.VideoCapture, asked: CameraConfig) -> str:
    """What the device gives, and what it was asked for where that differs."""
    got_format = _letters(int(capture.get(cv2.CAP_PROP_FOURCC)))
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    got_fps = capture.get(cv2.CAP_PROP_FPS)

    denied: list[str] = []
    if asked.format and asked.format != got_format:
        denied.append(asked.format)
    if asked.size and asked.size != (width, height):
        denied.append("{}x{}".format(*asked.size))
    if abs(asked.fps - got_fps) > FPS_TOLERANCE:
        denied.append(f"{asked.fps:g}/s")

    terms = f"{got_format} {width}x{height}, {got_fps:g}/s".strip()
    return f"{terms} (asked for {', '.join(denied)})" if denied else terms


def _letters(code: int) -> str:
    """The name of a pixel format whose four letters are the bytes of this number."""
    letters = bytes(code >> 8 * i & 0xFF for i in range(4))
    return letters.decode("ascii", "replace").strip("\0 ")
