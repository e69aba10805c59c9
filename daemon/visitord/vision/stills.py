"""Faces in a single photograph, whatever its size: the whole is searched, then in tiles.

Detectors scale a picture down.  In a photograph of 4032 px a face of 75 px is one of 19 px to them,
which they do not find.
"""

import math
from collections.abc import Iterator

import numpy as np

from visitord.core.records import Detection, Image
from visitord.models.pack import Pack
from visitord.vision.tiling import Window, is_cut

FACE_PX = 40  # narrower ones are of no use as a reference
# In a picture no larger a face of that width is found: to YuNet, which sees 1024 px of a
# photograph, it is 32 px wide, to SCRFD, which sees 640 px, 20 px.
TILE_PX = 1280
# How far a tile reaches into the next: faces up to 320 px wide are whole in one.
OVERLAP = 0.25
# The share of the smaller of two boxes that lies in the other one, from which on they are one face.
SAME = 0.6


def find_faces(pack: Pack, image: Image) -> list[Detection]:
    """All faces in a photograph from 40 px on, best first.

    Parameters
    ----------
    pack : Pack
        Its detector is used.
    image : (h, w, 3) uint8
        BGR.
    """
    return _closer(pack, image, pack.detect(image, still=True))


def find_sitter(pack: Pack, image: Image) -> list[Detection]:
    """The faces in a photograph of one person: the largest, and at least all half as wide.

    Where that one is large, the whole photograph shows them all, and no tiles are searched.

    Parameters
    ----------
    pack : Pack
        Its detector is used.
    image : (h, w, 3) uint8
        BGR.
    """
    found = pack.detect(image, still=True)
    widest_px = max((face.width_px for face in found), default=0.0)
    if widest_px * TILE_PX >= 2 * FACE_PX * max(image.shape[:2]):
        return found
    return _closer(pack, image, found)


def _closer(pack: Pack, image: Image, found: list[Detection]) -> list[Detection]:
    """What was found in the whole photograph, with what its tiles show."""
    height, width = image.shape[:2]
    tiles = list(_tiles(height, width))
    if not tiles:
        return found

    faces = list(found)
    for tile in tiles:
        x0, y0, x1, y1 = tile
        for face in pack.detect(image[y0:y1, x0:x1], still=True):
            moved = face.moved(x0, y0)
            if not is_cut(moved, tile, height, width):
                faces.append(moved)
    return _distinct(faces)


def _distinct(faces: list[Detection]) -> list[Detection]:
    """Each face once, best score first; a part of one that is taken for a face is none."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if not any(_shared(face, other) > SAME for other in kept):
            kept.append(face)
    return kept


def _shared(one: Detection, other: Detection) -> float:
    """The share of the smaller box that lies in the other one, 0..1."""
    corner = np.maximum(one.box[:2], other.box[:2])
    opposite = np.minimum(one.box[2:], other.box[2:])
    common = float(np.prod(np.maximum(opposite - corner, 0.0)))
    smaller = min(one.width_px * one.height_px, other.width_px * other.height_px)
    return common / max(smaller, 1e-6)


def _tiles(height: int, width: int) -> Iterator[Window]:
    """Tiles that cover a photograph, and larger ones as far as the whole leaves a gap.

    Faces that are cut in all tiles of one size are found in the next larger ones or in the whole.
    """
    longest = max(height, width)
    if longest < TILE_PX * (1 + OVERLAP):
        return

    found_in_whole_px = FACE_PX * longest / TILE_PX
    side = TILE_PX
    while True:
        for y in _starts(height, side):
            for x in _starts(width, side):
                yield x, y, min(x + side, width), min(y + side, height)
        if side * OVERLAP >= found_in_whole_px:
            return
        side *= 2


def _starts(length: int, side: int) -> list[int]:
    """Where tiles of that side begin that cover a length evenly."""
    room = max(0, length - side)
    count = 1 + math.ceil(room / (side * (1 - OVERLAP)))
    return [round(room * n / max(1, count - 1)) for n in range(count)]
