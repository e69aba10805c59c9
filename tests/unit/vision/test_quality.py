"""How good a picture of a face is, on drawn crops and landmarks."""

import cv2
import numpy as np
import pytest

from fixtures.build import detection, picture
from visitord.core.records import COVERED, Detection, Image, Quality
from visitord.vision.quality import MAX_ROLL_DEG, MAX_TURN, MIN_PX, MIN_SCORE, assess, at_best

VIEW = picture(480, 640, 128)


def checks(mean: float = 128, amplitude: float = 40, blur_px: float = 0.0) -> Image:
    """A chequered crop: brightness mean±amplitude in fields of 8 px."""
    y, x = np.mgrid[0:112, 0:112] // 8
    grey = np.where((x + y) % 2, mean + amplitude, mean - amplitude).astype(np.uint8)
    if blur_px:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), blur_px), np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def ramp() -> Image:
    """Well lit and full of contrast, but without a single edge."""
    grey = np.linspace(60, 200, 112).astype(np.uint8)
    smooth = cv2.GaussianBlur(np.tile(grey, (112, 1)), (0, 0), 4)
    return np.repeat(np.asarray(smooth, np.uint8)[..., None], 3, axis=2)


def face(
    size: float = 100.0,
    *,
    x: float = 200.0,
    y: float = 100.0,
    score: float = 0.9,
    roll_deg: float = 0.0,
    turn: float = 0.0,
    nose_y: float = 0.6,
    mouth_y: float = 0.8,
) -> Detection:
    """A face whose landmarks are given as shares of its box, rolled about the box's middle; eyes
    0.4 apart.
    """
    points = np.array(
        [[0.3, 0.4], [0.7, 0.4], [0.5 + 0.4 * turn, nose_y], [0.35, mouth_y], [0.65, mouth_y]]
    )
    angle = np.deg2rad(roll_deg)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = (points - 0.5) @ rotation + 0.5
    box = np.array([x, y, x + size, y + size], np.float32)
    return Detection(box, (points * size + [x, y]).astype(np.float32), score)


def judged(detected: Detection | None = None, crop: Image | None = None) -> Quality:
    return assess(VIEW, detected or face(), checks() if crop is None else crop)


def test_a_good_picture_has_no_flaw() -> None:
    quality = judged()
    assert quality.flaws == ()
    assert 0.5 < quality.score <= 1


@pytest.mark.parametrize(
    ("flaw", "detected", "crop"),
    [
        ("small", face(MIN_PX - 0.1), checks()),
        ("unsure", face(score=MIN_SCORE - 0.01), checks()),
        ("blurred", face(), ramp()),
        ("dark", face(), checks(mean=30, amplitude=20)),
        ("overexposed", face(), checks(mean=230, amplitude=20)),
        ("flat", face(), checks(amplitude=8)),
        ("profile", face(turn=MAX_TURN + 0.02), checks()),
        ("profile", face(turn=-MAX_TURN - 0.02), checks()),
        ("tilted", face(roll_deg=MAX_ROLL_DEG + 2), checks()),
        ("tilted", face(roll_deg=-MAX_ROLL_DEG - 2), checks()),
        ("landmarks", face(nose_y=0.85), checks()),
        ("landmarks", face(nose_y=0.35), checks()),
        ("landmarks", face(mouth_y=1.4), checks()),
        ("cut off", face(x=-26), checks()),
        ("cut off", face(x=566), checks()),
        ("cut off", face(y=-31), checks()),
        ("cut off", face(y=391), checks()),
    ],
)
def test_each_flaw_is_named_alone(flaw: str, detected: Detection, crop: Image) -> None:
    assert judged(detected, crop).flaws == (flaw,)


@pytest.mark.parametrize(
    ("detected", "crop"),
    [
        (face(MIN_PX), checks()),
        (face(score=MIN_SCORE), checks()),
        (face(), checks(mean=60, amplitude=20)),
        (face(), checks(mean=215, amplitude=20)),
        (face(), checks(amplitude=14)),
        (face(), checks(blur_px=0.7)),
        (face(turn=MAX_TURN - 0.02), checks()),
        (face(turn=0.02 - MAX_TURN), checks()),
        (face(roll_deg=MAX_ROLL_DEG - 2), checks()),
        (face(roll_deg=2 - MAX_ROLL_DEG), checks()),
        (face(x=-15), checks()),
        (face(y=389), checks()),
    ],
)
def test_just_within_the_limits_is_no_flaw(detected: Detection, crop: Image) -> None:
    assert judged(detected, crop).flaws == ()


def test_a_blurred_flat_small_face_has_all_three_flaws() -> None:
    grey = np.full((112, 112, 3), 128, np.uint8)
    assert judged(face(30), grey).flaws == ("small", "blurred", "flat")


def test_eyes_in_one_point_are_no_face() -> None:
    points = np.full((5, 2), 150, np.float32)
    quality = judged(Detection(face().box, points, 0.9))
    assert {"landmarks", "profile", "tilted"} == set(quality.flaws)


def test_eyes_far_too_close_for_the_box_are_no_face() -> None:
    good = face()
    middle = good.landmarks.mean(0)
    shrunk = ((good.landmarks - middle) * 0.4 + middle).astype(np.float32)
    assert judged(Detection(good.box, shrunk, 0.9)).flaws == ("landmarks",)


def test_a_face_wholly_outside_the_picture_scores_nothing() -> None:
    quality = judged(face(x=700))
    assert (quality.score, quality.flaws) == (0.0, ("cut off",))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((face(100), checks()), (face(60), checks())),
        ((face(60), checks()), (face(41), checks())),
        ((face(), checks(blur_px=1.5)), (face(), checks(blur_px=3))),
        ((face(), checks(amplitude=40)), (face(), checks(amplitude=20))),
        ((face(), checks()), (face(turn=0.2), checks())),
        ((face(turn=-0.2), checks()), (face(turn=-0.35), checks())),
        ((face(score=0.95), checks()), (face(score=0.85), checks())),
        ((face(), checks()), (face(x=-8), checks())),
    ],
    ids=[
        "bigger",
        "bigger still",
        "sharper",
        "more contrast",
        "frontal",
        "less turned",
        "surer",
        "whole",
    ],
)
def test_the_better_picture_scores_higher(
    better: tuple[Detection, Image], worse: tuple[Detection, Image]
) -> None:
    assert judged(*better).score > judged(*worse).score


def test_the_same_picture_gives_the_same_quality() -> None:
    assert judged(detection(100), checks(blur_px=1)) == judged(detection(100), checks(blur_px=1))


# What a detection promises


@pytest.mark.parametrize(
    ("seen", "flaws"),
    [
        (face(100), ()),
        (face(MIN_PX - 1), ("small",)),
        (face(score=MIN_SCORE - 0.01), (COVERED,)),
    ],
)
def test_what_a_detection_promises_is_no_less_than_what_a_crop_shows(
    seen: Detection, flaws: tuple[str, ...]
) -> None:
    promised, shown = at_best(seen), assess(VIEW, seen, checks())
    assert promised.flaws == flaws
    assert bool(flaws) == bool(shown.flaws)
    assert shown.score <= promised.score + 1e-6
