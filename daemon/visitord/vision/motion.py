"""The motion gate: looks at every frame cheaply, and tells where someone may be."""

import cv2
import numpy as np

from visitord.core.records import Frame, Gray
from visitord.vision.zones import WHOLE, Area

# Times in seconds of the camera's steady clock; areas as a share of the picture.
MASK_PX = 80
MIN_AREA = 0.001
WHOLE_AREA = 0.5  # the light changed, or the camera moved: learnt at once
HOLD_S = 2.0
WARM_UP_S = 2.0  # while the background is learnt, everything counts as motion
HEARTBEAT_S = 5.0  # someone standing still from the start is found at the next beat
VAR_THRESHOLD = 25.0
# How a spot looks for the remaining seven per cent of the time is learnt too.
BACKGROUND_SHARE = 0.93
LEARNING_RATE_WHOLE = 0.3


class MotionGate:
    """Open while something moves where the picture counts, and shortly after.

    It also opens at the start, and once every heartbeat.  The background is a mixture of Gaussians
    per pixel (Zivkovic 2004, OpenCV's MOG2), which also learns a flickering one.  Owned by the
    thread that runs the camera's pipeline.
    """

    def __init__(self, area: Area = WHOLE) -> None:
        self._area = area
        self._background = cv2.createBackgroundSubtractorMOG2(
            200, VAR_THRESHOLD, detectShadows=False
        )
        self._background.setBackgroundRatio(BACKGROUND_SHARE)
        # What is rare is not pruned at once.
        self._background.setComplexityReductionThreshold(0.01)

        # 255 where the picture counts, of the mask's size.
        self._counts: Gray | None = None
        # Whether nearly all of the last picture changed.
        self._whole = False
        self._first_t: float | None = None
        self._open_until_t = float("-inf")
        self._beat_t = float("-inf")  # when it was open last
        self.moving: Gray | None = None
        """uint8 (h, w), about 80 wide: not zero where the last picture moved and counts."""

    def is_open(self, frame: Frame) -> bool:
        """Whether to search for faces in this frame; call it once for every frame, in order."""
        if self._first_t is None:
            self._first_t = frame.t

        if self._moves(frame.picture.gray) or frame.t - self._first_t < WARM_UP_S:
            self._open_until_t = frame.t + HOLD_S
        is_open = frame.t <= self._open_until_t or frame.t - self._beat_t >= HEARTBEAT_S
        if is_open:
            self._beat_t = frame.t
        return is_open

    def _moves(self, gray: Gray) -> bool:
        """Whether enough of a picture, by its small grey copy, moves where it counts."""
        height, width = gray.shape
        size = (MASK_PX, max(1, round(height * MASK_PX / width)))
        small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        if self._counts is None or self._counts.shape != small.shape:
            self._counts = self._area.mask(*small.shape)

        # A change of nearly everything is learnt from the next picture on, so that it cannot hold
        # the gate open; -1 leaves the rate to OpenCV.
        rate = LEARNING_RATE_WHOLE if self._whole else -1
        moving = self._background.apply(small, learningRate=rate)
        self._whole = bool(np.count_nonzero(moving) > WHOLE_AREA * moving.size)

        self.moving = np.asarray(cv2.bitwise_and(moving, self._counts), np.uint8)
        return bool(np.count_nonzero(self.moving) >= MIN_AREA * moving.size)
