"""The operator is told when a camera shows more than there is time for."""

import pytest

from visitord.service.turns_log import PERIOD_S, TELL_EVERY_S, TurnsLog


def watch(turns: TurnsLog, start_s: float, seconds: float, put_off: int) -> None:
    for n in range(round(seconds)):
        turns.note(start_s + n, 3, put_off)


def test_places_that_wait_all_the_time_are_told_with_both_numbers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns = TurnsLog("hall")
    watch(turns, 0, PERIOD_S + 1, 6)
    (line,) = caplog.messages
    assert "Camera hall" in line
    assert "of about 9 places" in line
    assert "3 are searched" in line


def test_a_moment_of_crowding_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    turns = TurnsLog("hall")
    watch(turns, 0, PERIOD_S / 3, 6)
    watch(turns, PERIOD_S / 3, 2 * PERIOD_S, 0)
    assert caplog.messages == []


def test_it_is_told_again_after_an_hour_and_not_before(caplog: pytest.LogCaptureFixture) -> None:
    turns = TurnsLog("hall")
    watch(turns, 0, TELL_EVERY_S, 6)
    assert len(caplog.messages) == 1
    watch(turns, TELL_EVERY_S, 2 * PERIOD_S, 6)
    assert len(caplog.messages) == 2
