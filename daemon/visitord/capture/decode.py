"""What streams and recordings have in common: FFmpeg, by way of PyAV, makes pictures of them.

Whatever opens a container must also read and close it, in the same thread: FFmpeg crashes
otherwise.
"""

import logging
from collections.abc import Iterator
from errno import EIO
from fractions import Fraction

import av
import av.error
import av.logging
import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.capture.pixel_shape import SQUARE, stretched
from visitord.capture.pixels import LIMIT, PIXELS_MAX, too_large
from visitord.core.errors import CameraError
from visitord.core.records import Gray, Image, Picture, gray_step

av.logging.set_level(None)  # FFmpeg's own log may print addresses with passwords
logging.getLogger("libav").setLevel(logging.CRITICAL)

# What containers are to be opened with: FFmpeg decodes a little to find out what they hold.
LIMITS = {"max_pixels": str(PIXELS_MAX)}
RAW_FPS = 25.0  # assumed where a stream does not say
CORRUPT_S = 2.0  # so long after a loss is the next key frame waited for
TIMED_OUT = (
    av.error.TimeoutError,
    av.error.ExitError,  # when a read is cut off by its limit
)
# Time stamps are rounded, and a picture must not miss its turn for that.
_RATE_GRACE_S = 5e-4
_BRIGHTNESS_FIRST = {
    "yuv420p",
    "yuvj420p",
    "yuv422p",
    "yuvj422p",
    "yuv444p",
    "yuvj444p",
    "nv12",
    "gray",
}


class Pace:
    """Lets through at most `fps` pictures a second of whatever clock it is told."""

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps
        self._due_t = float("-inf")

    def allows(self, t: float) -> bool:
        """Whether the picture at t, in seconds, is due.  A clock that jumps back starts anew."""
        earliest_t = self._due_t - _RATE_GRACE_S
        if self._due_t - 2 * self._step_s <= t < earliest_t:
            return False

        in_step = earliest_t <= t < self._due_t + 1
        if in_step:
            # A late one does not put off those after it, but they keep their distance.
            self._due_t = max(self._due_t + self._step_s, t + self._step_s / 2)
        else:
            self._due_t = t + self._step_s
        return True


def video_of(container: av.container.InputContainer, threads: str) -> av.VideoStream:
    """The stream to be decoded, by FFmpeg's `threads`, with pictures no larger than are allowed.

    Raises CameraError when there is none, FFmpeg has no decoder for it, or its pictures are larger.
    """
    if not container.streams.video:
        raise CameraError("it carries no video")
    video = container.streams.video[0]
    decoder: av.VideoCodecContext | None = video.codec_context
    if decoder is None:
        raise CameraError("its video is of a kind that FFmpeg cannot decode")
    if too_large(decoder.width, decoder.height):
        raise CameraError(f"its pictures have more than {LIMIT}")
    video.thread_type = threads
    # Also for those that are larger than the stream said.
    decoder.options = LIMITS
    return video


def frames(
    container: av.container.InputContainer, video: av.VideoStream
) -> Iterator[tuple[av.VideoFrame, bool]]:
    """Every frame of a recording, and whether parts are missing; see `Damage`."""
    damage = Damage(rate_of(video))
    for frame in container.decode(video):
        yield frame, damage.reaches(frame)


def received(
    container: av.container.InputContainer, video: av.VideoStream
) -> Iterator[tuple[av.VideoFrame, bool] | None]:
    """As `frames`, of a live stream; None for a packet that no frame comes of.

    Who joins a stream between two key frames gets packets that nothing can be made of until the
    next one.  One that makes no sense is lost, and no reason to leave the stream.
    """
    damage = Damage(rate_of(video))
    for packet in container.demux(video):
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            damage.begins()
            decoded = []

        if not decoded:
            yield None
        for frame in decoded:
            yield frame, damage.reaches(frame)


class Damage:
    """Which frames have parts missing, or are made from one that has.

    A key frame is made from no other; where none comes, damage is held to have healed after
    CORRUPT_S.
    """

    def __init__(self, rate: float) -> None:
        self._lasts = round(CORRUPT_S * rate)  # frames
        self._left = 0  # so many frames from now on

    def begins(self) -> None:
        """A frame is damaged, or lost."""
        self._left = self._lasts

    def reaches(self, frame: av.VideoFrame) -> bool:
        """Whether parts are missing in the next frame."""
        if frame.is_corrupt:
            self.begins()
        elif frame.key_frame:
            self._left = 0

        damaged = self._left > 0
        self._left = max(0, self._left - 1)
        return damaged


def rate_of(video: av.VideoStream) -> float:
    """Pictures a second, as far as the stream says."""
    return float(video.average_rate or RAW_FPS)


def picture_of(
    frame: av.VideoFrame,
    t: float,
    corrupt: bool,
    size: tuple[int, int] | None = None,
    pixel_aspect: Fraction = SQUARE,
) -> Picture:
    """A frame as a picture of square pixels, converted to colour when that is asked for.

    Parameters
    ----------
    frame
        As FFmpeg decoded it.
    t
        Media time in seconds.
    corrupt
        Whether parts are missing.
    size
        Width and height in pixels that the colour picture is shrunk to fit, None to leave it.
    pixel_aspect
        Width by height of the frame's pixels.
    """
    square_px = stretched(frame.width, frame.height, pixel_aspect)
    return Picture(t, _gray(frame, square_px), lambda: _image(frame, square_px, size), corrupt)


def _gray(frame: av.VideoFrame, square_px: tuple[int, int]) -> Gray:
    """The small grey copy, uint8 (h, w), upright; `square_px` as for `_image`."""
    step = gray_step(square_px[0])
    width, height = (-(-length // step) for length in square_px)  # as slices round
    if frame.format.name not in _BRIGHTNESS_FIRST:
        small = frame.reformat(width, height, "gray")
        gray = np.asarray(small.to_ndarray(), np.uint8)
        return np.ascontiguousarray(_upright(gray, frame))

    # Nothing to convert.
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    bright = rows[: plane.height, : frame.width]
    if square_px == (frame.width, frame.height):
        gray = bright[::step, ::step]
    else:
        small_px = (width, height)
        gray = np.asarray(cv2.resize(bright, small_px, interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.ascontiguousarray(_upright(gray, frame))


def _image(frame: av.VideoFrame, square_px: tuple[int, int], size: tuple[int, int] | None) -> Image:
    """The picture in colour, uint8 (h, w, 3) BGR, upright, and no larger than `size`.

    square_px: the frame's width and height with square pixels.
    """
    scale = 1.0
    if size is not None:
        lying = frame.rotation % 180 != 0
        width_max, height_max = reversed(size) if lying else size
        scale = min(width_max / square_px[0], height_max / square_px[1], 1.0)

    width, height = (max(1, round(length * scale)) for length in square_px)
    image = frame.to_ndarray(format="bgr24", width=width, height=height)
    return np.ascontiguousarray(_upright(np.asarray(image, np.uint8), frame))


def _upright(pixels: NDArray[np.uint8], frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Turned where the file says how the device was held."""
    if not frame.rotation:
        return pixels
    return np.rot90(pixels, round(frame.rotation / 90))


def why(error: Exception) -> str:
    """The cause alone: the text of FFmpeg's errors holds the address, and with it the password."""
    if isinstance(error, CameraError):
        return str(error)

    if isinstance(error, av.error.InvalidDataError):
        return "it is no video, or it is damaged"
    if isinstance(error, av.error.ArgumentError):  # as LIMITS has it
        return f"its pictures have more than {LIMIT}, or are damaged"
    if isinstance(error, TIMED_OUT):
        return "it does not answer in time"
    if isinstance(error, av.error.EOFError):
        return "it closes the connection at once"
    if isinstance(error, OSError) and error.strerror:
        if error.errno == EIO:
            return "the host is not found or not reachable"
        return error.strerror[0].lower() + error.strerror[1:]
    return type(error).__name__
