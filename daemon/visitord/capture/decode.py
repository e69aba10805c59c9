"""Decodes network streams and recorded files with PyAV, and says clearly what is wrong with them.

Whatever opens a container here must also read and close it, in the same thread: FFmpeg crashes
otherwise.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from errno import EIO
from functools import cache
from pathlib import Path

import av
import av.error
import av.logging
import cv2
import numpy as np
from av.codec.hwaccel import HWAccel, hwdevices_available
from numpy.typing import NDArray

from visitord.core.config import CameraConfig
from visitord.core.errors import (
    CameraError,
    CameraRefusedError,
    CameraStaleError,
    MediaError,
    StreamEndedError,
)
from visitord.core.records import Gray, Image, Picture, gray_step

log = logging.getLogger(__name__)

av.logging.set_level(None)  # FFmpeg's own log may print addresses with passwords
logging.getLogger("libav").setLevel(logging.CRITICAL)

OPEN_TIMEOUT_S = 5.0
RAW_FPS = 25.0  # assumed where a recording does not say
CORRUPT_S = 2.0  # so long after a loss is the next key frame waited for
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
_TIMEOUT = (
    av.error.TimeoutError,
    av.error.ExitError,
)  # the second when a read is cut off by the limit


def stream(url: str, asked: CameraConfig, told: Callable[[str], None]) -> Iterator[Picture]:
    """Pictures of a live stream, no more and no larger than asked for, for as long as it lasts.

    The CPU decodes also where the decoder asked for fails.  `told` hears what the camera sends.
    Raises CameraRefusedError for a wrong password or path, CameraStaleError for a server that is
    there and silent, CameraError for anything else that may pass, StreamEndedError at the end.
    """
    live, seen_t, stale_after_s = False, time.monotonic(), asked.stale_after.total_seconds()
    # Only video is asked for: sound that goes on would hide that the pictures do not.
    rtsp = {
        "rtsp_transport": asked.transport,
        "analyzeduration": "200000",
        "allowed_media_types": "video",
    }
    options = rtsp if url.startswith("rtsp") else {}
    # FFmpeg waits twice for the second of these before it gives up.
    timeout = (OPEN_TIMEOUT_S, stale_after_s / 2)
    try:
        with av.open(
            url, options=options, timeout=timeout, hwaccel=_hardware(asked.decoder)
        ) as container:
            video, pace, start, shape = (
                _video(container, "SLICE"),
                Pace(asked.fps),
                time.monotonic(),
                (0, 0),
            )
            for frame, corrupt in _frames(container, video):
                # The time of arrival: stamps of HTTP cameras are invented, those of others may
                # jump.
                seen_t = time.monotonic()
                t = seen_t - start
                if pace.allows(t):
                    if shape != (frame.width, frame.height):
                        shape = (frame.width, frame.height)
                        told(f"{video.codec_context.name} {frame.width}x{frame.height}")
                    live = True
                    yield _picture(frame, t, corrupt, asked.size)
    except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError):
        raise CameraRefusedError(
            "it refuses the user name or password; check the camera's source"
        ) from None
    except (av.error.HTTPNotFoundError, av.error.HTTPBadRequestError):
        raise CameraRefusedError(
            "it has no stream of that name; check the path in the camera's source"
        ) from None
    except (av.error.FFmpegError, OSError) as error:
        silent_s = time.monotonic() - seen_t
        broke_off = live and error.errno == EIO
        if live and (isinstance(error, _TIMEOUT) or (broke_off and silent_s > 0.9 * stale_after_s)):
            raise CameraStaleError(silence(stale_after_s)) from None
        if broke_off:
            raise CameraError("the stream broke off") from None
        if isinstance(error, av.error.InvalidDataError):
            # Also what FFmpeg says when a server accepts the connection and then is silent.
            if silent_s > 0.9 * OPEN_TIMEOUT_S and not live:
                raise CameraStaleError("it accepts the connection, but sends no video") from None
            raise CameraError("it sends no video") from None
        raise CameraError(_why(error)) from None
    raise StreamEndedError("the stream ended")


def silence(seconds: float) -> str:
    """What is said of a camera that is connected and sends nothing."""
    return f"no new picture for more than {seconds:g} s"


def recording(path: Path, fps: float, size: tuple[int, int] | None = None) -> Iterator[Picture]:
    """Pictures of a video file, at most `fps` a second of media time and `size` (width, height)
    large.

    Raises MediaError when it cannot be opened; a file damaged further in gives the pictures before
    that, then raises MediaError.
    """
    with _opened(path) as (container, video):
        pace, first, rate = Pace(fps), None, float(video.average_rate or RAW_FPS)
        for index, (frame, corrupt) in enumerate(_frames(container, video)):
            stamp = (
                index / rate if frame.time is None else frame.time
            )  # raw streams carry no stamps
            first = stamp if first is None else first
            if pace.allows(stamp - first):
                yield _picture(frame, stamp - first, corrupt, size)


def length_s(path: Path) -> float:
    """Length of a recording in seconds, 0 where the file does not say; raises MediaError."""
    with _opened(path) as (container, _):
        return float(container.duration or 0) / av.time_base


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A recording and the stream in it to be decoded; raises MediaError for it and for what goes
    wrong inside.
    """
    try:
        with av.open(str(path.absolute())) as container:
            yield container, _video(container, "AUTO")
    except (av.error.FFmpegError, OSError, CameraError) as error:
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


def jpeg(image: Image) -> bytes:
    """A BGR picture as a JPEG file's content."""
    return cv2.imencode(".jpg", image)[1].tobytes()


class Pace:
    """Lets through at most `fps` pictures a second of whatever clock it is told."""

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps
        self._due = float("-inf")

    def allows(self, t: float) -> bool:
        """Whether the picture at t is due.  A clock that jumps back starts anew."""
        # Half a millisecond of grace: time stamps are rounded, and a picture must not miss its turn
        # for that.
        if self._due - 2 * self._step_s <= t < self._due - 5e-4:
            return False
        in_step = self._due - 5e-4 <= t < self._due + 1
        self._due = (
            max(self._due + self._step_s, t + self._step_s / 2) if in_step else t + self._step_s
        )
        return True


def _video(container: av.container.InputContainer, threads: str) -> av.VideoStream:
    """The stream to be decoded; raises CameraError when there is none."""
    if not container.streams.video:
        raise CameraError("it carries no video")
    container.streams.video[0].thread_type = threads
    return container.streams.video[0]


def _frames(
    container: av.container.InputContainer, video: av.VideoStream
) -> Iterator[tuple[av.VideoFrame, bool]]:
    """Every frame, and whether parts of it are missing, or of one it was made from since the last
    key frame.
    """
    tainted = 0
    for frame in container.decode(video):
        if frame.is_corrupt:
            tainted = round(CORRUPT_S * float(video.average_rate or RAW_FPS))
        elif frame.key_frame:
            tainted = 0
        yield frame, tainted > 0
        tainted = max(0, tainted - 1)


@cache
def _hardware(decoder: str) -> HWAccel | None:
    """The hardware decoder of that name; None where this machine has none, and says once why not."""
    if decoder == "cpu":
        return None
    problem = f"this FFmpeg has only {', '.join(hwdevices_available())}"
    if decoder in hwdevices_available():
        try:
            if av.CodecContext.create("h264", "r", hwaccel=HWAccel(decoder)).is_hwaccel:
                return HWAccel(decoder)
            problem = "there is no such device"
        except (av.error.FFmpegError, OSError, RuntimeError) as error:
            problem = f"{error}"
    log.warning(
        "The decoder %s does not work on this machine (%s): the CPU decodes.", decoder, problem
    )
    return None


def _picture(
    frame: av.VideoFrame, t: float, corrupt: bool, size: tuple[int, int] | None = None
) -> Picture:
    return Picture(t, _gray(frame), lambda: _image(frame, size), corrupt)


def _gray(frame: av.VideoFrame) -> Gray:
    step = gray_step(frame.width)
    if frame.format.name in _BRIGHTNESS_FIRST:  # nothing to convert
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
            : plane.height
        ]
        gray = rows[::step, : frame.width : step]
    else:
        small = frame.reformat(max(1, frame.width // step), max(1, frame.height // step), "gray")
        gray = np.asarray(small.to_ndarray(), np.uint8)
    return np.ascontiguousarray(_upright(gray, frame))


def _image(frame: av.VideoFrame, size: tuple[int, int] | None) -> Image:
    """The picture in colour, upright, and no larger than `size`."""
    limits = size[::-1] if size and frame.rotation % 180 else size
    scale = min(limits[0] / frame.width, limits[1] / frame.height, 1.0) if limits else 1.0
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    image = frame.to_ndarray(format="bgr24", width=width, height=height)
    return np.ascontiguousarray(_upright(np.asarray(image, np.uint8), frame))


def _upright(pixels: NDArray[np.uint8], frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Turned where the file says how the device was held."""
    return np.rot90(pixels, round(frame.rotation / 90)) if frame.rotation else pixels


def _why(error: Exception) -> str:
    """The cause alone: the text of FFmpeg's errors holds the address, and with it the password."""
    if isinstance(error, CameraError):
        return str(error)
    if isinstance(error, av.error.InvalidDataError):
        return "it is no video, or it is damaged"
    if isinstance(error, _TIMEOUT):
        return "it does not answer in time"
    if isinstance(error, av.error.EOFError):
        return "it closes the connection at once"
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
        return (
            "the host is not found or not reachable"
            if error.errno == EIO
            else text[0].lower() + text[1:]
        )
    return type(error).__name__
