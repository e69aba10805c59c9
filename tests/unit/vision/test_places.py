"""Where faces are, and whether they stay there.  Faces are 60 px."""

import numpy as np
import pytest

from fixtures.build import detection
from visitord.core.records import Detection
from visitord.vision.places import PLACES_MAX, Place, StaticPlaces


def place(x: float, size: float = 60.0) -> Place:
    return Place.of(detection(x, size=size))


def test_a_place_is_the_middle_of_a_box_and_the_side_of_a_square_as_large() -> None:
    box = np.array([10, 20, 50, 110], np.float32)
    made = Place.of(Detection(box, np.zeros((5, 2), np.float32), 0.9))
    assert (made.centre.tolist(), made.side_px) == ([30.0, 65.0], 60.0)


def test_a_box_without_area_is_a_pixel_large() -> None:
    box = np.array([10, 10, 10, 20], np.float32)
    assert Place.of(Detection(box, np.zeros((5, 2), np.float32), 0.9)).side_px == 1.0


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (place(100), True),
        (place(108), True),  # 0.15 of 60 px are 9
        (place(110), False),
        (place(100, size=70), True),
        (place(100, size=90), False),
    ],
)
def test_a_detector_scatters_a_little(other: Place, same: bool) -> None:
    assert place(100).is_at(other) is same


@pytest.mark.parametrize(
    ("other", "far"),
    [
        (place(100), False),
        (place(210), False),
        (place(220), True),  # two faces further
        (place(100, size=90), False),
        (place(95, size=100), True),  # come nearer
        (place(105, size=36), True),
    ],
)
def test_far_is_what_no_scatter_explains(other: Place, far: bool) -> None:
    assert place(100).is_far_from(other) is far
    assert other.is_far_from(place(100)) is far


def test_only_so_many_static_places_are_remembered() -> None:
    places = StaticPlaces()
    for n in range(PLACES_MAX + 1):
        places.remember(place(100.0 * n))
    assert not places.holds(place(0))
    assert places.holds(place(100))
    assert places.holds(place(100.0 * PLACES_MAX))
