"""Tells pictures that show what is there from damaged, repeated and covered ones.

All of it is done on their small grey copies.
"""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Gray, Picture

DAMAGED = "the pictures it sends are damaged"
FROZEN = "the picture is frozen: it does not change at all"
COVERED = "the lens is covered, or it is dark"

# Pictures; an encoder repeats a frozen sensor's picture in a cycle this short.
RECENT = 8
TORN_S = 1.0  # what looks torn for longer is how the scene is now
CHANGED = 20  # grey levels
ROW_CHANGED = 0.6  # share of a row's spots; a row with more of them changed
ROW_UNCHANGED = 0.1  # share of the spots of all other rows
ROW_STEP = 0.45  # between the shares of two rows, one row between them
UNDECODED = 129  # the grey level that 128 in YUV becomes
FLAT = 10  # grey levels between the darkest and the brightest spot
EDGE = 10  # grey levels between neighbours
FAINT = 3  # grey levels between neighbours: hardly an edge
# A spot counts as an edge that lasts after about fifty pictures with it.
USUAL_RATE = 0.02
LASTING = 0.6  # share of the pictures
GONE_SHARE = 0.75  # of the lasting edges
# Share of spots; with more of them it is another scene, and no lens is covered.
NEW_EDGES = 0.016
EDGES_MIN = 0.004  # share of spots; a scene with fewer edges has too little to miss


def silence(seconds: float) -> str:
    """What is said of a camera that is connected and sends nothing."""
    return f"no new picture for more than {seconds:g} s"


class Inspector:
    """Looks at every picture of one camera, in order.

    Costs about 0.2 ms of one core, whatever the picture's size.  Owned by the thread that reads the
    camera.
    """

    def __init__(self) -> None:
        # Of the last pictures: what they were, and the last sound one itself.
        self._recent: deque[int] = deque(maxlen=RECENT)
        self._last: Gray | None = None
        # Since when pictures look torn, in media time.
        self._torn_t: float | None = None
        # The share of pictures in which a spot was an edge, (h, w - 1).
        self._usual: NDArray[np.float32] | None = None
        self.covered = False
        """Whether the last sound picture showed next to nothing."""

    def flaw(self, picture: Picture) -> str:
        """Why this picture must not be analysed; empty when it may."""
        gray = picture.gray
        if picture.corrupt or _is_undecoded(picture) or self._is_torn(picture):
            return DAMAGED

        key = hash((gray.shape, gray.tobytes()))
        repeated = key in self._recent
        self._recent.append(key)
        if repeated and _is_flat(gray):
            self.covered = True  # nothing is to be seen, so nothing can change
            return ""
        if repeated:
            return FROZEN

        self._last = gray
        self.covered = self._is_covered(gray)
        return ""

    def _is_torn(self, picture: Picture) -> bool:
        """Whether a part of the picture is from elsewhere, and that is new."""
        gray = picture.gray
        last = self._last
        if last is None or last.shape != gray.shape or len(gray) < 3:
            return False

        if not _has_torn_rows(gray, last) and not _has_new_grey_rows(gray, last):
            self._torn_t = None
        elif self._torn_t is None or picture.t < self._torn_t:
            self._torn_t = picture.t
        return self._torn_t is not None and picture.t - self._torn_t <= TORN_S

    def _is_covered(self, gray: Gray) -> bool:
        """Whether nearly all edges that last are gone, and no others have come."""
        smooth = np.asarray(cv2.blur(gray, (3, 3)), np.uint8)
        if _is_flat(smooth):
            return True

        steps = cv2.absdiff(smooth[:, 1:], smooth[:, :-1])
        edges = steps > EDGE
        if self._usual is None or self._usual.shape != edges.shape:
            self._usual = np.zeros(edges.shape, np.float32)

        lasting = self._usual > LASTING
        count = np.count_nonzero(lasting)
        turned = np.count_nonzero(edges & ~lasting) >= NEW_EDGES * edges.size
        # Not all of them, for a burnt-in clock may stay; faint next to what noise makes elsewhere.
        faint = max(FAINT, 2 * cv2.mean(steps, (~lasting).view(np.uint8))[0])
        gone = np.count_nonzero(lasting & (steps < faint)) >= GONE_SHARE * count
        covered = bool(count >= EDGES_MIN * edges.size and gone and not turned)

        # A wall that stays is the scene in the end: learnt in hours, not in seconds.
        rate = USUAL_RATE / 200 if covered else USUAL_RATE
        cv2.accumulateWeighted(edges.view(np.uint8), self._usual, rate)
        return covered


def _is_flat(gray: Gray) -> bool:
    return int(gray.max()) - int(gray.min()) < FLAT


def _has_torn_rows(gray: Gray, last: Gray) -> bool:
    """Whether rows changed over their whole width beside rows that did not, a sharp line between.

    gray, last: uint8 (h, w) of one shape, the picture and the one before it.
    """
    # (h,), the share of each row that changed
    rows = (cv2.absdiff(gray, last) > CHANGED).mean(axis=1)
    changed = rows >= ROW_CHANGED
    return bool(
        0.1 <= changed.mean() <= 0.9
        and rows[~changed].mean() <= ROW_UNCHANGED
        and np.abs(rows[2:] - rows[:-2]).max() >= ROW_STEP
    )


def _has_new_grey_rows(gray: Gray, last: Gray) -> bool:
    """Whether part of the rows, and not of those before, are the grey of what was never decoded."""
    new = _grey_rows(gray) & ~_grey_rows(last)
    return bool(0.1 <= new.mean() <= 0.9)


def _grey_rows(gray: Gray) -> NDArray[np.bool_]:
    """Which rows are the flat grey of what was never decoded, (h,)."""
    lowest = gray.min(axis=1)
    highest = gray.max(axis=1)
    grey = (lowest > UNDECODED - FLAT) & (highest < UNDECODED + FLAT)
    return np.asarray(grey, np.bool_)


def _is_undecoded(picture: Picture) -> bool:
    """Whether the whole picture is what a decoder shows that has nothing to show.

    That is the green of an empty buffer (all zero in YUV), or the grey of no reference picture
    (all 128).
    """
    if not _is_flat(picture.gray):
        return False

    step = max(1, picture.image.shape[0] // 16)
    blue, green, red = picture.image[::step, ::step].reshape(-1, 3).mean(axis=0)
    grey = max(abs(level - UNDECODED) for level in (blue, green, red)) < FLAT / 2
    return bool(green - max(blue, red) > 60 or grey)
