"""Faces turned upright, as recognisers were trained on them, and the portraits that are kept."""

import numpy as np
import pytest
from insightface.utils.face_align import estimate_norm

from fixtures.build import detection, picture
from fixtures.imports import loaded_by
from visitord.core.records import Detection
from visitord.models.pack import ALIGNED, CROP_PX, PORTRAIT_PX, filled, middle, portrait, upright

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


@pytest.mark.parametrize("roll_deg", [0, 40, -120, 180])
def test_a_face_is_turned_upright_as_insightface_does_it(roll_deg: float) -> None:
    rng = np.random.default_rng(6)
    angle = np.radians(roll_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = (ALIGNED + rng.normal(0, 4, (5, 2))) @ turn * rng.uniform(0.2, 5) + [300, 20]
    landmarks = landmarks.astype(np.float32)
    expected = estimate_norm(landmarks, CROP_PX)
    assert upright(landmarks) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert upright(landmarks, 0.5) == pytest.approx(expected * 0.5, rel=1e-5, abs=1e-5)


def test_a_face_seen_in_a_mirror_is_turned_but_not_mirrored() -> None:
    landmarks = (ALIGNED * [-1, 1]).astype(np.float32)
    found = upright(landmarks)
    assert found == pytest.approx(estimate_norm(landmarks, CROP_PX), abs=1e-4)
    assert np.linalg.det(found[:, :2]) > 0


def test_landmarks_in_one_spot_have_no_transform() -> None:
    assert np.isnan(upright(np.full((5, 2), 7, np.float32))).any()


def test_the_default_pack_loads_none_of_the_large_libraries_that_it_does_not_need() -> None:
    modules = "visitord.models.opencv_zoo, visitord.models.opening"
    assert loaded_by(modules, {"insightface", "skimage", "onnx", "openvino.tools"}) == set()
