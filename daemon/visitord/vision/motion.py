"""The motion gate: looks at every frame cheaply, so that faces are searched only where someone may be."""

from dataclasses import dataclass

import cv2
import numpy as np

from visitord.records import Frame, Gray
from visitord.vision.area import WHOLE, Area


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Times in seconds of the camera's steady clock; areas as a share of the picture."""

    width_px: int = 80
    min_area: float = 0.001
    whole_area: float = 0.5  # the light changed, or the camera moved: learnt at once
    hold_s: float = 2.0
    warm_up_s: float = 2.0  # while the background is learnt, everything counts as motion
    heartbeat_s: float = 5.0  # someone standing still from the start is found at the next beat
    var_threshold: float = 25.0
    background_share: float = 0.93  # a look that a spot has for the remaining seven per cent of the time is learnt too


class MotionGate:
    """Open while something moves where the picture counts, shortly after, at the start, and once every heartbeat.

    The background is a mixture of Gaussians per pixel (Zivkovic 2004, OpenCV's MOG2), which also learns
    a flickering one.  Owned by the thread that runs the camera's pipeline.
    """

    def __init__(self, area: Area = WHOLE, settings: MotionSettings = MotionSettings()) -> None:
        self._settings = s = settings
        self._area = area
        self._background = cv2.createBackgroundSubtractorMOG2(
            history=200, varThreshold=settings.var_threshold, detectShadows=False
        )
        self._background.setBackgroundRatio(s.background_share)
        self._background.setComplexityReductionThreshold(0.01)  # rare looks are not pruned at once
        self._counts: Gray | None = None
        self._whole = False
        self._first_t: float | None = None
        self._open_until = float("-inf")
        self._beat_t = float("-inf")
        self.moving: Gray | None = None
        """uint8 (h, w), about 80 wide: not zero where the last picture moved and counts."""

    def is_open(self, frame: Frame) -> bool:
        """Whether faces should be searched in this frame; call it once for every frame, in order."""
        s = self._settings
        if self._first_t is None:
            self._first_t = frame.t
        if self._moves(frame.picture.gray) or frame.t - self._first_t < s.warm_up_s:
            self._open_until = frame.t + s.hold_s
        if frame.t <= self._open_until:
            self._beat_t = frame.t
            return True
        if frame.t - self._beat_t >= s.heartbeat_s:
            self._beat_t = frame.t
            return True
        return False

    def _moves(self, gray: Gray) -> bool:
        s = self._settings
        height, width = gray.shape
        size = (s.width_px, max(1, round(height * s.width_px / width)))
        small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        if self._counts is None or self._counts.shape != small.shape:
            self._counts = self._area.mask(*small.shape)
        # A change of nearly everything is learnt from the next picture on, so that it cannot hold the gate open.
        moving = self._background.apply(small, learningRate=0.3 if self._whole else -1)
        self._whole = bool(np.count_nonzero(moving) > s.whole_area * moving.size)
        self.moving = np.asarray(cv2.bitwise_and(moving, self._counts), np.uint8)
        return bool(np.count_nonzero(self.moving) >= s.min_area * moving.size)
