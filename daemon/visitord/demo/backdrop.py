"""The empty room a demo camera looks at, with a little sensor noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

NOISE_FIELDS = 6
NOISE_SIGMA = 0.9
_FLOOR_AT = 0.80  # share of the picture's height above the floor


@dataclass(frozen=True)
class Palette:
    """The colours of one room, BGR; `panel` is the door or picture on its wall."""

    wall: Colour
    floor: Colour
    panel: Colour
    trim: Colour


PALETTES = {
    "entrance": Palette(wall=(176, 188, 192), floor=(92, 108, 122), panel=(74, 96, 128), trim=(214, 220, 222)),
    "hall": Palette(wall=(192, 186, 172), floor=(120, 112, 100), panel=(150, 158, 132), trim=(226, 222, 214)),
}


class Backdrop:
    """A camera's empty view: a few noisy copies of one drawing, shown in turn."""

    def __init__(self, camera: str, width_px: int, height_px: int) -> None:
        random = np.random.default_rng(sum(camera.encode()))
        room = _room(PALETTES[camera], camera == "entrance", width_px, height_px, random)
        self._views = [_noisy(room, random) for _ in range(NOISE_FIELDS)]

    def frame(self, index: int) -> Image:
        """A fresh (height, width, 3) BGR copy for frame number `index`, free to draw on."""
        return self._views[index * 5 % NOISE_FIELDS].copy()


def _room(
    palette: Palette, has_door: bool, width_px: int, height_px: int, random: np.random.Generator
) -> NDArray[np.float32]:
    floor_px = int(height_px * _FLOOR_AT)
    room = np.empty((height_px, width_px, 3), np.uint8)
    room[:floor_px] = palette.wall
    room[floor_px:] = palette.floor
    cv2.rectangle(room, (0, floor_px - 22), (width_px, floor_px), palette.trim, cv2.FILLED)
    if has_door:
        _draw_panel(room, palette, (int(width_px * 0.70), int(height_px * 0.12)), (230, floor_px))
    else:
        _draw_panel(room, palette, (int(width_px * 0.12), int(height_px * 0.14)), (300, int(height_px * 0.42)))
        _draw_panel(room, palette, (int(width_px * 0.64), int(height_px * 0.14)), (300, int(height_px * 0.42)))
    soft = cv2.GaussianBlur(room, (0, 0), 1.6).astype(np.float32)
    return soft * _light(width_px, height_px, random)[..., np.newaxis]


def _draw_panel(room: Image, palette: Palette, corner_px: tuple[int, int], size_px: tuple[int, int]) -> None:
    """Draws a framed rectangle; `size_px` is its width and the row its lower edge reaches."""
    left_px, top_px = corner_px
    right_px, bottom_px = left_px + size_px[0], size_px[1]
    cv2.rectangle(room, (left_px - 14, top_px - 14), (right_px + 14, bottom_px), palette.trim, cv2.FILLED)
    cv2.rectangle(room, (left_px, top_px), (right_px, bottom_px - 14), palette.panel, cv2.FILLED)


def _light(width_px: int, height_px: int, random: np.random.Generator) -> NDArray[np.float32]:
    """The (height, width) brightness factor: a lamp above the middle and faint blotches on the wall."""
    across = np.linspace(-1.0, 1.0, width_px, dtype=np.float32)
    down = np.linspace(0.0, 1.0, height_px, dtype=np.float32)[:, np.newaxis]
    lamp = 1.08 - 0.14 * across**2 - 0.16 * down
    coarse = random.normal(1.0, 0.02, (9, 16)).astype(np.float32)
    blotches = cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(lamp * blotches, dtype=np.float32)


def _noisy(room: NDArray[np.float32], random: np.random.Generator) -> Image:
    height_px, width_px = room.shape[:2]
    grain = random.normal(0.0, NOISE_SIGMA, (height_px, width_px, 1)).astype(np.float32)
    return np.asarray(np.clip(room + grain + 0.5, 0, 255), dtype=np.uint8)
