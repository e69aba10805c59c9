"""Faces in photographs of any size: with a detector that only finds what is large enough."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fixtures.build import detection
from visitord.core.records import Detection, Image
from visitord.vision.stills import FACE_PX, TILE_PX, find_faces, find_sitter

Face = tuple[float, float, float]
"""x and y of the upper left corner, and the side, in pixels."""


class ScalingPack:
    """Finds faces as wide as it says once a picture is scaled to 640 px, also cut ones.

    A picture says by the colour of its first pixel where in the photograph it lies.
    """

    def __init__(self, faces: Sequence[Face], score: float = 0.9) -> None:
        self.faces = faces
        self.score = score
        self.looks = 0

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        assert still
        self.looks += 1
        height, width = image.shape[:2]
        high, middle, low = (int(value) for value in image[0, 0])
        left = high << 4 | middle >> 4
        top = (middle & 15) << 8 | low
        scale = min(1.0, 640 / max(height, width))
        found = []
        for x, y, side in self.faces:
            is_seen = left < x + side and x < left + width and top < y + side and y < top + height
            if is_seen and side * scale >= 20:
                x0, y0 = max(x - left, 0), max(y - top, 0)
                visible = min(
                    side, left + width - x, top + height - y, x + side - left, y + side - top
                )
                found.append(detection(x0, y0, visible, self.score))
        return found


def photograph(width: int, height: int) -> Image:
    """Each pixel's colour is its place, 12 bits for each coordinate."""
    x = np.arange(width)[None]
    y = np.arange(height)[:, None]
    planes = np.broadcast_arrays(x >> 4, (x & 15) << 4 | y >> 8, y & 255)
    return np.stack(planes, axis=2).astype(np.uint8)


@pytest.mark.parametrize("side", [FACE_PX, 75, 100, 150, 320, 1200])
@pytest.mark.parametrize("size", [(1280, 960), (4032, 3024), (3024, 4032), (4000, 700)])
def test_faces_from_40_px_on_are_found_wherever_they_are(size: tuple[int, int], side: int) -> None:
    width, height = size
    random = np.random.default_rng(side)
    side = min(side, width, height)
    image = photograph(width, height)
    for _ in range(10):
        x = int(random.integers(0, width - side, endpoint=True))
        y = int(random.integers(0, height - side, endpoint=True))
        (face,) = find_faces(ScalingPack([(x, y, side)]), image)  # type: ignore[arg-type]
        assert face.box.tolist() == [x, y, x + side, y + side]


def test_several_faces_are_found_each_once() -> None:
    faces = [(160, 160, 80), (1285, 1279, 80), (2000, 400, 400), (3600, 2800, 48)]
    pack: Any = ScalingPack(faces)
    found = find_faces(pack, photograph(4032, 3024))
    assert sorted((*face.box[:2].tolist(), face.width_px) for face in found) == faces


def test_a_photograph_that_the_detector_sees_well_is_searched_once_and_as_ever() -> None:
    pack: Any = ScalingPack([(100, 100, 60), (110, 100, 60)])
    assert len(find_faces(pack, photograph(1280, 960))) == 2
    assert pack.looks == 1


def test_how_many_looks_a_photograph_costs() -> None:
    for size, looks in (
        ((1599, 1200), 1),
        ((1920, 1080), 3),
        ((4032, 3024), 13),
        ((4080, 4080), 17),
    ):
        pack: Any = ScalingPack([])
        find_faces(pack, photograph(*size))
        assert pack.looks == looks, size


def test_a_part_of_a_face_that_looks_like_one_is_not_another() -> None:
    class Doubtful(ScalingPack):
        def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
            found = super().detect(image, still=still)
            if max(image.shape) <= TILE_PX:
                found += [detection(100, 100, 50, score=0.75)]
            return found

    pack: Any = Doubtful([(16, 16, 300)])
    faces = find_faces(pack, photograph(4032, 3024))
    assert faces[0].width_px == 300
    assert [face for face in faces if face.box[0] < 320 and face.box[1] < 320] == [faces[0]]


# A photograph of one person


@pytest.mark.parametrize(
    ("side", "tiled"), [(800, False), (260, False), (250, True), (150, True), (75, True)]
)
def test_of_one_large_face_no_tiles_are_searched(side: int, tiled: bool) -> None:
    """Half as wide as 252 px in 4032 is still found in the whole."""
    pack: Any = ScalingPack([(1600, 1600, side)])
    (face,) = find_sitter(pack, photograph(4032, 3024))
    assert face.width_px == side
    assert (pack.looks > 1) is tiled


def test_a_second_face_that_could_be_meant_is_found_beside_a_large_one() -> None:
    pack: Any = ScalingPack([(160, 160, 260), (3200, 2400, 140)])
    assert len(find_sitter(pack, photograph(4032, 3024))) == 2
