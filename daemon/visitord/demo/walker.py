"""A portrait that glides across a camera's view."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.demo.faces import CROP_PER_FACE, Portrait

Image = NDArray[np.uint8]

_EDGE_SCALE = 0.85  # size at the picture's edges relative to the middle
_BOB_PX = 6.0
_BOBS_PER_PASS = 5.0
_MASK_AXES = (0.40, 0.46)  # semi-axes of the ellipse across and down, as shares of the side
_MASK_FEATHER = 0.16  # width of its soft rim, in the same measure as an ellipse radius of 1


@dataclass(frozen=True)
class Path2d:
    """One pass through a view of `view_width_px`: the height of the face at mid-pass and its lane."""

    view_width_px: int
    face_height_px: float
    lane_px: float
    leftwards: bool


@dataclass(frozen=True)
class Spot:
    """The square a walker covers at one moment; it may reach over the view's border."""

    left_px: int
    top_px: int
    side_px: int


def spot(path: Path2d, progress: float) -> Spot:
    """Where the walker is at `progress` (0 just outside one side, 1 just outside the other)."""
    full_px = path.face_height_px * CROP_PER_FACE
    share = 1.0 - progress if path.leftwards else progress
    centre_px = -full_px / 2 + share * (path.view_width_px + full_px)
    bob_px = _BOB_PX * math.sin(2 * math.pi * _BOBS_PER_PASS * progress)
    side_px = round(full_px * (_EDGE_SCALE + (1 - _EDGE_SCALE) * math.sin(math.pi * progress)))
    return Spot(round(centre_px - side_px / 2), round(path.lane_px + bob_px - side_px / 2), side_px)


def paint(view: Image, portrait: Portrait, where: Spot) -> None:
    """Blends `portrait` into `view` (height, width, 3) at `where`, in place."""
    height_px, width_px = view.shape[:2]
    top_px, left_px = max(0, where.top_px), max(0, where.left_px)
    bottom_px = min(height_px, where.top_px + where.side_px)
    right_px = min(width_px, where.left_px + where.side_px)
    if top_px >= bottom_px or left_px >= right_px:
        return
    rows = slice(top_px - where.top_px, bottom_px - where.top_px)
    columns = slice(left_px - where.left_px, right_px - where.left_px)
    patch = _resized(portrait.image, where.side_px)[rows, columns].astype(np.float32)
    alpha = _mask(where.side_px)[rows, columns, np.newaxis]
    region = view[top_px:bottom_px, left_px:right_px]
    region[:] = (region + alpha * (patch - region) + 0.5).astype(np.uint8)


def _resized(image: Image, side_px: int) -> Image:
    shrinks = side_px < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (side_px, side_px), interpolation=method), dtype=np.uint8)


@lru_cache(maxsize=128)
def _mask(side_px: int) -> NDArray[np.float32]:
    """The (side, side) opacity of a portrait: 1 inside an upright ellipse, 0 outside, soft between."""
    offsets = (np.arange(side_px, dtype=np.float32) + 0.5) / side_px - 0.5
    radius = np.hypot(offsets[np.newaxis, :] / _MASK_AXES[0], offsets[:, np.newaxis] / _MASK_AXES[1])
    ramp = np.clip((1.0 + _MASK_FEATHER / 2 - radius) / _MASK_FEATHER, 0.0, 1.0)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp), dtype=np.float32)
