"""Recorded video files, read with FFmpeg."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
import av.error

from visitord.capture.decode import LIMITS, Pace, frames, picture_of, rate_of, video_of, why
from visitord.core import reading
from visitord.core.errors import CameraError, MediaError
from visitord.core.records import Picture

# The file itself is read, and nothing that it names.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,nut,wtv,dv,ivf,"
    "obu,av1,h264,hevc,vvc,m4v,mjpeg,mpjpeg,jpeg_pipe,dhav,gif,apng,yuv4mpegpipe",
    "enable_drefs": "0",  # tracks that lie in other files
    **LIMITS,
}


def read(path: Path, fps: float, size: tuple[int, int] | None = None) -> Iterator[Picture]:
    """Pictures of a video file, with their media times.

    Parameters
    ----------
    path
        The file.
    fps
        At most so many pictures a second of media time.
    size
        Width and height in pixels that they are shrunk to fit, None to leave them.

    Raises
    ------
    MediaError
        When it cannot be opened; a file damaged further in gives the pictures before that first.
    """
    with _opened(path) as (container, video):
        pace = Pace(fps)
        rate = rate_of(video)
        first: float | None = None

        for index, (frame, corrupt) in enumerate(frames(container, video)):
            # Raw streams carry no stamps.
            stamp = index / rate if frame.time is None else frame.time
            if first is None:
                first = stamp

            t = stamp - first
            if pace.allows(t):
                yield picture_of(frame, t, corrupt, size)
        if first is None:
            raise CameraError("it has no picture in it")


def length_s(path: Path) -> float:
    """Length of a recording in seconds, 0 where the file does not say; raises MediaError."""
    with _opened(path) as (container, _):
        return float(container.duration or 0) / av.time_base


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A recording and the stream in it to be decoded.

    Raises MediaError where there is none, and for what goes wrong inside.
    """
    try:
        reading.require_regular(path)
        with _container(path) as container:
            yield container, video_of(container, "AUTO")
    except (av.error.FFmpegError, OSError, CameraError) as error:
        raise MediaError(f"{path} cannot be read as video: {why(error)}.") from None


def _container(path: Path) -> av.container.InputContainer:
    """The opened file; raises CameraError for a format that is left alone, else FFmpeg's errors."""
    try:
        return av.open(str(path.absolute()), options=_OPTIONS)
    except av.error.ArgumentError:
        raise CameraError("it is a playlist, or of a kind that is not read here") from None
