"""How many windows there is time for."""

import pytest

from fixtures.scripted import ManualClock
from visitord.vision.search_time import WINDOWS_MIN, SearchTime


def spend(time: SearchTime, clock: ManualClock, window_s: float, windows: int = 3) -> None:
    with time.spent_on(windows):
        clock.seconds += window_s * windows


def test_before_the_first_picture_there_is_time_for_a_few() -> None:
    assert SearchTime(ManualClock(), 1.0).windows == WINDOWS_MIN


@pytest.mark.parametrize(("window_s", "windows"), [(0.01, 6), (0.02, 3), (0.5, WINDOWS_MIN)])
def test_the_time_for_a_picture_is_divided_by_what_a_window_takes(
    window_s: float, windows: int
) -> None:
    clock = ManualClock()
    time = SearchTime(clock, 0.0625)
    spend(time, clock, window_s)
    assert time.windows == windows


def test_one_slow_picture_says_little_and_many_do() -> None:
    clock = ManualClock()
    time = SearchTime(clock, 0.0625)
    spend(time, clock, 0.01)
    spend(time, clock, 0.04)
    assert time.windows == 4
    for _ in range(60):
        spend(time, clock, 0.02)
    assert time.windows == 3


def test_a_clock_without_resolution_is_no_error() -> None:
    clock = ManualClock()
    time = SearchTime(clock, 0.0625)
    spend(time, clock, 0.0)
    assert time.windows == WINDOWS_MIN
