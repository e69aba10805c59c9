"""Values that check themselves when they are made."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from fixtures.build import NOON, axis, detection
from visitord.core.records import (
    Detection,
    FaceSample,
    Frame,
    Picture,
    Quality,
    Separation,
    Thresholds,
)

NAIVE = datetime(2026, 3, 1, 12, 0)


@pytest.mark.parametrize(
    ("image", "arrived"),
    [
        (np.zeros((4, 5), np.uint8), r"uint8 \(4, 5\)"),
        (np.zeros((4, 5, 4), np.uint8), r"uint8 \(4, 5, 4\)"),
        (np.zeros((1, 4, 5, 3), np.uint8), r"uint8 \(1, 4, 5, 3\)"),
        (np.zeros((4, 5, 3), np.float32), r"float32 \(4, 5, 3\)"),
    ],
)
def test_a_wrong_image_is_refused_and_the_message_says_what_arrived(
    image: Any, arrived: str
) -> None:
    with pytest.raises(
        ValueError, match=rf"^a frame's image must be uint8 \('n', 'n', 3\), got {arrived}$"
    ):
        Picture.of(image)


@pytest.mark.parametrize(
    ("box", "arrived"),
    [
        (np.zeros(5, np.float32), r"float32 \(5,\)"),
        (np.zeros((1, 4), np.float32), r"float32 \(1, 4\)"),
        (np.zeros(4, np.float64), r"float64 \(4,\)"),
        (np.zeros(4, np.int32), r"int32 \(4,\)"),
    ],
)
def test_a_wrong_box_is_refused_and_the_message_says_what_arrived(box: Any, arrived: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^a detection's box must be float32 \(4,\), got {arrived}$"
    ):
        Detection(box, np.zeros((5, 2), np.float32), 0.9)


@pytest.mark.parametrize(
    ("landmarks", "arrived"),
    [
        (np.zeros((5, 3), np.float32), r"float32 \(5, 3\)"),
        (np.zeros(10, np.float32), r"float32 \(10,\)"),
        (np.zeros((5, 2), np.float64), r"float64 \(5, 2\)"),
    ],
)
def test_wrong_landmarks_are_refused_and_the_message_says_what_arrived(
    landmarks: Any, arrived: str
) -> None:
    with pytest.raises(
        ValueError, match=rf"^a detection's landmarks must be float32 \(5, 2\), got {arrived}$"
    ):
        Detection(np.zeros(4, np.float32), landmarks, 0.9)


@pytest.mark.parametrize(
    ("embedding", "arrived"),
    [
        (np.zeros((1, 8), np.float32), r"float32 \(1, 8\)"),
        (np.zeros(8, np.float64), r"float64 \(8,\)"),
    ],
)
def test_a_wrong_embedding_is_refused_and_the_message_says_what_arrived(
    embedding: Any, arrived: str
) -> None:
    with pytest.raises(
        ValueError, match=rf"^an embedding must be float32 \('n',\), got {arrived}$"
    ):
        FaceSample(NOON, embedding, Quality(0.5), 60.0)


def test_a_frame_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-03-01T12:00:00 has no time zone"):
        Frame("door", Picture.of(np.zeros((2, 2, 3), np.uint8)), NAIVE, 0.0)


def test_a_frames_time_is_kept_in_utc() -> None:
    there = datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    frame = Frame("door", Picture.of(np.zeros((2, 2, 3), np.uint8)), there, 0.0)
    assert (frame.at, frame.at.tzinfo) == (NOON, UTC)


def test_records_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        detection(0).score = 0.1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        FaceSample(NOON, axis(0), Quality(0.5), 60.0).face_px = 1.0  # type: ignore[misc]


def test_a_detection_measures_its_box() -> None:
    wide = Detection(np.array([10, 20, 40, 70], np.float32), np.zeros((5, 2), np.float32), 0.9)
    assert (wide.width_px, wide.height_px) == (30, 50)


@pytest.mark.parametrize(
    ("match", "merge", "certain"),
    [
        (0.4, 0.3, 0.5),  # merge below match
        (0.5, 0.6, 0.4),  # certain below match
        (-1.1, 0.4, 0.5),
        (0.4, 0.5, 1.1),
        (0.4, 1.1, 0.5),
        (float("nan"), 0.3, 0.5),
    ],
)
def test_thresholds_out_of_order_are_refused(match: float, merge: float, certain: float) -> None:
    with pytest.raises(ValueError, match="match ≤ certain, match ≤ merge"):
        Thresholds(match, merge, certain)


@pytest.mark.parametrize(
    ("match", "merge", "certain"), [(0.4, 0.4, 0.4), (1, 1, 1), (-1, -1, 1), (0.4, 0.5, 0.5)]
)
def test_equal_and_extreme_thresholds_are_in_order(
    match: float, merge: float, certain: float
) -> None:
    made = Thresholds(match, merge, certain)
    assert (made.match, made.merge, made.certain) == (match, merge, certain)


@pytest.mark.parametrize(("dims", "least", "margin"), [(1, 0.4, 0.1), (81, 1.1, 0), (81, 0.4, -1)])
def test_a_separation_that_cannot_be_is_refused(dims: float, least: float, margin: float) -> None:
    with pytest.raises(ValueError, match="a separation has"):
        Separation(dims, least, margin, source="made up")
