"""Where a picture is looked at closely."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.build import detection
from visitord.core.records import Detection
from visitord.vision.tiling import (
    MARGIN_PX,
    OVERLAP,
    WINDOW_PX,
    Box,
    Region,
    Window,
    close_up,
    core,
    distinct,
    followed_region,
    grouped,
    is_cut,
    level,
    moving_regions,
    tiles,
    window_around,
)

WIDE = (720, 1280)  # height, width
TALL = (1280, 720)
HUGE = (2160, 3840)


def windows(regions: list[Box], height: int, width: int) -> list[Window]:
    """Those around moving regions."""
    groups = grouped([Region(box) for box in regions], height, width)
    return [window_around(group.box, height, width) for group in groups]


def around(x: float, y: float, side: float = 120) -> Box:
    """A square region with its middle there."""
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def holds(window: Window, region: Box, shape: tuple[int, int]) -> bool:
    """Whether the window shows all of the region that lies in the picture, to the nearest pixel."""
    height, width = shape
    x0, x1 = np.clip((region[0], region[2]), 0, width)
    y0, y1 = np.clip((region[1], region[3]), 0, height)
    return (
        window[0] <= x0 + 1 and window[1] <= y0 + 1 and window[2] >= x1 - 1 and window[3] >= y1 - 1
    )


def check(found: list[Window], regions: list[Box], shape: tuple[int, int]) -> None:
    """What holds for any regions of any picture."""
    height, width = shape
    for window in found:
        x0, y0, x1, y1 = window
        assert all(type(edge) is int for edge in window), "they cut a picture"
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        assert max(x1 - x0, y1 - y0) >= min(WINDOW_PX, max(height, width)) - 1
        share = (x1 - x0) / width
        assert abs((y1 - y0) - height * share) <= 1 + height / width, "the picture's proportions"
    for region in regions:
        assert any(holds(window, region, shape) for window in found), region


# One place


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (WIDE, (640, 360)),
        (TALL, (360, 640)),
        (HUGE, (640, 360)),
        ((1080, 1920), (640, 360)),
        ((960, 1280), (640, 480)),
    ],
)
def test_one_small_place_is_seen_in_full_detail(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    region = around(shape[1] * 0.6, shape[0] * 0.6)
    (window,) = windows([region], *shape)
    assert (window[2] - window[0], window[3] - window[1]) == size
    check([window], [region], shape)


def test_a_place_lies_in_the_middle_of_its_window() -> None:
    assert windows([around(700, 300)], *WIDE) == [(380, 120, 1020, 480)]


@pytest.mark.parametrize(
    ("x", "y", "window"),
    [
        (0, 0, (0, 0, 640, 360)),
        (1280, 0, (640, 0, 1280, 360)),
        (0, 720, (0, 360, 640, 720)),
        (1280, 720, (640, 360, 1280, 720)),
    ],
)
def test_a_place_at_the_pictures_edge_has_a_window_within_the_picture(
    x: float, y: float, window: Window
) -> None:
    assert windows([around(x, y)], *WIDE) == [window]


@pytest.mark.parametrize("side", [400.0, 600.0])
def test_a_place_larger_than_a_window_is_seen_in_one_just_large_enough(side: float) -> None:
    region = around(640, 360, side)
    (window,) = windows([region], *WIDE)
    assert window[3] - window[1] == side
    check([window], [region], WIDE)


def test_a_place_larger_than_the_picture_is_the_whole_picture() -> None:
    assert windows([(-50, -50, 2000, 2000)], *WIDE) == [(0, 0, 1280, 720)]


@pytest.mark.parametrize("shape", [(360, 640), (640, 360), (480, 640), (120, 160)])
def test_a_picture_up_to_640_px_wide_is_seen_whole(shape: tuple[int, int]) -> None:
    height, width = shape
    for regions in ([around(10, 10, 4)], [around(10, 10, 4), around(width, height, 4)]):
        assert set(windows(regions, *shape)) == {(0, 0, width, height)}
    assert len(windows([around(10, 10, 4), around(width - 5, 10, 4)], *shape)) == 1


@pytest.mark.parametrize(
    "region", [around(-500, -500), around(5000, 300), around(600, -900), around(9000, 9000)]
)
def test_a_place_outside_the_picture_makes_no_window_outside(region: Box) -> None:
    check(windows([region], *WIDE), [], WIDE)
    check(windows([region, around(300, 300)], *WIDE), [around(300, 300)], WIDE)


# Several places


def test_places_near_each_other_share_a_window() -> None:
    regions = [around(200, 200), around(400, 250), around(600, 150)]
    (window,) = windows(regions, *WIDE)
    assert window[2] - window[0] == WINDOW_PX
    check([window], regions, WIDE)


def test_two_places_far_apart_have_a_window_each_in_full_detail() -> None:
    regions = [around(150, 150), around(1100, 600)]
    found = windows(regions, *WIDE)
    assert [w[2] - w[0] for w in found] == [WINDOW_PX, WINDOW_PX]
    check(found, regions, WIDE)


def test_places_far_apart_in_height_alone_have_two_windows_too() -> None:
    regions = [around(300, 100), around(300, 620)]
    assert len(windows(regions, *WIDE)) == 2
    check(windows(regions, *WIDE), regions, WIDE)


@pytest.mark.parametrize("shape", [(1080, 1920), (1440, 2560), HUGE])
@pytest.mark.parametrize("count", range(2, 13))
def test_each_of_many_places_is_seen_in_full_detail(shape: tuple[int, int], count: int) -> None:
    """All around the picture, in its corners too."""
    height, width = shape
    spots = [
        (x, y) for y in (80, height / 2, height - 80) for x in (80, 700, width - 700, width - 80)
    ]
    regions = [around(*spot) for spot in spots[:count]]
    found = windows(regions, *shape)
    assert {w[2] - w[0] for w in found} == {WINDOW_PX}
    check(found, regions, shape)


def test_a_place_larger_than_a_window_does_not_take_away_detail_from_the_others() -> None:
    large, small = around(800, 800, 900), around(3000, 300)
    sizes = {w[2] - w[0] for w in windows([large, small], *HUGE)}
    assert sizes == {WINDOW_PX, 1600}
    check(windows([large, small], *HUGE), [large, small], HUGE)


def test_the_order_of_the_places_does_not_matter() -> None:
    regions = [around(200, 200), around(1100, 600), around(400, 250), around(1000, 650)]
    assert windows(regions, *WIDE) == windows(regions[::-1], *WIDE)


@pytest.mark.parametrize("seed", range(4))
def test_any_places_are_held_by_windows_within_the_picture(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(300):
        shape = (int(random.integers(40, 2200)), int(random.integers(40, 4000)))
        height, width = shape
        regions = [
            around(
                random.uniform(-50, width + 50),
                random.uniform(-50, height + 50),
                random.uniform(1, 700),
            )
            for _ in range(random.integers(1, 7))
        ]
        regions = [r for r in regions if r[2] > 0 and r[3] > 0 and r[0] < width and r[1] < height]
        found = windows(regions, *shape)
        assert len(found) <= len(regions)
        check(found, regions, shape)


# Faces that are followed


def face(x: float, y: float, side: float) -> Box:
    """What lies around a face so wide: twice as large."""
    return around(x, y, 2 * side)


def test_small_faces_that_are_followed_are_seen_in_full_detail() -> None:
    regions = [followed_region(face(x, 300, 40)) for x in (300, 1200)]
    assert [r.box for r in grouped(regions, *HUGE)] == [r.box for r in regions]


def test_large_faces_that_are_followed_share_a_window_with_less_detail() -> None:
    """128 px wide, they may be seen at half their size: in 1280 pixels of the picture."""
    regions = [followed_region(face(x, 300, 128)) for x in (300, 1200)]
    (group,) = grouped(regions, *HUGE)
    assert group.followed
    left, _, right, _ = window_around(group.box, *HUGE)
    assert WINDOW_PX < right - left <= 2 * WINDOW_PX


def test_a_small_face_keeps_a_large_one_from_taking_its_detail() -> None:
    regions = [followed_region(face(300, 300, 128)), followed_region(face(1200, 300, 30))]
    assert len(grouped(regions, *HUGE)) == 2


def test_what_moves_keeps_a_large_face_from_taking_its_detail() -> None:
    regions = [followed_region(face(300, 300, 128)), Region(around(1200, 300))]
    assert len(grouped(regions, *HUGE)) == 2
    (group,) = grouped([followed_region(face(300, 300, 60)), Region(around(400, 350))], *HUGE)
    assert (group.followed, group.side_px) == (True, WINDOW_PX)


# Large places, in pieces


@pytest.mark.parametrize("shape", [WIDE, TALL, (1080, 1920)])
def test_a_window_that_shows_half_of_the_detail_has_no_tiles(shape: tuple[int, int]) -> None:
    height, width = shape
    share = min(1.0, 2 * WINDOW_PX / max(shape))
    assert tiles((0, 0, round(width * share), round(height * share)), *shape) == []


@pytest.mark.parametrize("shape", [(1080, 1920), (1920, 1080), (1440, 2560), HUGE, (3024, 4032)])
def test_the_tiles_of_each_level_cover_a_window_each_reaching_into_the_next(
    shape: tuple[int, int],
) -> None:
    height, width = shape
    whole = (0, 0, width, height)
    found = tiles(whole, *shape)
    levels = {level(tile, *shape) for tile in found}
    assert levels == set(range(len(levels)))
    assert level(whole, *shape) <= len(levels) + 1, "between levels at most half is lost"
    for one in levels:
        alike = [tile for tile in found if level(tile, *shape) == one]
        (w,) = {x1 - x0 for x0, _, x1, _ in alike}
        (h,) = {y1 - y0 for _, y0, _, y1 in alike}
        seen = np.zeros(shape, np.uint8)
        for tile in alike:
            x0, y0, x1, y1 = (round(edge) for edge in core(tile, whole))
            seen[y0:y1, x0:x1] = 1
        assert seen.mean() > 0.995, "also by their cores, to a pixel"
        columns = sorted({x0 for x0, *_ in alike})
        rows = sorted({y0 for _, y0, *_ in alike})
        assert max(np.diff(columns), default=0) <= w * (1 - OVERLAP) + 1
        assert max(np.diff(rows), default=0) <= h * (1 - OVERLAP) + 1


def test_a_face_is_whole_in_a_tile_wherever_it_is() -> None:
    """Faces of 20 to 250 px in a picture 3840 px wide, each in one that shows it 18 px wide."""
    random = np.random.default_rng(5)
    found = [*tiles((0, 0, 3840, 2160), *HUGE), (0, 0, 3840, 2160)]
    for _ in range(500):
        side = random.uniform(20, 250)
        x, y = random.uniform(0, 3840 - side), random.uniform(0, 2160 - 1.3 * side)
        one = (x, y, x + side, y + 1.3 * side)
        shown = [side / 2 ** level(tile, *HUGE) for tile in found if holds(tile, one, HUGE)]
        assert max(shown) >= 18


# What moves


def test_each_moving_part_is_a_region_with_room_around_it() -> None:
    moving = np.zeros((45, 80), np.uint8)
    moving[10:14, 20:26] = 255
    moving[30:32, 60:61] = 255
    first, second = sorted(region.box for region in moving_regions(moving, 720, 1280))
    # Pixels of the picture to one of the mask; one more on each side joins what is nearly connected
    cell = 16
    assert first == (
        19 * cell - MARGIN_PX,
        9 * cell - MARGIN_PX,
        27 * cell + MARGIN_PX,
        15 * cell + MARGIN_PX,
    )
    assert second == (
        59 * cell - MARGIN_PX,
        29 * cell - MARGIN_PX,
        62 * cell + MARGIN_PX,
        33 * cell + MARGIN_PX,
    )


def test_parts_with_a_small_gap_between_them_are_one_region() -> None:
    moving = np.zeros((45, 80), np.uint8)
    moving[10:14, 20:24] = moving[10:14, 26:30] = 255
    assert len(moving_regions(moving, 720, 1280)) == 1
    moving[10:14, 26:27] = 0
    assert len(moving_regions(moving, 720, 1280)) == 2


def test_where_nothing_moves_is_no_region() -> None:
    assert moving_regions(np.zeros((45, 80), np.uint8), 720, 1280) == []


def test_regions_follow_the_pictures_own_shape() -> None:
    """A portrait-format picture: the mask is about 80 wide there too."""
    moving = np.zeros((142, 80), np.uint8)
    moving[100:102, 40:42] = 255
    (region,) = moving_regions(moving, 1280, 720)
    x0, y0, x1, y1 = region.box
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((41 * 9, 101 * 1280 / 142))


# Faces of several windows


def boxes(faces: list[Detection]) -> list[NDArray[np.float32]]:
    return [face.box for face in faces]


def test_a_face_seen_in_two_windows_counts_once_with_its_better_score() -> None:
    poor, good = detection(102, score=0.75), detection(100, score=0.9)
    assert distinct([poor, good]) == [good]
    assert distinct([good, poor]) == [good]


def test_faces_apart_all_stay_best_score_first() -> None:
    faces = [detection(100, score=0.8), detection(200, score=0.95), detection(300, score=0.9)]
    assert [f.score for f in distinct(faces)] == [0.95, 0.9, 0.8]


@pytest.mark.parametrize(("shift", "count"), [(30, 1), (31, 1), (34, 2), (50, 2), (60, 2)])
def test_overlapping_faces_of_two_people_stay_two(shift: float, count: int) -> None:
    """Faces of 60 px: at 32.3 px apart 0.3 of their union overlaps."""
    assert len(distinct([detection(100), detection(100 + shift, score=0.8)])) == count


def test_faces_reaching_out_of_the_picture_are_kept() -> None:
    assert len(distinct([detection(-30), detection(1250)])) == 2


def test_no_faces_are_no_faces() -> None:
    assert distinct([]) == []


# Cut by a window's edge: faces of 60 px at y 100 to 160


@pytest.mark.parametrize(
    ("x", "window", "cut"),
    [
        (300.0, (200, 90, 840, 450), False),
        (200.0, (200, 90, 840, 450), True),  # touches the left edge
        (201.0, (200, 90, 840, 450), False),
        (190.0, (200, 90, 840, 450), True),
        (780.0, (200, 90, 840, 450), True),  # the right edge
        (779.0, (200, 90, 840, 450), False),
        (300.0, (200, 100, 840, 460), True),  # the upper edge
        (300.0, (200, 0, 840, 160), True),  # the lower edge
        (-10.0, (0, 90, 640, 450), False),  # leaves the picture: there is no more of it to be seen
        (1240.0, (640, 90, 1280, 450), False),
        (-10.0, (0, 0, 1280, 720), False),
    ],
)
def test_a_face_at_a_windows_edge_is_cut_where_the_picture_goes_on(
    x: float, window: Window, cut: bool
) -> None:
    assert is_cut(detection(x), window, *WIDE) is cut


def test_a_face_at_the_pictures_upper_or_lower_edge_is_not_cut() -> None:
    for y, window in ((-10.0, (200, 0, 840, 360)), (700.0, (200, 360, 840, 720))):
        assert not is_cut(detection(300, y), window, *WIDE)


@pytest.mark.parametrize(
    ("box", "window", "scale"),
    [
        ((600, 300, 720, 420), (570, 270, 750, 450), 1.0),  # 60 px wide
        ((600, 300, 640, 340), (540, 240, 700, 400), 1.0),  # no smaller than that
        ((400, 100, 784, 484), (304, 4, 880, 580), 0.5),  # 192 px wide
        ((-60, 300, 60, 420), (0, 270, 90, 450), 1.0),  # half out of the picture
    ],
)
def test_a_close_up_is_three_faces_wide_and_shows_no_more_detail_than_that_needs(
    box: Box, window: Window, scale: float
) -> None:
    seen = close_up(box, 720, 1280)
    assert (seen.window, seen.scale) == (window, scale)
    assert seen.is_sizeable


def test_a_close_up_of_what_is_out_of_the_picture_shows_nothing() -> None:
    assert not close_up((1330, 300, 1450, 420), 720, 1280).is_sizeable
