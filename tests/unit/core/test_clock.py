"""How far a wall clock was set between two looks."""

from datetime import UTC, datetime, timedelta

import pytest

from visitord.core.clock import ClockWatch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("set_by_s", [0.0, -600.0, 34_560_000.0])
def test_what_the_wall_clock_moved_beside_the_steady_one_it_was_set_by(set_by_s: float) -> None:
    watch = ClockWatch()
    assert watch.set_by(NOON, 500.0) is None, "at the first look nobody knows"
    later = NOON + timedelta(seconds=10 + set_by_s)
    assert watch.set_by(later, 510.0) == set_by_s
    assert watch.set_by(later + timedelta(seconds=7), 517.0) == 0.0, "only since the last look"
