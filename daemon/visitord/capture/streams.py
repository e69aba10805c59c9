"""Network streams, read with FFmpeg, and what is wrong with them in words."""

import logging
from collections.abc import Callable, Iterator
from errno import EINVAL, EIO
from functools import cache
from urllib.parse import urlsplit

import av
import av.error
from av.codec.hwaccel import HWAccel, hwdevices_available

from visitord.capture.admission import admitted
from visitord.capture.decode import LIMITS, TIMED_OUT, Pace, picture_of, received, video_of, why
from visitord.capture.inspection import silence
from visitord.capture.pixel_shape import SQUARE, PixelShape
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.errors import (
    CameraError,
    CameraRefusedError,
    CameraStaleError,
    StreamEndedError,
)
from visitord.core.records import Picture
from visitord.core.trust import SYSTEM_TRUST, Trust

log = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 5.0
# Of a time limit: what failed after so much of it ran into the limit.
SILENT_SHARE = 0.9
_RTSP_OPTIONS = {
    "analyzeduration": "200000",  # microseconds
    # Sound that goes on would hide that the pictures do not.
    "allowed_media_types": "video",
}
_HTTP_OPTIONS = {
    "max_redirects": "0",
    "http_proxy": "",  # whatever the environment says: cameras are near
}
# Those that cameras send.  None of them names other addresses, as playlists do.
_HTTP_FORMATS = "mpjpeg,mjpeg,jpeg_pipe,mpegts,flv,matroska,mov,h264,hevc"
# What FFmpeg takes an answer in parts for (multipart/x-mixed-replace), and wants to the letter.
_IN_PARTS = "mpjpeg"
# It finds pictures by how a JPEG begins, whatever lies between them.
_PICTURES_ALONE = "mjpeg"
_PICTURES_ALONE_OPTIONS = {
    # Else five seconds of pictures are held back to find out how many come in one.
    "fpsprobesize": "0",
    "analyzeduration": "1",  # microseconds
}


def read(
    url: str,
    asked: CameraConfig,
    on_described: Callable[[str], None],
    *,
    clock: Clock,
    trust: Trust = SYSTEM_TRUST,
) -> Iterator[Picture | None]:
    """Pictures of a live stream, no more and no larger than asked for, for as long as it lasts.

    None stands for a packet that no picture comes of, as before the first key frame.  The CPU
    decodes also where the decoder asked for fails.  Their times are those of their arrival: the
    stamps of HTTP cameras are invented, and those of others may jump.

    Parameters
    ----------
    url
        An rtsp://, rtsps://, http:// or https:// address, complete with its password.
    asked
        The camera's settings.
    on_described
        Hears what the camera sends, such as "h264 1280x720", first and whenever that changes.
    clock
        Says when a picture came.
    trust
        By what the camera's certificate is judged, where it shows one.

    Raises
    ------
    CameraRefusedError
        For a wrong password or path, and for whoever may not be the camera, or leads elsewhere.
    CameraStaleError
        For a server that is there and silent.
    StreamEndedError
        At the end.
    CameraError
        For anything else that may pass.
    """
    progress = _Progress(url, clock, asked.stale_after.total_seconds())
    try:
        with admitted(url, trust, clock, OPEN_TIMEOUT_S) as options:
            progress.begins()
            yield from _in_any_dialect(url, asked, on_described, progress, options)
    except (av.error.FFmpegError, OSError) as error:
        raise progress.explain(error) from None
    raise StreamEndedError("the stream ended")


def _in_any_dialect(
    url: str,
    asked: CameraConfig,
    on_described: Callable[[str], None],
    progress: "_Progress",
    options: dict[str, str],
) -> Iterator[Picture | None]:
    """As `_pictures`, also of HTTP cameras whose parts are not what the standard wants.

    They are opened a second time, and read for their pictures alone.  Not all are, for each
    picture then comes when the next one begins.
    """
    try:
        yield from _pictures(url, asked, on_described, progress, options)
        return
    except av.error.InvalidDataError as error:
        if not progress.may_hold_pictures():
            raise
        reason = progress.explain(error)

    progress.begins()
    try:
        yield from _pictures(url, asked, on_described, progress, options, _PICTURES_ALONE)
    except (av.error.FFmpegError, OSError):
        if progress.live:
            raise
    if not progress.live:
        raise reason


def _pictures(
    url: str,
    asked: CameraConfig,
    on_described: Callable[[str], None],
    progress: "_Progress",
    options: dict[str, str],
    form: str | None = None,
) -> Iterator[Picture | None]:
    """As `read`, with FFmpeg's own errors and options, and of this format if one is given."""
    options = LIMITS | options | _options(url, asked)
    if form == _PICTURES_ALONE:
        options |= _PICTURES_ALONE_OPTIONS
    # FFmpeg waits twice for the second of these before it gives up.
    timeout = (OPEN_TIMEOUT_S, progress.stale_after_s / 2)
    hardware = _hardware(asked.decoder)
    with av.open(url, format=form, options=options, timeout=timeout, hwaccel=hardware) as container:
        progress.opened(container.format.name)
        video = video_of(container, "SLICE")
        pace = Pace(asked.fps)
        shape = PixelShape(video, asked.pixel_aspect)
        start_t = progress.now()
        described = ""

        for came in received(container, video):
            t = progress.packet_came() - start_t
            if came is None:
                yield None
                continue
            frame, corrupt = came
            if not pace.allows(t):
                continue

            ratio = shape.now()
            description = f"{video.codec_context.name} {frame.width}x{frame.height}"
            if ratio != SQUARE:
                description += f", pixels {ratio.numerator}:{ratio.denominator}"
            if description != described:
                on_described(description)
                described = description
            progress.live = True
            yield picture_of(frame, t, corrupt, asked.size, ratio)


def _options(url: str, asked: CameraConfig) -> dict[str, str]:
    """FFmpeg's options, by which it reads what cameras send and opens nothing but this address."""
    scheme = urlsplit(url).scheme
    if scheme in ("rtsp", "rtsps"):
        protocols = "tls,tcp" if scheme == "rtsps" else "tcp"
        if asked.transport == "udp":
            protocols += ",udp,rtp"
        return {
            "rtsp_transport": asked.transport,
            "protocol_whitelist": protocols,
            "format_whitelist": "rtsp",
            **_RTSP_OPTIONS,
        }
    return {
        "protocol_whitelist": "https,tls,tcp" if scheme == "https" else "http,tcp",
        "format_whitelist": _HTTP_FORMATS,
        **_HTTP_OPTIONS,
    }


class _Progress:
    """How far a stream has come: FFmpeg's errors mean something else before the first picture.

    live: it has given a picture.
    """

    def __init__(self, url: str, clock: Clock, stale_after_s: float) -> None:
        self.live = False
        self._is_http = url.startswith("http")
        self.stale_after_s = stale_after_s
        self._clock = clock
        self._packet_t = clock.monotonic()  # of the last packet, or of the opening
        self._form = ""  # what FFmpeg takes it for, once it is opened

    def now(self) -> float:
        """Seconds on the steady clock."""
        return self._clock.monotonic()

    def begins(self) -> None:
        """Note that the camera is opened now: FFmpeg's time begins."""
        self._packet_t = self.now()

    def opened(self, form: str) -> None:
        """Note what FFmpeg takes it for."""
        self._form = form

    def may_hold_pictures(self) -> bool:
        """Whether what FFmpeg cannot read may be pictures between parts that are not to its taste.

        What it takes for something else is that, and what is silent holds nothing.
        """
        return self._is_http and self._form in ("", _IN_PARTS) and not self._is_silent()

    def _is_silent(self) -> bool:
        """Whether it is opened, and nothing came for as long as is waited for the first picture."""
        return not self.live and self.now() - self._packet_t > SILENT_SHARE * OPEN_TIMEOUT_S

    def packet_came(self) -> float:
        """Note that something came; returns when."""
        self._packet_t = self.now()
        return self._packet_t

    def explain(self, error: av.error.FFmpegError | OSError) -> CameraError:
        """What an error of FFmpeg's means at this point."""
        if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
            return CameraRefusedError(
                "it refuses the user name or password; check the camera's source"
            )
        if isinstance(error, av.error.HTTPNotFoundError | av.error.HTTPBadRequestError):
            return CameraRefusedError(
                "it has no stream of that name; check the path in the camera's source"
            )

        silent_s = self.now() - self._packet_t
        if self.live:
            broke_off = error.errno == EIO
            ran_out = silent_s > SILENT_SHARE * self.stale_after_s
            if isinstance(error, TIMED_OUT) or (broke_off and ran_out):
                return CameraStaleError(silence(self.stale_after_s))
            if broke_off:
                return CameraError("the stream broke off")

        elif error.errno == EIO:
            # The host is found, for the camera has answered before.
            elsewhere = ", or sends on to another address" if self._is_http else ""
            return CameraError(f"it breaks off before it sends any video{elsewhere}")
        elif error.errno == EINVAL and self._is_http:
            return CameraRefusedError(
                "it answers with what is no camera's video, such as a playlist; that is not opened"
            )

        if isinstance(error, av.error.InvalidDataError):
            # Also what FFmpeg says when a server accepts the connection and then is silent.
            if self._is_silent():
                return CameraStaleError("it accepts the connection, but sends no video")
            return CameraError("it sends no video")
        return CameraError(why(error))


@cache
def _hardware(decoder: str) -> HWAccel | None:
    """The hardware decoder of that name; None where there is none, and why is said once."""
    if decoder == "cpu":
        return None

    available = hwdevices_available()
    problem = f"this FFmpeg has only {', '.join(available)}"
    if decoder in available:
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
