"""Where to look closely: detectors scale a picture down, so small faces are found only in a part of
it.

A look at a window costs as much as one at the whole picture, for the detector is given the same
number of pixels.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from visitord.core.records import Detection, Gray

Box = tuple[float, float, float, float]  # x0, y0, x1, y1

WINDOW_PX = 640  # the wider side detectors see: a window this large is seen in full detail
WINDOWS_MAX = 2  # more regions than these windows hold are seen in one larger window
NMS_IOU = 0.3
MARGIN_PX = 48  # around what moves: heads rise above the moving rest


def moving_regions(moving: Gray, height: int, width: int) -> list[Box]:
    """Boxes around the connected parts of a motion mask, in pixels of a picture of that size."""
    down, across = height / moving.shape[0], width / moving.shape[1]
    joined = cv2.dilate(moving, np.ones((3, 3), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined)[2][1:]  # the first is what does not move
    return [
        (
            x * across - MARGIN_PX,
            y * down - MARGIN_PX,
            (x + w) * across + MARGIN_PX,
            (y + h) * down + MARGIN_PX,
        )
        for x, y, w, h, _ in stats.tolist()
    ]


def windows(regions: Sequence[Box], height: int, width: int) -> list[tuple[int, int, int, int]]:
    """At most WINDOWS_MAX windows x0, y0, x1, y1 with the picture's proportions that hold the
    regions.

    As many as hold them in full detail; when those are too many, one for all.  The whole picture
    without regions.
    """
    least = min(1.0, WINDOW_PX / max(height, width))
    groups: list[Box] = []
    for region in sorted(regions):
        fitting = next(
            (g for g in groups if _share(_around(g, region), height, width) <= least), None
        )
        if fitting is not None:
            groups.remove(fitting)
        groups.append(_around(fitting, region) if fitting else region)
    if len(groups) > WINDOWS_MAX:
        groups = [_around(*groups)]
    return [_window(g, max(least, _share(g, height, width)), height, width) for g in groups] or [
        (0, 0, width, height)
    ]


def distinct(faces: Sequence[Detection]) -> list[Detection]:
    """Each face once, best score first, where windows overlap."""
    corners = [(*f.box[:2].tolist(), f.width_px, f.height_px) for f in faces]
    kept = cv2.dnn.NMSBoxes(corners, [f.score for f in faces], 0.0, NMS_IOU)
    return [faces[int(i)] for i in kept]


def is_cut(face: Detection, window: tuple[int, int, int, int], height: int, width: int) -> bool:
    """Whether a face (in pixels of the picture) reaches an edge of its window beyond which the
    picture goes on.
    """
    inner = np.array([window[0] > 0, window[1] > 0, window[2] < width, window[3] < height])
    reaches = np.concatenate([face.box[:2] <= window[:2], face.box[2:] >= window[2:]])
    return bool((inner & reaches).any())


def _around(*boxes: Box) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _share(box: Box, height: int, width: int) -> float:
    """The side of the smallest window around the box, as a share of the picture's, at most all of
    it.
    """
    return min(1.0, max((box[2] - box[0]) / width, (box[3] - box[1]) / height))


def _window(box: Box, share: float, height: int, width: int) -> tuple[int, int, int, int]:
    w, h = round(width * share), round(height * share)
    x = min(max(0, round((box[0] + box[2] - w) / 2)), width - w)
    y = min(max(0, round((box[1] + box[3] - h) / 2)), height - h)
    return x, y, x + w, y + h
