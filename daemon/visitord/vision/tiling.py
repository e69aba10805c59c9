"""Where to look closely: detectors scale a picture down, and find small faces only in a part of it.

A look at a window costs as much as one at the whole picture, for the detector is given the same
number of pixels.  Which windows are looked at when is for `visitord.vision.search`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from visitord.core.records import Detection, Gray

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels, possibly reaching out of the picture."""

Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 of a part of the picture."""

# The wider side detectors see: a window this large is seen in full detail.
WINDOW_PX = 640
# A face that is followed is found as well where it is seen this wide.
FOLLOWED_PX = 64
# A close-up of one is so many faces wide, and no less than so many pixels; the detector sees the
# face so wide there.
CLOSE_UP_FACES = 3.0
CLOSE_UP_FACE_PX = 96
CLOSE_UP_MIN_PX = 160
NMS_IOU = 0.3
OVERLAP = 0.25  # of its sides, how far a tile reaches into the next
MARGIN_PX = 48  # around what moves: heads rise above the moving rest


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture that is to be seen.

    Attributes
    ----------
    box : Box
        Where it is.
    side_px : float
        How large a window may be for it to be seen well.
    followed : bool
        Whether a face is expected there.
    """

    box: Box
    side_px: float = WINDOW_PX
    followed: bool = False


def moving_regions(moving: Gray, height: int, width: int) -> list[Region]:
    """What lies around the connected parts of a motion mask.

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

    regions: list[Region] = []
    for x, y, w, h, _ in stats[1:].tolist():  # the first is what does not move
        x0 = x * across - MARGIN_PX
        y0 = y * down - MARGIN_PX
        x1 = (x + w) * across + MARGIN_PX
        y1 = (y + h) * down + MARGIN_PX
        regions.append(Region((x0, y0, x1, y1)))
    return regions


def followed_region(box: Box) -> Region:
    """What lies around a face that is followed, its box being twice as large as the face."""
    face_px = (box[2] - box[0]) / 2
    return Region(box, WINDOW_PX * max(1.0, face_px / FOLLOWED_PX), followed=True)


@dataclass(frozen=True, slots=True)
class CloseUp:
    """A small part of the picture, where a face is expected, seen as large as that needs.

    Attributes
    ----------
    window : Window
        Which part.
    scale : float
        How many times its size in the picture it is shown to the detector, at most 1.
    """

    window: Window
    scale: float

    @property
    def is_sizeable(self) -> bool:
        """Whether enough of it lies within the picture for a face to be seen."""
        x0, y0, x1, y1 = self.window
        return min(x1 - x0, y1 - y0) >= CLOSE_UP_MIN_PX / 4


def close_up(box: Box, height: int, width: int) -> CloseUp:
    """What lies around a face that is followed, its box being twice as large as the face.

    Parameters
    ----------
    box
        Where it is expected.
    height, width
        Of the picture, in pixels.
    """
    x0, y0, x1, y1 = box
    face_px = (x1 - x0) / 2
    reach_px = max(CLOSE_UP_FACES * face_px, CLOSE_UP_MIN_PX) / 2
    x = (x0 + x1) / 2
    y = (y0 + y1) / 2
    window = (
        round(min(max(0, x - reach_px), width - 1)),
        round(min(max(0, y - reach_px), height - 1)),
        round(max(1, min(x + reach_px, width))),
        round(max(1, min(y + reach_px, height))),
    )
    return CloseUp(window, min(1.0, CLOSE_UP_FACE_PX / face_px))


def grouped(regions: Iterable[Region], height: int, width: int) -> list[Region]:
    """The regions, those put together that one window shows well.

    Parameters
    ----------
    regions
        What is to be seen, in any order.
    height, width
        Of the picture, in pixels.
    """
    groups: list[Region] = []
    for region in sorted(regions, key=lambda one: (not one.followed, one.box)):
        whole = region
        for group in groups:
            both = joined([group, region])
            if _share(both.box, height, width) <= _share_of(both.side_px, height, width):
                groups.remove(group)
                whole = both
                break
        groups.append(whole)
    return groups


def joined(regions: Sequence[Region]) -> Region:
    """One region around these, of which there is one at least."""
    box = _around(*(region.box for region in regions))
    side_px = min(region.side_px for region in regions)
    return Region(box, side_px, any(region.followed for region in regions))


def window_around(box: Box, height: int, width: int) -> Window:
    """The window that shows a box with the most detail, with the picture's proportions.

    Its middle is as near the box's as it can be.

    Parameters
    ----------
    box
        What is to be seen.
    height, width
        Of the picture, in pixels.
    """
    share = max(_share_of(WINDOW_PX, height, width), _share(box, height, width))
    w = round(width * share)
    h = round(height * share)
    x = min(max(0, round((box[0] + box[2] - w) / 2)), width - w)
    y = min(max(0, round((box[1] + box[3] - h) / 2)), height - h)
    return x, y, x + w, y + h


def tiles(window: Window, height: int, width: int) -> list[Window]:
    """Smaller windows that cover one in which little detail is left, each reaching into the next.

    None where it shows half of the detail there is, or more.  Else those of full detail, of half,
    and so on: a face that is cut in all of one size is whole in one of the next.

    Parameters
    ----------
    window
        What is to be covered.
    height, width
        Of the picture, in pixels.
    """
    x0, y0, x1, y1 = window
    share = (x1 - x0) / width
    found: list[Window] = []
    side = _share_of(WINDOW_PX, height, width)
    while 2 * side < share:
        w = round(width * side)
        h = round(height * side)
        found += [(x, y, x + w, y + h) for y in _starts(y0, y1, h) for x in _starts(x0, x1, w)]
        side *= 2
    return found


def core(tile: Window, window: Window) -> Box:
    """The part of a window that one of its tiles shows better than the next ones do."""
    x0, y0, x1, y1 = tile
    across = (x1 - x0) * OVERLAP / 2
    down = (y1 - y0) * OVERLAP / 2
    return (
        x0 + across * (x0 > window[0]),
        y0 + down * (y0 > window[1]),
        x1 - across * (x1 < window[2]),
        y1 - down * (y1 < window[3]),
    )


def level(window: Window, height: int, width: int) -> int:
    """How much detail is lost in a window: 0 none, 1 half of it, 2 three quarters, and so on."""
    x0, _, x1, _ = window
    return round(math.log2((x1 - x0) / width / _share_of(WINDOW_PX, height, width)))


def _starts(first: int, last: int, side: int) -> list[int]:
    """Where pieces of that side begin that cover first to last, which is no less, evenly."""
    room = last - first - side
    count = 1 + math.ceil(max(0, room) / (side * (1 - OVERLAP)))
    return [first + round(room * n / max(1, count - 1)) for n in range(count)]


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


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes have pixels in common; those at their edges count."""
    beside = one[2] < other[0] or other[2] < one[0]
    above = one[3] < other[1] or other[3] < one[1]
    return not (beside or above)


def _around(*boxes: Box) -> Box:
    """The smallest box that holds these."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _share(box: Box, height: int, width: int) -> float:
    """The side of the smallest window around the box, as a share of the picture's, 0..1."""
    return min(1.0, max((box[2] - box[0]) / width, (box[3] - box[1]) / height))


def _share_of(side_px: float, height: int, width: int) -> float:
    """A window's longer side as a share of the picture's, 0..1."""
    return min(1.0, side_px / max(height, width))
