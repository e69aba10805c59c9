"""Covered faces: sunglasses, caps and masks drawn onto real faces, found by the real detector."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from covers import covered

from fixtures.faces import align, people
from visitord.core.records import COVERED, Image, Quality
from visitord.models.opencv_zoo import ZooPack
from visitord.vision.covering import discriminants, features, is_covered
from visitord.vision.quality import assess

EACH = sorted(people())
DRAWN = 3  # of each cover, of different shapes and colours


@cache
def wide(person: str) -> Image:
    """A portrait with room around it."""
    image = people()[person].image
    return np.asarray(cv2.copyMakeBorder(image, 60, 60, 60, 60, cv2.BORDER_REPLICATE), np.uint8)


def seen(pack: ZooPack, person: str, kind: str, seed: int) -> tuple[Image, Image] | None:
    """A picture with that drawn onto the face, and the aligned face, if it is still found."""
    image = wide(person)
    face, *_ = pack.detect(image, still=True)
    changed = covered(image, face, kind, np.random.default_rng(seed))
    found = pack.detect(changed, still=True)
    return (changed, align(changed, found[0])) if found else None


def share_covered(pack: ZooPack, kind: str) -> float:
    """Of everyone's faces with that drawn onto them, as far as they are found as faces."""
    faces = [seen(pack, person, kind, seed) for person in EACH for seed in range(DRAWN)]
    return float(np.mean([is_covered(face[1]) for face in faces if face]))


def quality(pack: ZooPack, image: Image) -> Quality:
    face, *_ = pack.detect(image, still=True)
    return assess(image, face, align(image, face))


@pytest.mark.parametrize("kind", ["sunglasses", "sunglasses+cap", "mask", "mask+cap"])
def test_most_covers_are_noticed(pack: ZooPack, kind: str) -> None:
    assert share_covered(pack, kind) >= 0.8


@pytest.mark.parametrize("kind", ["spectacles", "cap"])
def test_ordinary_glasses_and_caps_cover_nothing(pack: ZooPack, kind: str) -> None:
    assert share_covered(pack, kind) <= 0.05


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p,
        lambda p: np.asarray(p * 0.35, np.uint8),
        lambda p: np.clip(p * 1.0 + 60, 0, 255).astype(np.uint8),
        lambda p: np.repeat(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2),
        lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), 1.5), np.uint8),
        lambda p: np.asarray(p[:, ::-1], np.uint8),
    ],
    ids=["as it is", "dark", "bright", "grey", "blurred", "mirrored"],
)
def test_no_bare_face_is_covered(pack: ZooPack, change: Callable[[Image], Image]) -> None:
    images = [change(wide(person)) for person in EACH]
    assert [COVERED in quality(pack, image).flaws for image in images] == [False] * len(EACH)


def test_a_covered_face_has_that_flaw_alone_however_unsure_it_makes_the_detector(
    pack: ZooPack,
) -> None:
    faces = [seen(pack, person, "mask", 1) for person in EACH]
    flaws = {quality(pack, face[0]).flaws for face in faces if face}
    assert flaws == {(COVERED,)}


def test_of_a_picture_that_is_poor_anyway_no_cover_is_told(pack: ZooPack) -> None:
    masked = seen(pack, "astronaut", "mask", 1)
    assert masked is not None
    image, crop = masked
    face, *_ = pack.detect(image, still=True)
    said = assess(image, face, np.asarray(crop * 0.12, np.uint8))
    assert "dark" in said.flaws
    assert COVERED not in said.flaws
    assert not said.is_clear


def test_the_weights_fit_what_they_are_for() -> None:
    """A change of what is looked at needs new ones: bench/covering.py."""
    for discriminant, values in zip(
        discriminants(), features(np.full((112, 112, 3), 128, np.uint8)), strict=True
    ):
        assert discriminant.weights.shape == values.shape
        assert np.isfinite(values).all()
