"""The motion gate: looks at every frame cheaply, so that faces are searched only where someone may be."""

from dataclasses import dataclass

import cv2
import numpy as np

from visitord.records import Frame, Image


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Times in seconds of the camera's steady clock; area as a share of the picture."""

    width_px: int = 320
    min_area: float = 0.001
    hold_s: float = 2.0
    warm_up_s: float = 2.0  # while the background is learnt, everything counts as motion
    heartbeat_s: float = 5.0  # someone standing still from the start is found at the next beat
    var_threshold: float = 25.0


class MotionGate:
    """Open while something moves, shortly after, at the start, and once every heartbeat.

    The background is a mixture of Gaussians per pixel (Zivkovic 2004, OpenCV's MOG2), which also learns
    a flickering one.  Owned by the thread that runs the camera's pipeline.
    """

    def __init__(self, settings: MotionSettings = MotionSettings()) -> None:
        self._settings = settings
        self._background = cv2.createBackgroundSubtractorMOG2(
            history=200, varThreshold=settings.var_threshold, detectShadows=False
        )
        self._first_t: float | None = None
        self._open_until = float("-inf")
        self._beat_t = float("-inf")

    def is_open(self, frame: Frame) -> bool:
        """Whether faces should be searched in this frame; call it once for every frame, in order."""
        s = self._settings
        if self._first_t is None:
            self._first_t = frame.t
        if self._moving(frame.image) or frame.t - self._first_t < s.warm_up_s:
            self._open_until = frame.t + s.hold_s
        if frame.t <= self._open_until:
            self._beat_t = frame.t
            return True
        if frame.t - self._beat_t >= s.heartbeat_s:
            self._beat_t = frame.t
            return True
        return False

    def _moving(self, image: Image) -> bool:
        height, width = image.shape[:2]
        size = (self._settings.width_px, max(1, round(height * self._settings.width_px / width)))
        small = cv2.GaussianBlur(
            cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY),
            (5, 5),
            0,
        )
        mask = self._background.apply(small)
        return bool(np.count_nonzero(mask) >= self._settings.min_area * mask.size)
