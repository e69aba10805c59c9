"""Which part of a camera's picture counts."""

from dataclasses import dataclass

import cv2
import numpy as np

from visitord.core.records import Gray

Polygon = tuple[
    tuple[float, float], ...
]  # corners x, y as shares of the picture's width and height, 0..1


@dataclass(frozen=True, slots=True)
class Area:
    """Polygons to ignore, and polygons that count; without the latter, all the rest counts."""

    ignore: tuple[Polygon, ...] = ()
    only: tuple[Polygon, ...] = ()

    def mask(self, height: int, width: int) -> Gray:
        """uint8 (height, width): 255 where the picture counts, 0 where not."""
        mask = np.full((height, width), 0 if self.only else 255, np.uint8)
        for polygons, value in ((self.only, 255), (self.ignore, 0)):
            for polygon in polygons:
                cv2.fillPoly(mask, [corners(polygon, height, width)], value)
        return mask

    def counts(self, x: float, y: float) -> bool:
        """Whether the point at these shares of width and height counts."""

        def within(polygon: Polygon) -> bool:
            return (
                cv2.pointPolygonTest(np.array(polygon, np.float32), (x, y), measureDist=False) >= 0
            )

        return (not self.only or any(map(within, self.only))) and not any(map(within, self.ignore))


WHOLE = Area()


def corners(polygon: Polygon, height: int, width: int) -> np.ndarray:
    """The polygon's corners in pixels, int32 (n, 2)."""
    return np.round(np.array(polygon) * (width - 1, height - 1)).astype(np.int32)
