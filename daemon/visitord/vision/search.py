"""Which parts of a picture are searched for faces, and which wait for one of the next pictures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Gray
from visitord.vision.motion import WHOLE_AREA
from visitord.vision.tiling import (
    WINDOW_PX,
    Box,
    CloseUp,
    Region,
    Window,
    close_up,
    core,
    followed_region,
    grouped,
    joined,
    level,
    moving_regions,
    overlap,
    tiles,
    window_around,
)

# So few windows are searched in every picture.  Where there are more, those around faces that are
# followed are, or one where there is none; for so long do those around what else moves wait, and
# smaller ones within them.
FEW = 2
TURN_S = 0.5
DETAIL_S = 2.0
WHOLE_EVERY_S = 1.0
# Rows and columns of spots for which is noted when they were seen.
SPOTS = 80

Spot = TypeVar("Spot", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is searched in one picture.

    Attributes
    ----------
    windows : list of Window
        In which order.
    put_off : int
        How many more were due, for which there is no time.
    close_ups : list of CloseUp
        Where faces that are followed steadily are looked for instead of in windows.
    """

    windows: list[Window]
    put_off: int = 0
    close_ups: Sequence[CloseUp] = ()

    @property
    def turns(self) -> int:
        """In how many pictures each of what was due has its turn."""
        return 1 + math.ceil(self.put_off / max(1, len(self.windows)))


class Search:
    """Has the windows of a camera's pictures take turns.  Owned by its pipeline."""

    def __init__(self) -> None:
        # When the whole picture was searched last, and each spot of it, by the level of detail.
        self._whole_t = float("-inf")
        self._seen: dict[int, NDArray[np.float64]] = {}
        # When windows were searched last, and not only close-ups.
        self._windows_t = float("-inf")

    def choose(
        self,
        t: float,
        shape: tuple[int, int],
        followed: Sequence[Box],
        moving: Gray | None,
        most: int | None = None,
        *,
        steady: bool = False,
    ) -> Choice:
        """The windows to search now, what has waited longest first.

        All of them hold what moves or is followed.  The whole picture comes last, once a second.
        While nothing moves but around faces that are followed steadily, close-ups of these do in
        between.

        Parameters
        ----------
        t
            When the picture was taken, seconds.
        shape
            Its height and width, in pixels.
        followed
            Where faces are expected.
        moving
            Not zero where something moves, see `MotionGate.moving`; None where that is unknown.
        most
            For how many windows there is time; None: for all.
        steady
            Whether each of those followed was seen just now, and for some time.
        """
        height, width = shape
        whole = (0, 0, width, height)
        motion = [] if moving is None else moving_regions(moving, height, width)
        if steady and self._may_be_brief(t, followed, motion):
            close_ups = [close_up(box, height, width) for box in followed]
            if all(one.is_sizeable for one in close_ups):
                return Choice([], close_ups=close_ups)

        self._windows_t = t
        regions = _regions(followed, motion, height, width)
        due = self._due(t, shape, regions, moving)
        chosen = due[:most]
        put_off = len(due) - len(chosen)
        is_whole_due = not 0 <= t - self._whole_t < WHOLE_EVERY_S
        if whole not in chosen and (is_whole_due or not regions):
            chosen.append(whole)
        if whole in chosen:
            self._whole_t = t

        for window in chosen:
            self._spots(window, window, shape)[:] = t
        return Choice(chosen, put_off)

    def _may_be_brief(self, t: float, followed: Sequence[Box], motion: Sequence[Region]) -> bool:
        """Whether close-ups are enough: the rest was searched lately, and nothing else moves.

        Not where faces overlap: shrunk to a close-up, half hidden ones are aligned worse.
        """
        if not followed or not 0 <= t - self._windows_t < TURN_S:
            return False
        if any(overlap(one, other) for one, other in combinations(followed, 2)):
            return False
        return all(any(_holds(part.box, box) for box in followed) for part in motion)

    def _due(
        self, t: float, shape: tuple[int, int], regions: Sequence[Region], moving: Gray | None
    ) -> list[Window]:
        """The windows that are due, of those around regions and of the smaller ones within them."""
        seen: dict[Window, float] = {}
        due: set[Window] = set()
        for region in regions:
            window = window_around(region.box, *shape)
            seen[window] = self._seen_t(region.box, window, shape)
            has_waited = not 0 <= t - seen[window] < TURN_S
            if region.followed or has_waited or len(regions) <= FEW:
                due.add(window)
        if not due:
            due.update(_oldest_first(seen)[:1])

        for tile in self._tiles(t, shape, list(seen), moving):
            seen[tile] = self._seen_t(tile, tile, shape)
            due.add(tile)
        return [window for window in _oldest_first(seen) if window in due]

    def _tiles(
        self, t: float, shape: tuple[int, int], held: Sequence[Window], moving: Gray | None
    ) -> list[Window]:
        """The smaller windows that are due, within those that show little detail.

        None while everything moves: then it is the light, or the camera.
        """
        if moving is None or np.count_nonzero(moving) > WHOLE_AREA * moving.size:
            return []

        moves = cv2.resize(moving, (SPOTS, SPOTS), interpolation=cv2.INTER_AREA) > 0
        found: list[Window] = []
        for window in held:
            for tile in tiles(window, *shape):
                middle = core(tile, window)
                has_waited = self._spots(middle, tile, shape) <= t - DETAIL_S
                if (has_waited & _part(moves, middle, shape)).any():
                    found.append(tile)
        return found

    def _seen_t(self, box: Box, window: Window, shape: tuple[int, int]) -> float:
        """When all of a box was seen last with as much detail as a window shows."""
        return float(self._spots(box, window, shape).min())

    def _spots(self, box: Box, window: Window, shape: tuple[int, int]) -> NDArray[np.float64]:
        """When the spots in a box were seen last with a window's detail, as a view."""
        never = np.full((SPOTS, SPOTS), float("-inf"))
        return _part(self._seen.setdefault(level(window, *shape), never), box, shape)


def _regions(
    followed: Sequence[Box], motion: Sequence[Region], height: int, width: int
) -> list[Region]:
    """What is to be seen, put together as far as windows show it well.

    Where a few windows do not hold it in full detail, faces that are large enough share one.  A
    picture of which half of the detail is left in the whole is then seen in one window.
    """
    faces = [Region(box, followed=True) for box in followed]
    few = grouped([*faces, *motion], height, width)
    if len(few) <= FEW:
        return few
    if max(height, width) <= 2 * WINDOW_PX:
        return [joined(few)]
    return grouped([*map(followed_region, followed), *motion], height, width)


def _holds(box: Box, other: Box) -> bool:
    """Whether the middle of the other one lies in a box."""
    x = (other[0] + other[2]) / 2
    y = (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _oldest_first(seen: Mapping[Window, float]) -> list[Window]:
    return sorted(seen, key=lambda window: seen[window])


def _part(spots: NDArray[Spot], box: Box, shape: tuple[int, int]) -> NDArray[Spot]:
    """The part of an array of spots, which spans the picture, that a box touches, as a view."""
    height, width = shape
    rows, columns = spots.shape
    x0, x1 = _span(box[0] / width, box[2] / width, columns)
    y0, y1 = _span(box[1] / height, box[3] / height, rows)
    return spots[y0:y1, x0:x1]


def _span(first: float, last: float, count: int) -> tuple[int, int]:
    """The first of that many spots whose middles lie between two shares, and the one after.

    At least one.
    """
    begin = min(max(0, round(first * count)), count - 1)
    return begin, max(begin + 1, min(round(last * count), count))
