"""When jobs run, with the wall clock set to any time meanwhile."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from fixtures.scripted import SetClock
from visitord.service.schedule import ByCron, Every, Job, Schedule

EVENING = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)  # a Monday


class Day:
    """A schedule of one job, whose clock a test moves, and when it ran, in steady seconds."""

    def __init__(self, clock: SetClock, times: Every | ByCron) -> None:
        self.clock = clock
        self.times = times
        self.ran: list[float] = []
        self.schedule = Schedule([Job("test", self._work, times)], lambda job: job.work())
        self._stop = threading.Event()

    def _work(self) -> None:
        self.ran.append(self.clock.seconds)

    def goes_on(self, seconds: float) -> None:
        """Let the time pass, with the schedule looking whenever it wants to."""
        until = self.clock.seconds + seconds
        while True:
            wait_s = self.schedule.run_due(self._stop)
            if self.clock.seconds + wait_s > until:
                self.clock.passes(until - self.clock.seconds)
                return
            self.clock.passes(max(wait_s, 0.001))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(EVENING)


def test_a_job_runs_at_its_intervals(clock: SetClock) -> None:
    day = Day(clock, Every(10, clock))
    day.goes_on(35)
    assert [round(t) for t in day.ran] == [10, 20, 30]


@pytest.mark.parametrize(
    "by", [timedelta(days=20_000), timedelta(days=-400), timedelta(minutes=-10)]
)
def test_intervals_do_not_change_when_the_wall_clock_is_set(clock: SetClock, by: timedelta) -> None:
    """Neither is a run missed, nor is any made up for."""
    day = Day(clock, Every(10, clock))
    day.goes_on(15)
    clock.set(clock.now() + by)
    day.goes_on(20)
    assert [round(t) for t in day.ran] == [10, 20, 30]


def test_what_a_long_run_missed_is_not_made_up_for(clock: SetClock) -> None:
    day = Day(clock, Every(10, clock))
    day.goes_on(5)
    clock.passes(100)
    day.goes_on(10)
    assert [round(t) for t in day.ran] == [105, 115]


def test_the_next_run_of_an_interval_is_told(clock: SetClock) -> None:
    times = Every(3600, clock)
    clock.passes(600)
    assert times.next_run() == EVENING + timedelta(hours=1)
    clock.passes(6000)
    assert times.next_run() == clock.now(), "it waits for another one to end"


def test_a_job_by_cron_runs_at_its_times(clock: SetClock) -> None:
    day = Day(clock, ByCron("30 3 * * *", "UTC", clock))
    assert day.times.next_run() == datetime(2026, 12, 1, 3, 30, tzinfo=UTC)
    day.goes_on(3 * 86400)
    assert [round(t / 3600, 2) for t in day.ran] == [9.5, 33.5, 57.5]
    assert day.times.next_run() == datetime(2026, 12, 4, 3, 30, tzinfo=UTC)


def test_a_clock_set_from_1970_to_today_runs_nothing_that_was_missed(clock: SetClock) -> None:
    clock.set(datetime(1970, 1, 1, tzinfo=UTC))
    day = Day(clock, ByCron("30 3 * * *", "UTC", clock))
    day.goes_on(600)
    clock.set(EVENING)
    day.goes_on(600)
    assert day.ran == []
    assert day.times.next_run() == datetime(2026, 12, 1, 3, 30, tzinfo=UTC)


def test_a_clock_set_back_by_a_day_does_not_put_off_the_next_run(clock: SetClock) -> None:
    day = Day(clock, ByCron("30 3 * * *", "UTC", clock))
    clock.set(EVENING + timedelta(days=400))
    day.goes_on(60)
    clock.set(EVENING)
    day.goes_on(10 * 3600)
    assert [round(t / 3600, 1) for t in day.ran] == [9.5]


def test_a_time_that_came_while_the_machine_slept_is_made_up_for(clock: SetClock) -> None:
    day = Day(clock, ByCron("30 3 * * *", "UTC", clock))
    day.goes_on(60)
    clock.sleeps(14 * 3600)
    day.goes_on(60)
    assert [round(t) for t in day.ran] == [60]


def test_a_time_that_is_skipped_by_an_hour_comes_at_once_and_once(clock: SetClock) -> None:
    day = Day(clock, ByCron("*/10 19 * * *", "UTC", clock))
    day.goes_on(59 * 60)
    clock.set(EVENING + timedelta(hours=2))
    day.goes_on(3600)
    assert [round(t / 60) for t in day.ran] == [59]


def test_a_time_that_is_repeated_does_not_come_again(clock: SetClock) -> None:
    day = Day(clock, ByCron("0 19 * * *", "UTC", clock))
    day.goes_on(61 * 60)
    clock.set(EVENING)
    day.goes_on(2 * 3600)
    assert [round(t / 60) for t in day.ran] == [60]


def test_what_comes_every_few_minutes_goes_on_after_the_clock_was_set_back(
    clock: SetClock,
) -> None:
    day = Day(clock, ByCron("*/5 * * * *", "UTC", clock))
    day.goes_on(61 * 60)
    clock.set(clock.now() - timedelta(minutes=30))
    day.ran.clear()
    day.goes_on(10 * 60)
    assert len(day.ran) == 2


def test_a_clock_that_is_kept_right_by_a_second_repeats_nothing(clock: SetClock) -> None:
    day = Day(clock, ByCron("*/5 * * * *", "UTC", clock))
    day.goes_on(300.5)
    clock.set(clock.now() - timedelta(seconds=1))
    day.goes_on(60)
    assert len(day.ran) == 1


def test_jobs_run_one_at_a_time_and_none_after_the_end(clock: SetClock) -> None:
    stop = threading.Event()
    ran = []

    def first() -> None:
        ran.append("first")
        stop.set()

    jobs = [
        Job("first", first, Every(1, clock)),
        Job("second", lambda: ran.append("second"), Every(1, clock)),
    ]
    clock.passes(2)
    Schedule(jobs, lambda job: job.work()).run_due(stop)
    assert ran == ["first"]
