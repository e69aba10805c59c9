"""Pixels that are not square: recorders halve the width of what they send, and say so, or not."""

from fractions import Fraction

import av

from visitord.capture.pixels import PIXELS_MAX
from visitord.core.values import ASPECT_MAX

SQUARE = Fraction(1)
# Containers that say it themselves.  What FFmpeg says for others is from some picture further on.
_CONTAINERS = frozenset({"mov", "matroska", "avi", "asf", "mxf", "nut"})


class PixelShape:
    """Follows how wide the pixels of one stream are for their height.

    What a person says of them counts, else what the container says, as for FFmpeg's own programs.
    A picture that says other than the first ones is believed, for then the camera was set anew.
    Owned by the thread that decodes.

    Parameters
    ----------
    video
        The stream.
    known
        What a person says, None where nothing.
    """

    def __init__(self, video: av.VideoStream, known: Fraction | None = None) -> None:
        self._video = video
        self._known = known
        says = not _CONTAINERS.isdisjoint(video.container.format.name.split(","))
        self._container = video.sample_aspect_ratio if says else None
        self._first: Fraction | None = None  # what the first picture says
        self._decoded = False

    def now(self) -> Fraction:
        """Width by height, of the frame decoded last."""
        if self._known is not None:
            return self._known

        pictures = self._video.codec_context.sample_aspect_ratio
        if not self._decoded:
            self._decoded = True
            self._first = pictures
        if self._container and pictures == self._first:
            return _believable(self._container)
        return _believable(pictures)


def _believable(ratio: Fraction | None) -> Fraction:
    """The ratio; square where there is none, or one that no camera has."""
    if ratio and 1 / ASPECT_MAX <= ratio <= ASPECT_MAX:
        return ratio
    return SQUARE


def stretched(width_px: int, height_px: int, ratio: Fraction) -> tuple[int, int]:
    """Width and height with square pixels: the narrower side is stretched, and nothing is lost.

    No more pixels come of it than are decoded: what would have more shrinks on both sides.
    """
    width = width_px * max(ratio, SQUARE)
    height = height_px * max(1 / ratio, SQUARE)
    fitting = min(1.0, float(PIXELS_MAX / (width * height)) ** 0.5)
    return max(1, int(width * fitting + 0.5)), max(1, int(height * fitting + 0.5))
