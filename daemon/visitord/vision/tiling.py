"""Where to look closely: detectors scale a picture down, and find small faces only in a part of it.

A look at a window costs as much as one at the whole picture, for the detector is given the same
number of pixels.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from visitord.core.records import Detection, Gray

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels, possibly reaching out of the picture."""

Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 of a part of the picture."""

# The wider side detectors see: a window this large is seen in full detail.
WINDOW_PX = 640
# More regions than these windows hold are seen in one larger window.
WINDOWS_MAX = 2
NMS_IOU = 0.3
MARGIN_PX = 48  # around what moves: heads rise above the moving rest


def moving_regions(moving: Gray, height: int, width: int) -> list[Box]:
    """Boxes around the connected parts of a motion mask.

    Parameters
    ----------
    moving : uint8 (rows, columns)
        Not zero where something moves; see `MotionGate.moving`.
    height, width
        Of the picture that it is of, in pixels.
    """
    rows, columns = moving.shape
    down = height / rows  # pixels a spot
    across = width / columns
    joined = cv2.dilate(moving, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)

    regions: list[Box] = []
    for x, y, w, h, _ in stats[1:].tolist():  # the first is what does not move
        x0 = x * across - MARGIN_PX
        y0 = y * down - MARGIN_PX
        x1 = (x + w) * across + MARGIN_PX
        y1 = (y + h) * down + MARGIN_PX
        regions.append((x0, y0, x1, y1))
    return regions


def windows(regions: Sequence[Box], height: int, width: int) -> list[Window]:
    """At most WINDOWS_MAX windows that hold the regions, with the picture's proportions.

    As many as hold them in full detail; when those are too many, one for all.  The whole picture
    without regions.

    Parameters
    ----------
    regions
        What is to be seen.
    height, width
        Of the picture, in pixels.
    """
    if not regions:
        return [(0, 0, width, height)]

    least = min(1.0, WINDOW_PX / max(height, width))
    groups = _grouped(regions, least, height, width)
    if len(groups) > WINDOWS_MAX:
        groups = [_around(*groups)]

    found: list[Window] = []
    for group in groups:
        share = max(least, _share(group, height, width))
        found.append(_window(group, share, height, width))
    return found


def _grouped(regions: Sequence[Box], most: float, height: int, width: int) -> list[Box]:
    """Boxes around regions that lie close: each needs at most that share of the picture's side."""
    groups: list[Box] = []
    for region in sorted(regions):
        joined = region
        for group in groups:
            both = _around(group, region)
            if _share(both, height, width) <= most:
                groups.remove(group)
                joined = both
                break
        groups.append(joined)
    return groups


def distinct(faces: Sequence[Detection]) -> list[Detection]:
    """Each face once, best score first, where windows overlap."""
    # x, y, width, height
    boxes = [(*face.box[:2].tolist(), face.width_px, face.height_px) for face in faces]
    scores = [face.score for face in faces]
    kept = cv2.dnn.NMSBoxes(boxes, scores, 0.0, NMS_IOU)
    return [faces[int(i)] for i in kept]


def is_cut(face: Detection, window: Window, height: int, width: int) -> bool:
    """Whether a face reaches an edge of its window beyond which the picture goes on.

    Parameters
    ----------
    face
        In pixels of the picture.
    window
        Where it was found.
    height, width
        Of the picture, in pixels.
    """
    x0, y0, x1, y1 = window
    inner = np.array([x0 > 0, y0 > 0, x1 < width, y1 < height])
    reaches = np.concatenate([face.box[:2] <= window[:2], face.box[2:] >= window[2:]])
    return bool((inner & reaches).any())


def _around(*boxes: Box) -> Box:
    """The smallest box that holds these."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _share(box: Box, height: int, width: int) -> float:
    """The side of the smallest window around the box, as a share of the picture's, 0..1."""
    return min(1.0, max((box[2] - box[0]) / width, (box[3] - box[1]) / height))


def _window(box: Box, share: float, height: int, width: int) -> Window:
    """A window of that share of the picture's sides, its middle as near the box's as it can be."""
    w = round(width * share)
    h = round(height * share)
    x = min(max(0, round((box[0] + box[2] - w) / 2)), width - w)
    y = min(max(0, round((box[1] + box[3] - h) / 2)), height - h)
    return x, y, x + w, y + h
