"""At what pace pictures are let through."""

import pytest

from visitord.capture.decode import Pace


def test_no_more_pictures_are_let_through_than_asked_for() -> None:
    pace = Pace(8)
    assert sum(pace.allows(n / 25) for n in range(250)) == pytest.approx(80, abs=1)


def test_a_slower_clock_is_let_through_whole_though_its_stamps_are_rounded() -> None:
    pace = Pace(8)
    assert all(pace.allows(round(n / 8, 3)) for n in range(100))


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(8)
    assert [pace.allows(t) for t in (0.0, 60.0, 60.01, 60.02, 60.125)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_a_clock_that_jumps_back_starts_the_pace_anew() -> None:
    pace = Pace(8)
    before = sum(pace.allows(n / 25) for n in range(250))
    after = sum(pace.allows(n / 25) for n in range(250))
    assert before == after == pytest.approx(80, abs=1)
