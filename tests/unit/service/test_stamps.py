"""Pictures keep their age when the clock that stamped them is set."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.scripted import SetClock
from visitord.service.stamps import Stamps
from visitord.store.crops import Crops

RIGHT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Box:
    """Pictures that were kept at times of a clock that a test sets."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.clock = SetClock(now)
        self.crops = Crops(folder)
        self.paths: dict[str, Path] = {}
        self.keep("before")
        self.clock.passes(10)
        self.stamps = Stamps(self.crops, self.clock)
        self.clock.passes(10)

    def keep(self, name: str) -> None:
        kept = self.crops.keep(name.encode())
        assert kept
        self.paths[name] = self.crops._path(kept)
        at_s = self.clock.now().timestamp()
        os.utime(self.paths[name], (at_s, at_s))

    def age_s(self, name: str) -> float:
        return self.clock.now().timestamp() - self.paths[name].stat().st_mtime


@pytest.mark.parametrize(
    "wrong",
    [
        datetime(1970, 1, 1, 0, 1, tzinfo=UTC),
        RIGHT - timedelta(minutes=10),
        RIGHT + timedelta(days=400),
    ],
)
def test_what_was_kept_before_the_clock_was_set_right_keeps_its_age(
    tmp_path: Path, wrong: datetime
) -> None:
    box = Box(tmp_path, wrong)
    box.keep("early")
    box.clock.passes(60)
    box.stamps.look()
    box.keep("late")
    box.clock.passes(2)
    box.clock.set(RIGHT)
    box.stamps.look()
    box.keep("after")
    box.clock.passes(100)
    box.stamps.look()
    ages = [round(box.age_s(name)) for name in ("early", "late", "after")]
    assert ages == [162, 102, 100]


def test_a_clock_that_is_set_wrong_and_right_again_leaves_all_as_it_was(tmp_path: Path) -> None:
    box = Box(tmp_path, RIGHT)
    box.keep("early")
    for by in (timedelta(days=400), timedelta(days=-400)):
        box.clock.passes(2)
        box.clock.set(box.clock.now() + by)
        box.stamps.look()
    assert [round(box.age_s(name)) for name in ("early", "before")] == [4, 24]


def test_what_is_older_than_the_process_stays_as_it_is(tmp_path: Path) -> None:
    """Whoever stamped it may have had the right time."""
    box = Box(tmp_path, datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    at_s = box.paths["before"].stat().st_mtime
    box.clock.set(RIGHT)
    box.stamps.look()
    assert box.paths["before"].stat().st_mtime == at_s


def test_a_machine_that_slept_has_not_set_its_clock(tmp_path: Path) -> None:
    box = Box(tmp_path, RIGHT)
    box.keep("early")
    box.clock.sleeps(3600)
    box.stamps.look()
    assert round(box.age_s("early")) == 3600


def test_a_clock_that_is_merely_kept_right_changes_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path, RIGHT)
    box.keep("early")
    at_s = box.paths["early"].stat().st_mtime
    box.clock.set(box.clock.now() + timedelta(seconds=1))
    box.stamps.look()
    assert box.paths["early"].stat().st_mtime == at_s
