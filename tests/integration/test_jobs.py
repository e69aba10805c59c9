"""Scheduled jobs on a real database, with clocks that are set to any time meanwhile."""

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.reports import axis, report
from fixtures.scripted import SetClock
from fixtures.visit_log import VisitLog
from visitord.core.config import Config, CropsConfig
from visitord.core.stages import Stage
from visitord.service import ages
from visitord.service.jobs import ERASE_EVERY_S, JOB_WITHIN_S, TIDY_EVERY_S, Jobs
from visitord.service.stamps import Stamps
from visitord.store import erasure, people
from visitord.store.crops import Crops

DAY = timedelta(days=1)
YEAR_AHEAD = 400 * DAY


class Box:
    """A box whose clock a test sets; that of its database is the same, or goes right.

    It has seen two people who are known, and one whom nobody was found for.  There is a picture of
    the second person by which nobody is recognised.
    """

    def __init__(self, visit_log: VisitLog, folder: Path) -> None:
        self.clock = SetClock(datetime.now(UTC))
        self.visit_log = visit_log
        self.crops = Crops(folder / "crops")
        self.picture = self._kept(b"old")
        visit_log.recorder.handle(report(axis(0), 0))
        visit_log.recorder.handle(report(axis(100), 100, good=False))
        visit_log.recorder.handle(report(axis(2), 200))
        visit_log.recorder.handle(again := report(axis(2), 1000))
        with visit_log.database.transaction() as cursor:
            values = {"sighting": again.sighting_id, "crop": self.picture}
            cursor.execute("delete from template where sighting_id = %(sighting)s", values)
            cursor.execute(
                "update sighting set crop = %(crop)s where sighting_id = %(sighting)s", values
            )

        config = Config(state_dir=folder, crops=CropsConfig(keep=90 * DAY))
        database = visit_log.database
        self.stage = Stage("jobs", self.clock)
        self.jobs = Jobs(database, visit_log.recorder, config, self.clock, self.stage)

    def _kept(self, content: bytes) -> str:
        name = self.crops.keep(content)
        assert name
        return name

    def forget(self, name: str) -> None:
        """As any box does; the mark bears the time of the database's clock."""
        with self.visit_log.database.transaction() as cursor:
            erasure.forget(cursor, people.find(cursor, name))
            cursor.execute("update erased set erased_at = %s", (self.clock.now(),))

    def hour(self) -> None:
        """An hour passes, and the jobs that delete what is old run."""
        self.clock.passes(TIDY_EVERY_S)
        self.jobs._tidy(self.visit_log.database)
        self.jobs._expire(self.visit_log.database)

    def has(self) -> dict[str, bool]:
        return {
            "picture": self.crops.read(self.picture) is not None,
            "look": self.visit_log.one("select count(*) from sighting where embedding is null")
            == 0,
            "mark": self.visit_log.one("select count(*) from erased") != 0,
        }


ALL = {"picture": True, "look": True, "mark": True}
NOTHING = dict.fromkeys(ALL, False)


@pytest.fixture
def box(visit_log: VisitLog, tmp_path: Path) -> Box:
    """Its database is on a server of its own, whose clock goes right."""
    return Box(visit_log, tmp_path)


@pytest.fixture
def embedded(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """Its database is its own, and has its clock."""
    monkeypatch.setattr(ages, "server_time", lambda _cursor: box.clock.now())
    return box


def test_what_is_old_goes(embedded: Box) -> None:
    embedded.forget("visitor 1")
    age_s = YEAR_AHEAD.total_seconds()
    embedded.clock.passes(age_s)
    assert embedded.has() == ALL
    embedded.hour()
    assert embedded.has() == NOTHING


def test_a_clock_set_a_year_ahead_makes_nothing_old_at_once(
    embedded: Box, caplog: pytest.LogCaptureFixture
) -> None:
    """When it is set back before the next look, nothing ever was."""
    caplog.set_level(logging.INFO)
    embedded.forget("visitor 1")
    right = embedded.clock.now()
    embedded.clock.set(right + YEAR_AHEAD)
    embedded.hour()
    assert embedded.has() == ALL
    assert "A clock was set: nothing is deleted by age before the next look at it." in caplog.text
    embedded.clock.set(right + timedelta(hours=1))
    embedded.hour()
    embedded.hour()
    assert embedded.has()["mark"]
    assert embedded.has()["picture"]


def test_a_box_whose_own_clock_is_a_year_ahead_deletes_nothing_that_is_old_by_it_alone(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.forget("visitor 1")
    box.clock.set(box.clock.now() + YEAR_AHEAD)
    for _ in range(3):
        box.hour()
    assert box.has() == ALL
    assert "nothing is deleted by age until they agree; set up NTP on both." in caplog.text


def test_a_box_that_started_in_1970_deletes_nothing_when_it_is_set_right(embedded: Box) -> None:
    right = embedded.clock.now()
    embedded.clock.set(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    embedded.jobs._stamps = Stamps(embedded.crops, embedded.clock)
    embedded.clock.passes(60)
    os.utime(embedded.crops._path(embedded.picture), (90, 90))
    embedded.clock.set(right)
    embedded.jobs._keep_stamps(embedded.visit_log.database)
    for _ in range(3):
        embedded.hour()
    assert embedded.has()["picture"]


def test_pictures_that_are_too_many_go_also_while_a_clock_is_wrong(box: Box) -> None:
    box.jobs._config = Config(state_dir=box.crops._folder.parent, crops=CropsConfig(max_mb=0))
    box.clock.set(box.clock.now() + YEAR_AHEAD)
    box.hour()
    assert not box.has()["picture"]


@pytest.mark.parametrize("by", [timedelta(minutes=-10), timedelta(days=-400), YEAR_AHEAD])
def test_what_is_forgotten_goes_from_this_box_whatever_the_clock_was_set_to(
    embedded: Box, by: timedelta
) -> None:
    database = embedded.visit_log.database
    with database.transaction() as cursor:
        cursor.execute("update sighting set crop = %s", (embedded.picture,))
    embedded.jobs._erase(database)
    embedded.clock.set(embedded.clock.now() + by)
    embedded.clock.passes(ERASE_EVERY_S)
    with database.transaction() as cursor:
        cursor.execute(
            "update sighting set crop = null where identity_id is distinct from "
            "(select identity_id from identity where number = 1)"
        )
    embedded.forget("visitor 1")
    embedded.clock.passes(ERASE_EVERY_S)
    embedded.jobs._erase(database)
    assert not embedded.has()["picture"]


@pytest.mark.parametrize("by", [timedelta(), timedelta(minutes=-10)])
def test_who_leaves_is_told_whatever_the_clock_was_set_to(
    embedded: Box, by: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    database = embedded.visit_log.database
    embedded.visit_log.recorder._follow()
    embedded.clock.set(embedded.clock.now() + by)
    with database.transaction() as cursor:
        values = (embedded.clock.now() - timedelta(seconds=10), embedded.clock.now())
        cursor.execute("update visit set started_at = %s, ended_at = %s", values)
    embedded.jobs._leave(database)
    embedded.clock.passes(20)
    embedded.jobs._leave(database)
    assert "left" not in caplog.text
    embedded.clock.passes(50)
    embedded.jobs._leave(database)
    embedded.jobs._leave(database)
    assert caplog.text.count("visitor 1 left main after 0:00:10.") == 1


def test_nobody_has_left_who_may_be_in_what_is_not_written_yet(embedded: Box) -> None:
    database = embedded.visit_log.database
    left = "select count(*) from event where kind = 'departure'"
    embedded.jobs._leave(database)
    assert embedded.visit_log.one(left) == 0
    embedded.visit_log.recorder._follow()
    embedded.jobs._leave(database)
    assert embedded.visit_log.one(left) == 3


def test_old_events_go_and_newer_ones_stay(embedded: Box, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    database = embedded.visit_log.database
    with database.transaction() as cursor:
        cursor.execute("update event set told_at = %s", (embedded.clock.now(),))
        cursor.execute("insert into event_receiver (name, sequence) values ('ops', 1)")
    embedded.clock.passes((29 * DAY).total_seconds())
    embedded.jobs._give_up(database)
    assert embedded.visit_log.one("select count(*) from event") == 3
    embedded.clock.passes((2 * DAY).total_seconds())
    embedded.jobs._give_up(database)
    assert embedded.visit_log.one("select count(*) from event") == 0
    assert "Deleted 3 old events; 2 deliveries of them are given up." in caplog.text


def test_a_job_says_before_each_step_that_it_goes_on_and_how_long_that_may_take(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[float] = []
    monkeypatch.setattr(box.stage, "beat", said.append)
    (tidying,) = [job for job in box.jobs._schedule._jobs if job.name == "tidying"]
    box.jobs._run_job(tidying)
    assert len(said) >= 8, "connecting, and each statement of two transactions"
    assert set(said) == {JOB_WITHIN_S}
