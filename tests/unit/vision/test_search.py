"""Which windows of a picture are searched when.  The pictures are 3840 px wide, eight a second."""

import numpy as np
import pytest

from visitord.core.records import Gray
from visitord.vision.search import DETAIL_S, TURN_S, WHOLE_EVERY_S, Search
from visitord.vision.tiling import WINDOW_PX, Box, Window

SHAPE = (2160, 3840)
WHOLE = (0, 0, 3840, 2160)
STEP_S = 0.125
# Corners and edges first; far enough apart for a window each.
SPOTS = [(4, 4), (74, 4), (4, 40), (74, 40), (40, 4), (40, 40), (4, 22), (74, 22)]
SPOTS += [(22, 22), (56, 22), (22, 4), (56, 4)]


def moving(*spots: tuple[int, int], side: int = 2) -> Gray:
    """A motion mask (45, 80) with something at these columns and rows; one spot is 48 px."""
    mask = np.zeros((45, 80), np.uint8)
    for x, y in spots:
        mask[y : y + side, x : x + side] = 255
    return mask


def place(x: int, y: int) -> tuple[float, float]:
    """The middle of such a place in the picture, pixels."""
    return 48 * (x + 1), 48 * (y + 1)


def face(x: float, y: float, side: float = 60) -> Box:
    """Where a face is expected."""
    return x - side, y - side, x + side, y + side


def shows(window: Window, spot: tuple[float, float]) -> bool:
    return window[0] <= spot[0] < window[2] and window[1] <= spot[1] < window[3]


def searched(
    search: Search,
    mask: Gray | None,
    *followed: Box,
    seconds: float = 4.0,
    most: int | None = None,
    start_s: float = 0.0,
) -> list[list[Window]]:
    """The windows of each picture, but for the whole picture."""
    count = round(seconds / STEP_S)
    choices = [
        search.choose(start_s + n * STEP_S, SHAPE, followed, mask, most) for n in range(count)
    ]
    return [[window for window in one.windows if window != WHOLE] for one in choices]


def longest_wait_s(pictures: list[list[Window]], spot: tuple[float, float]) -> float:
    """For how long a spot was in no window of full detail, at most."""
    seen = [n for n, one in enumerate(pictures) if any(shows(w, spot) and _full(w) for w in one)]
    return float(max(np.diff([-1, *seen, len(pictures)]))) * STEP_S


def _full(window: Window) -> bool:
    return window[2] - window[0] == WINDOW_PX


# Without hurry


def test_where_nothing_moves_the_whole_picture_is_searched() -> None:
    assert Search().choose(0.0, SHAPE, [], moving()).windows == [WHOLE]
    assert Search().choose(0.0, SHAPE, [], None).windows == [WHOLE]


def test_one_moving_place_is_searched_in_every_picture_and_the_whole_once_a_second() -> None:
    search, mask = Search(), moving(SPOTS[5])
    choices = [search.choose(n * STEP_S, SHAPE, [], mask) for n in range(32)]
    assert all(shows(one.windows[0], place(*SPOTS[5])) for one in choices)
    assert [n for n, one in enumerate(choices) if WHOLE in one.windows] == [0, 8, 16, 24]
    assert WHOLE_EVERY_S == 1.0


@pytest.mark.parametrize("count", range(2, 13))
def test_each_of_many_moving_places_is_searched_in_full_detail_twice_a_second(count: int) -> None:
    pictures = searched(Search(), moving(*SPOTS[:count]))
    for spot in SPOTS[:count]:
        assert longest_wait_s(pictures, place(*spot)) <= TURN_S
    assert all(pictures)
    assert np.mean([len(one) for one in pictures]) <= max(1, count / (TURN_S / STEP_S)) + 1


def test_a_face_that_is_followed_is_searched_in_every_picture() -> None:
    """However much moves elsewhere."""
    expected = face(*place(*SPOTS[11]))
    pictures = searched(Search(), moving(*SPOTS[:11]), expected)
    assert longest_wait_s(pictures, place(*SPOTS[11])) <= STEP_S


def test_two_places_are_both_searched_in_every_picture() -> None:
    pictures = searched(Search(), moving(*SPOTS[:2]))
    assert {len(one) for one in pictures} == {2}


def test_many_places_of_a_picture_1280_px_wide_are_seen_together() -> None:
    """Half of the detail is left in the whole picture."""
    search, mask = Search(), moving((10, 10), (40, 10), (10, 30), (60, 30))
    counts = [len(search.choose(n * STEP_S, (720, 1280), [], mask).windows) for n in range(16)]
    assert counts == [2, *[1] * 7, 2, *[1] * 7], "and the whole once a second"


def test_somebody_new_beside_a_face_that_is_followed_is_found_soon() -> None:
    pictures = searched(Search(), moving(SPOTS[0]), face(*place(*SPOTS[3])))
    assert longest_wait_s(pictures, place(*SPOTS[0])) <= TURN_S


# A large moving place


def test_a_large_moving_place_is_seen_as_a_whole_and_in_full_detail_in_turn() -> None:
    """Sixteen people who come in together: a third of the picture."""
    mask = moving((10, 10), side=25)
    search = Search()
    pictures = searched(search, mask, seconds=6)
    for x in range(10, 34, 3):
        for y in range(10, 34, 3):
            assert longest_wait_s(pictures, place(x, y)) <= DETAIL_S + STEP_S
    assert all(max(w[2] - w[0] for w in one) > WINDOW_PX for one in pictures[::4]), "and as a whole"


def test_the_detail_of_a_large_place_is_sought_only_where_something_moves() -> None:
    mask = moving((10, 10), side=25)
    mask[15:30, 15:30] = 0
    pictures = searched(Search(), mask)
    windows = [w for one in pictures for w in one if _full(w)]
    assert windows
    assert all(
        mask[w[1] // 48 : w[3] // 48 + 1, w[0] // 48 : w[2] // 48 + 1].any() for w in windows
    )


def test_when_everything_moves_it_is_the_light_and_costs_a_look() -> None:
    assert searched(Search(), moving((0, 0), side=80), seconds=0.25) == [[], []]


# In a hurry


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_with_time_for_few_windows_the_places_take_turns(most: int) -> None:
    faces = [face(*place(*spot)) for spot in SPOTS[:6]]
    pictures = searched(Search(), moving(*SPOTS[6:]), *faces, most=most, seconds=8)
    assert {len(one) for one in pictures} == {most}
    rounds_s = 12 / most * STEP_S
    for spot in SPOTS:
        assert longest_wait_s(pictures, place(*spot)) <= rounds_s + 2 * STEP_S


def test_what_had_to_wait_is_counted() -> None:
    faces = [face(*place(*spot)) for spot in SPOTS[:6]]
    search = Search()
    hurried = search.choose(0.0, SHAPE, faces, moving(), 2)
    assert (len(hurried.windows), hurried.put_off) == (3, 4), "the whole picture is one more"
    assert hurried.turns == 3
    unhurried = search.choose(0.125, SHAPE, faces, moving(), 9)
    assert (unhurried.put_off, unhurried.turns) == (0, 1)


def test_a_clock_that_goes_back_does_not_stop_the_search() -> None:
    search, mask = Search(), moving(*SPOTS)
    searched(search, mask, start_s=1000)
    first = search.choose(0.0, SHAPE, [], mask)
    assert len(first.windows) == len(SPOTS) + 1


# Close-ups


def test_a_face_followed_steadily_is_looked_for_closely_between_two_searches_a_second() -> None:
    search, mask = Search(), moving(SPOTS[5])
    expected = face(*place(*SPOTS[5]))
    choices = [search.choose(n / 8, SHAPE, [expected], mask, steady=True) for n in range(16)]
    assert [n for n, one in enumerate(choices) if one.windows] == [0, 4, 8, 12]
    brief = [one for one in choices if not one.windows]
    assert {len(one.close_ups) for one in brief} == {1}
    assert all(shows(one.close_ups[0].window, place(*SPOTS[5])) for one in brief)
    assert not any(one.close_ups for one in choices if one.windows)


def test_what_moves_where_no_face_is_followed_is_searched_in_every_picture() -> None:
    search, mask = Search(), moving(SPOTS[5], SPOTS[0])
    expected = face(*place(*SPOTS[5]))
    for n in range(16):
        choice = search.choose(n / 8, SHAPE, [expected], mask, steady=True)
        assert any(shows(window, place(*SPOTS[0])) for window in choice.windows)


def test_a_face_that_is_not_followed_steadily_is_searched_in_full() -> None:
    search, mask = Search(), moving(SPOTS[5])
    expected = face(*place(*SPOTS[5]))
    choices = [search.choose(n / 8, SHAPE, [expected], mask) for n in range(16)]
    assert all(one.windows and not one.close_ups for one in choices)


def test_faces_that_overlap_are_searched_in_full() -> None:
    search, mask = Search(), moving(SPOTS[5])
    one = face(*place(*SPOTS[5]))
    beside = (one[0] + 10, one[1], one[2] + 10, one[3])
    choices = [search.choose(n / 8, SHAPE, [one, beside], mask, steady=True) for n in range(16)]
    assert all(choice.windows and not choice.close_ups for choice in choices)


def test_where_a_face_is_about_to_leave_the_picture_all_of_it_is_searched() -> None:
    search = Search()
    for n in range(4):
        choice = search.choose(n / 8, SHAPE, [face(-80, 500)], moving(), steady=True)
        assert choice.windows
