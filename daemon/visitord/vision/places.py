"""Where faces are, how large, and whether they stay there."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Detection

# Of a face's size; detections of an unmoved face scatter by a few per cent.
MOVED = 0.15
# Of a face's size: nothing that hangs on a wall gets so far, or so much larger.
FAR = 2.0
GROWN = 1.6
PLACES_MAX = 50  # remembered


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a face is, and how large.

    Attributes
    ----------
    centre : float64 (2,)
        x, y in pixels, of the middle of its box.
    side_px : float
        The side of the square with the box's area, at least one pixel.
    """

    centre: NDArray[np.float64]
    side_px: float

    @classmethod
    def of(cls, detection: Detection) -> "Place":
        """The place of a detection."""
        box = detection.box.astype(np.float64)
        area = max(detection.width_px * detection.height_px, 0.0)
        return cls((box[:2] + box[2:]) / 2, max(math.sqrt(area), 1.0))

    def is_at(self, other: "Place") -> bool:
        """Whether it is where, and as large as, the other one, but for a detector's scatter."""
        distance = float(np.linalg.norm(self.centre - other.centre))
        growth = abs(self.side_px - other.side_px)
        return distance <= MOVED * other.side_px and growth <= 2 * MOVED * other.side_px

    def is_far_from(self, other: "Place") -> bool:
        """Whether a face that was there has crossed several face widths, or come nearer or gone."""
        smaller_px, larger_px = sorted((self.side_px, other.side_px))
        distance = float(np.linalg.norm(self.centre - other.centre))
        return distance >= FAR * larger_px or larger_px >= GROWN * smaller_px


class StaticPlaces:
    """The places of faces that never move, such as a poster's: what appears there is one too.

    Owned by the tracker.
    """

    def __init__(self) -> None:
        self._places: list[Place] = []

    def remember(self, place: Place) -> None:
        """Add a place, and forget the oldest of too many."""
        self._places = [*self._places[1 - PLACES_MAX :], place]

    def holds(self, place: Place) -> bool:
        """Whether a face there is static."""
        return any(place.is_at(known) for known in self._places)
