"""Which part of a camera's picture counts."""

from dataclasses import dataclass

import cv2
import numpy as np

from visitord.core.records import Gray

Polygon = tuple[tuple[float, float], ...]
"""Corners x, y as shares of the picture's width and height, 0..1."""


@dataclass(frozen=True, slots=True)
class Area:
    """Which part of a picture counts.

    Attributes
    ----------
    ignore : tuple of Polygon
        What does not count.
    only : tuple of Polygon
        What alone counts, as far as it is not ignored; without any, all the rest counts.
    """

    ignore: tuple[Polygon, ...] = ()
    only: tuple[Polygon, ...] = ()

    def mask(self, height: int, width: int) -> Gray:
        """uint8 (height, width): 255 where the picture counts, 0 where not."""
        mask = np.full((height, width), 0 if self.only else 255, np.uint8)
        for polygon in self.only:
            cv2.fillPoly(mask, [corners(polygon, height, width)], 255)
        for polygon in self.ignore:
            cv2.fillPoly(mask, [corners(polygon, height, width)], 0)
        return mask

    def counts(self, x: float, y: float) -> bool:
        """Whether the point at these shares of width and height counts."""

        def is_within(polygon: Polygon) -> bool:
            contour = np.array(polygon, np.float32)
            return cv2.pointPolygonTest(contour, (x, y), measureDist=False) >= 0

        if self.only and not any(map(is_within, self.only)):
            return False
        return not any(map(is_within, self.ignore))


WHOLE = Area()


def corners(polygon: Polygon, height: int, width: int) -> np.ndarray:
    """The polygon's corners in pixels, int32 (n, 2)."""
    return np.round(np.array(polygon) * (width - 1, height - 1)).astype(np.int32)
