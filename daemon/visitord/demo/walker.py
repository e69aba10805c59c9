"""A portrait that glides across a camera's view."""

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.records import Image

_EDGE_SCALE = 0.85  # size at the view's edges relative to the middle
_BOB_PX = 6.0
_BOBS_PER_PASS = 5
_MASK_AXES = (0.40, 0.46)  # semi-axes of the ellipse across and down, as shares of the side
_MASK_FEATHER = 0.16  # width of its soft rim, in the same measure as an ellipse radius of 1


class Spot(NamedTuple):
    """The square a walker covers at one moment, in pixels; it may reach over the view's border."""

    left: int
    top: int
    side: int


def spot(share: float, view_width_px: int, side_px: float, lane_px: float) -> Spot:
    """Where a walker is at `share` of the way: 0 just left of the view, 1 just right of it.

    `side_px` is the walker's size in the middle of the view, `lane_px` the row around which it bobs.
    """
    x = share * (view_width_px + side_px) - side_px / 2
    y = lane_px + _BOB_PX * math.sin(2 * math.pi * _BOBS_PER_PASS * share)
    side = round(side_px * (_EDGE_SCALE + (1 - _EDGE_SCALE) * math.sin(math.pi * share)))
    return Spot(round(x - side / 2), round(y - side / 2), side)


def paint(view: Image, portrait: Image, where: Spot) -> None:
    """Blends the square `portrait` into `view` at `where`, in place; what lies outside is left out."""
    height, width = view.shape[:2]
    rows = slice(max(0, -where.top), max(0, height - where.top))
    columns = slice(max(0, -where.left), max(0, width - where.left))
    method = cv2.INTER_AREA if where.side < len(portrait) else cv2.INTER_CUBIC
    patch = cv2.resize(portrait, (where.side, where.side), interpolation=method)[rows, columns].astype(np.float32)
    alpha = _mask(where.side)[rows, columns]
    region = view[max(0, where.top) :, max(0, where.left) :][: patch.shape[0], : patch.shape[1]]
    region[:] = region + alpha * (patch - region) + 0.5


@lru_cache(maxsize=128)
def _mask(side: int) -> NDArray[np.float32]:
    """The (side, side, 1) opacity of a portrait: 1 inside an upright ellipse, 0 outside, soft between."""
    offsets = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    radius = np.hypot(offsets / _MASK_AXES[0], offsets[:, np.newaxis] / _MASK_AXES[1])
    ramp = np.clip((1 + _MASK_FEATHER / 2 - radius) / _MASK_FEATHER, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)[..., np.newaxis]
