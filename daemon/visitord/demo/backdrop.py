"""The empty room a demo camera looks at, with a little sensor noise."""

import cv2
import numpy as np

from visitord.records import Image

NOISE_SIGMA = 0.9  # grey levels
VIEWS = 6

# BGR of wall, floor and door.
_COLOURS = {
    "entrance": ((176, 188, 192), (92, 108, 122), (74, 96, 128)),
    "hall": ((192, 186, 172), (120, 112, 100), (150, 158, 132)),
}


def views(camera: str, width_px: int, height_px: int) -> tuple[Image, ...]:
    """(height, width, 3) BGR pictures of one room that differ in their noise only, to be shown in turn."""
    wall, floor, door = _COLOURS[camera]
    floor_px = height_px * 4 // 5
    room = np.empty((height_px, width_px, 3), np.uint8)
    room[:floor_px] = wall
    room[floor_px:] = floor
    room[height_px // 8 : floor_px, width_px * 7 // 10 : width_px * 9 // 10] = door
    lit = cv2.GaussianBlur(room, (0, 0), 1.6) * np.linspace(1.08, 0.92, height_px)[:, np.newaxis, np.newaxis]
    random = np.random.default_rng(len(camera))
    grains = (random.normal(0.5, NOISE_SIGMA, (height_px, width_px, 1)) for _ in range(VIEWS))
    return tuple(np.clip(lit + grain, 0, 255).astype(np.uint8) for grain in grains)
