"""Which part of a picture counts: polygons as a mask, and asked point by point."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from visitord.vision.zones import WHOLE, Area, Polygon, corners

SIDE = 41  # points of a grid; an odd number, so that one of them is the middle
LEFT: Polygon = ((0.0, 0.0), (0.4, 0.0), (0.4, 1.0), (0.0, 1.0))
UPPER: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.0, 0.3))
MIDDLE: Polygon = ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7))
TRIANGLE: Polygon = ((0.5, 0.1), (0.9, 0.9), (0.1, 0.9))
HORSESHOE: Polygon = (
    (0.1, 0.1),
    (0.9, 0.1),
    (0.9, 0.9),
    (0.6, 0.9),
    (0.6, 0.4),
    (0.4, 0.4),
    (0.4, 0.9),
    (0.1, 0.9),
)

AREAS = [
    WHOLE,
    Area(ignore=(LEFT,)),
    Area(only=(LEFT,)),
    Area(ignore=(LEFT, UPPER)),
    Area(only=(LEFT, UPPER)),
    Area(ignore=(MIDDLE,), only=(LEFT, UPPER)),
    Area(ignore=(UPPER,), only=(MIDDLE,)),
    Area(only=(TRIANGLE,)),
    Area(ignore=(HORSESHOE,)),
    Area(only=(HORSESHOE,)),
]


def asked(area: Area, shares: Sequence[float]) -> np.ndarray:
    """bool (n, n): what `counts` says at these shares of height (rows) and width (columns)."""
    return np.array([[area.counts(x, y) for x in shares] for y in shares])


def test_without_polygons_the_whole_picture_counts() -> None:
    assert np.all(WHOLE.mask(9, 16) == 255)
    assert asked(WHOLE, [0.0, 0.5, 1.0]).all()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 96), (54, 96), (72, 1), (480, 640)])
def test_a_mask_has_the_shape_asked_for(height: int, width: int) -> None:
    for area in AREAS:
        mask = area.mask(height, width)
        assert mask.shape == (height, width)
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 255}


def test_a_mask_marks_what_is_ignored_and_what_counts() -> None:
    """Of eleven columns, those at 0 to 40 per cent of the width are the left ones; its edge belongs
    to a polygon.
    """
    assert Area(ignore=(LEFT,)).mask(2, 11).tolist() == [[0] * 5 + [255] * 6] * 2
    assert Area(only=(LEFT,)).mask(2, 11).tolist() == [[255] * 5 + [0] * 6] * 2


def test_what_is_ignored_goes_before_what_counts() -> None:
    area = Area(ignore=(MIDDLE,), only=(LEFT,))
    assert area.counts(0.2, 0.5)
    assert not area.counts(0.35, 0.5)
    assert not area.counts(0.8, 0.5)


def test_polygons_that_overlap_are_joined() -> None:
    points = {(0.1, 0.1): True, (0.1, 0.9): True, (0.9, 0.1): True, (0.9, 0.9): False}
    for (x, y), within in points.items():
        assert Area(only=(LEFT, UPPER)).counts(x, y) == within
        assert Area(ignore=(LEFT, UPPER)).counts(x, y) != within
        assert bool(Area(only=(LEFT, UPPER)).mask(11, 11)[round(y * 10), round(x * 10)]) == within


def test_the_bay_of_a_concave_polygon_does_not_belong_to_it() -> None:
    area = Area(only=(HORSESHOE,))
    assert [area.counts(x, 0.7) for x in (0.05, 0.2, 0.5, 0.8, 0.95)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert [bool(v) for v in area.mask(101, 101)[70, [5, 20, 50, 80, 95]]] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_corners_on_the_edges_of_the_picture_are_its_outermost_pixels() -> None:
    whole: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert corners(whole, 720, 1280).tolist() == [[0, 0], [1279, 0], [1279, 719], [0, 719]]
    assert np.all(Area(only=(whole,)).mask(720, 1280) == 255)
    assert not np.any(Area(ignore=(whole,)).mask(720, 1280))


@pytest.mark.parametrize("area", [a for a in AREAS if a.only != (TRIANGLE,)])
def test_the_mask_and_the_single_points_agree(area: Area) -> None:
    assert np.array_equal(asked(area, np.linspace(0, 1, SIDE).tolist()), area.mask(SIDE, SIDE) > 0)


def test_the_mask_of_a_slanted_edge_is_true_to_a_pixel() -> None:
    area, ring = Area(only=(TRIANGLE,)), np.ones((3, 3), np.uint8)
    said, drawn = (
        asked(area, np.linspace(0, 1, SIDE).tolist()).astype(np.uint8),
        area.mask(SIDE, SIDE) > 0,
    )
    assert np.all(drawn[cv2.erode(said, ring) > 0])
    assert not np.any(drawn[cv2.dilate(said, ring) == 0])


def test_a_line_has_no_inside() -> None:
    line: Polygon = ((0.2, 0.2), (0.5, 0.5), (0.8, 0.8))
    assert np.mean(Area(only=(line,)).mask(101, 101) > 0) < 0.01
    assert not Area(only=(line,)).counts(0.3, 0.6)
