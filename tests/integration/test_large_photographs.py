"""Small faces in large photographs, with the real models."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from fixtures.build import frame
from fixtures.faces import people
from fixtures.footage import room
from fixtures.installation import Box
from visitord.core.records import Image
from visitord.models.opencv_zoo import ZooPack
from visitord.vision.pipeline import Pipeline


def photograph(size: tuple[int, int], *faces: tuple[str, int, int, int]) -> Image:
    """A room with people at these places: who, x, y and the width of the face, in pixels.

    A portrait is about twice as wide as the face in it.
    """
    image = next(iter(room(1, *size)))
    for person, x, y, face_px in faces:
        side = round(1.9 * face_px)
        portrait = cv2.resize(people()[person].image, (side, side), interpolation=cv2.INTER_AREA)
        image[y : y + side, x : x + side] = portrait
    return image


def reported_px(pack: ZooPack, image: Image) -> Sequence[float]:
    reports = Pipeline(pack, "main").photograph(frame(0.0, image=image))
    return [report.samples[0].face_px for report in reports]


def test_eight_faces_of_150_px_in_48_megapixels_are_eight(pack: ZooPack) -> None:
    places = product((300, 2200, 4100, 6000), (700, 3700))
    faces = [(name, *place, 150) for name, place in zip(people(), places, strict=True)]
    found = reported_px(pack, photograph((8000, 6000), *faces))
    assert len(found) == 8
    assert 110 < min(found) <= max(found) < 180


def test_a_small_and_a_very_large_face_of_one_photograph_are_both_found(pack: ZooPack) -> None:
    faces = [("astronaut", 200, 300, 48), ("t1-4", 1200, 500, 1100)]
    small, large = sorted(reported_px(pack, photograph((4032, 3024), *faces)))
    assert 40 <= small < 60
    assert 800 < large < 1300


def test_a_face_of_75_px_in_a_phones_photograph_is_enrolled_and_replayed(
    box: Box, tmp_path: Path
) -> None:
    for name, x, y in (("one.jpg", 900, 700), ("two.jpg", 2900, 2200)):
        image = photograph((4032, 3024), ("astronaut", x, y, 75))
        grain = np.random.default_rng(x).integers(0, 4, image.shape, np.uint8)
        cv2.imwrite(str(tmp_path / name), image + grain)
    box.ok("visitorctl", "enroll", "Sam", str(tmp_path / "one.jpg"))
    box.ok("visitord", "replay", str(tmp_path / "two.jpg"))
    assert box.rows("select name, decision from visitord.sighting_log") == [
        {"name": "Sam", "decision": "matched"}
    ]
