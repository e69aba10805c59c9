"""Recorded video files, read with FFmpeg."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.stream import Disposition

from visitord.capture.decode import LIMITS, Pace, frames, picture_of, rate_of, video_of, why
from visitord.capture.pixel_shape import PixelShape
from visitord.core import reading
from visitord.core.errors import CameraError, MediaError
from visitord.core.records import Picture

# The file itself is read, and nothing that it names.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,nut,wtv,dv,ivf,"
    "obu,av1,h264,hevc,vvc,m4v,mjpeg,mpjpeg,jpeg_pipe,dhav,gif,apng,yuv4mpegpipe",
    "enable_drefs": "0",  # tracks that lie in other files
    # FFmpeg takes a time that starts again for a counter that ran over, 26 hours later.
    "correct_ts_overflow": "0",
    **LIMITS,
}
# A step back of less is of pictures in the wrong order, of more where another recording is joined
# on: encoders put at most 16 pictures into another order.
RESTART_S = 1.0


def read(
    path: Path,
    fps: float,
    size: tuple[int, int] | None = None,
    pixel_aspect: Fraction | None = None,
) -> Iterator[Picture]:
    """Pictures of a video file, with their media times.

    Parameters
    ----------
    path
        The file.
    fps
        At most so many pictures a second of media time.
    size
        Width and height in pixels that they are shrunk to fit, None to leave them.
    pixel_aspect
        Width by height of their pixels, None where that is as the file says.

    Raises
    ------
    MediaError
        When it cannot be opened; a file damaged further in gives the pictures before that first.
    """
    with _opened(path) as (container, video):
        pace = Pace(fps)
        timeline = _Timeline(rate_of(video))
        shape = PixelShape(video, pixel_aspect)

        for frame, corrupt in frames(container, video):
            t = timeline.t(frame.time)
            if pace.allows(t):
                yield picture_of(frame, t, corrupt, size, shape.now())
        timeline.require_pictures()


def length_s(path: Path) -> float:
    """Length of a recording in seconds, as its pictures have it; raises MediaError.

    What a file says of its length is not believed: a live one does not say, one that was cut off
    says too much, and joined ones too little.  Reading all of it without decoding costs 1 s of one
    core for a gigabyte, a hundredth of what decoding does.
    """
    with _opened(path) as (container, video):
        timeline = _Timeline(rate_of(video))

        try:
            for packet in container.demux(video):
                if packet.size:  # the end has none
                    timeline.t(_stamp(packet))
        except av.error.FFmpegError:
            timeline.require_pictures()  # damaged further in, it is as long as what can be read
        timeline.require_pictures()
        return timeline.end_t


def _stamp(packet: "av.Packet[av.VideoStream]") -> float | None:
    """When the picture in a packet is shown, in seconds, as far as the packet says."""
    stamp = packet.dts if packet.pts is None else packet.pts
    return None if stamp is None else float(stamp * packet.time_base)


class _Timeline:
    """Seconds from the first picture of a recording, which never run backwards.

    Where time starts again, as in recordings that were joined, it goes on one picture later.
    """

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps
        # The first stamp, or what it would be where time started again.
        self._zero: float | None = None
        self._latest_t = 0.0

    @property
    def end_t(self) -> float:
        """When the latest picture ends."""
        return self._latest_t + self._step_s

    def t(self, stamp: float | None) -> float:
        """When the next picture is shown, by its stamp in seconds; many carry none."""
        if self._zero is None:
            self._zero = stamp or 0.0
            return 0.0

        t = self.end_t if stamp is None else stamp - self._zero
        if stamp is not None and t < self._latest_t - RESTART_S:
            self._zero = stamp - self.end_t
            t = self.end_t
        self._latest_t = max(self._latest_t, t)
        return self._latest_t

    def require_pictures(self) -> None:
        """Raise CameraError where there was none."""
        if self._zero is None:
            raise CameraError("it has no picture in it")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A recording and the stream in it to be decoded.

    Raises MediaError where there is none, and for what goes wrong inside.
    """
    try:
        reading.require_regular(path)
        with _container(path) as container:
            video = video_of(container, "AUTO")
            if video.disposition & Disposition.attached_pic:  # music has a cover
                raise CameraError("it carries no video, only a picture")
            yield container, video
    except (av.error.FFmpegError, OSError, CameraError) as error:
        raise MediaError(f"{path} cannot be read as video: {why(error)}.") from None


def _container(path: Path) -> av.container.InputContainer:
    """The opened file; raises CameraError for a format that is left alone, else FFmpeg's errors."""
    try:
        return av.open(str(path.absolute()), options=_OPTIONS)
    except av.error.ArgumentError:
        raise CameraError("it is a playlist, or of a kind that is not read here") from None
