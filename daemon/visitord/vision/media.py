"""Decodes network streams and recorded files with PyAV, and says clearly what is wrong with them.

Whatever opens a container here must also read and close it, in the same thread: FFmpeg crashes otherwise.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EIO
from pathlib import Path

import av
import av.error
import av.logging
import cv2
import numpy as np

from visitord.errors import CameraError, CameraRefusedError, MediaError, StreamEndedError
from visitord.records import Image

av.logging.set_level(None)  # FFmpeg's own log may print addresses with passwords
logging.getLogger("libav").setLevel(logging.CRITICAL)

OPEN_TIMEOUT_S = 5.0
RAW_FPS = 25.0  # assumed where a recording does not say
PHOTOGRAPHS = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}
_REFUSED = (
    av.error.HTTPUnauthorizedError,
    av.error.HTTPForbiddenError,
    av.error.HTTPNotFoundError,
    av.error.HTTPBadRequestError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture and its media time in seconds from the start of its file or stream."""

    image: Image
    t: float


def stream(url: str, transport: str, fps: float, read_timeout_s: float) -> Iterator[Picture]:
    """Pictures of a live stream, at most `fps` a second, for as long as it lasts.

    Raises CameraRefusedError for a wrong password or path, CameraError for anything that may pass,
    the end of the stream included.
    """
    live, opened_t = False, time.monotonic()
    options = {"rtsp_transport": transport, "analyzeduration": "500000"} if url.startswith("rtsp") else {}
    try:
        with av.open(url, options=options, timeout=(OPEN_TIMEOUT_S, read_timeout_s)) as container:
            pace, start = Pace(fps), time.monotonic()
            for frame in _frames(container, "SLICE"):
                # The time of arrival: stamps of HTTP cameras are invented, those of others may jump.
                t = time.monotonic() - start
                if pace.allows(t):
                    live = True
                    yield Picture(_image(frame), t)
    except _REFUSED as error:
        raise CameraRefusedError(_refusal(error)) from None
    except (av.error.FFmpegError, OSError) as error:
        if live and error.errno == EIO:
            raise CameraError("the stream broke off") from None
        if isinstance(error, av.error.InvalidDataError):
            # Also what FFmpeg says when a server accepts the connection and then is silent.
            silent = time.monotonic() - opened_t > 0.9 * OPEN_TIMEOUT_S and not live
            raise CameraError("it does not answer in time" if silent else "it sends no video") from None
        raise CameraError(_why(error)) from None
    raise StreamEndedError("the stream ended")


def recording(path: Path, fps: float) -> Iterator[Picture]:
    """Pictures of a video file, at most `fps` a second of media time.

    Raises MediaError when it cannot be opened; a file damaged further in gives the pictures before that,
    then raises MediaError.
    """
    try:
        with av.open(str(path.absolute())) as container:
            pace, first = Pace(fps), None
            frames = _frames(container, "AUTO")
            rate = float(container.streams.video[0].average_rate or RAW_FPS)
            for index, frame in enumerate(frames):
                stamp = index / rate if frame.time is None else frame.time  # raw streams carry no stamps
                first = stamp if first is None else first
                if pace.allows(stamp - first):
                    yield Picture(_image(frame), stamp - first)
    except (av.error.FFmpegError, OSError, CameraError) as error:
        raise MediaError(f"{path} cannot be read as video: {_why(error)}.") from None


def length_s(path: Path) -> float:
    """Length of a recording in seconds, 0 where the file does not say; raises MediaError."""
    try:
        with av.open(str(path.absolute())) as container:
            if not container.streams.video:
                raise MediaError(f"{path} holds no video.")
            return float(container.duration or 0) / av.time_base
    except (av.error.FFmpegError, OSError) as error:
        raise MediaError(f"{path} cannot be read as video: {_why(error)}.") from None


def photograph(path: Path) -> Image:
    """A still picture, uint8 (h, w, 3) BGR, turned as its EXIF orientation says; raises MediaError."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:  # larger than OpenCV is willing to hold
        image = None
    if image is None:
        raise MediaError(f"{path} is not a picture that can be decoded.")
    return np.asarray(image, np.uint8)


def is_photograph(path: Path) -> bool:
    return path.suffix.lower() in PHOTOGRAPHS


class Pace:
    """Lets through at most `fps` pictures a second of whatever clock it is told."""

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps
        self._due = float("-inf")

    def allows(self, t: float) -> bool:
        """Whether the picture at t is due.  A clock that jumps back starts anew."""
        # Half a millisecond of grace: time stamps are rounded, and a picture must not miss its turn for that.
        if self._due - 2 * self._step_s <= t < self._due - 5e-4:
            return False
        in_step = self._due - 5e-4 <= t < self._due + 1
        self._due = max(self._due + self._step_s, t + self._step_s / 2) if in_step else t + self._step_s
        return True


def _frames(container: av.container.InputContainer, threads: str) -> Iterator[av.VideoFrame]:
    if not container.streams.video:
        raise CameraError("it carries no video")
    video = container.streams.video[0]
    video.thread_type = threads
    return (frame for frame in container.decode(video) if not frame.is_corrupt)


def _image(frame: av.VideoFrame) -> Image:
    """The picture, turned upright where the file says how the device was held."""
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90))) if frame.rotation else image


def _refusal(error: Exception) -> str:
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return "it refuses the user name or password; check the camera's source"
    return "it has no stream of that name; check the path in the camera's source"


def _why(error: Exception) -> str:
    """The cause alone: the text of FFmpeg's errors holds the address, and with it the password."""
    if isinstance(error, CameraError):
        return str(error)
    if isinstance(error, av.error.InvalidDataError):
        return "it is no video, or it is damaged"
    if isinstance(error, av.error.TimeoutError):
        return "it does not answer in time"
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
        return "the host is not found or not reachable" if error.errno == EIO else text[0].lower() + text[1:]
    return type(error).__name__
