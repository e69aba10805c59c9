"""Portraits: what is kept of a face, to be looked at and to be described again."""

import numpy as np
import pytest

from fixtures.build import detection, picture
from visitord.core.records import Detection
from visitord.models.pack import PORTRAIT_PX, filled, middle, portrait

LEVEL = 120


@pytest.mark.parametrize(
    ("face", "at_edge"),
    [
        (detection(300, 200), False),
        (detection(-20, 200), True),
        (detection(590, 300), True),
        (detection(0, 0), True),
        (detection(-60, -60), True),
    ],
)
def test_a_face_at_the_edge_of_its_picture_has_no_black_corners(
    face: Detection, at_edge: bool
) -> None:
    seen = picture(360, 640, LEVEL)
    cut = portrait(seen, face)
    shown = filled(cut, seen, face)
    assert shown.shape == (PORTRAIT_PX, PORTRAIT_PX, 3)
    assert shown.dtype == np.uint8
    assert (cut < LEVEL).any() == at_edge, "recognisers are given what they were trained with"
    assert np.abs(shown.astype(int) - LEVEL).max() <= 1


def test_what_the_picture_shows_is_left_as_it_is() -> None:
    rng = np.random.default_rng(0)
    seen = rng.integers(0, 255, (360, 640, 3), np.uint8)
    inside = detection(300, 200)
    whole = portrait(seen, inside)
    assert filled(whole, seen, inside) is whole

    face = detection(0, 120, size=80)
    cut = portrait(seen, face)
    shown = filled(cut, seen, face)
    right = slice(PORTRAIT_PX // 2, None)
    assert np.array_equal(middle(shown)[:, right], middle(cut)[:, right])
    assert not np.array_equal(shown, cut)
