"""When jobs are due, by the steady clock: whatever happens to the time of day."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from visitord.core import cron
from visitord.core.clock import SET_S, Clock, ClockWatch
from visitord.core.stages import WITHIN_S

LOOK_EVERY_S = 30.0  # at the time of day, which may be set
# As cron has it: what was skipped by less is made up for, what is further off is another day.
MADE_UP_FOR_S = 3 * 3600.0


class Times(Protocol):
    """When a job is due.  Of the thread that runs it; `next_run` may be called from any."""

    def left_s(self) -> float:
        """Seconds until it may be due, to look again then; not above 0 when it is due."""

    def begin(self) -> None:
        """Note that the job runs now: it is due again at its next time."""

    def next_run(self) -> datetime:
        """When it will run next, as far as is known now."""


class Every:
    """Times that are so many seconds apart, from now on, by the steady clock alone.

    What was missed, by a long run or a machine that slept, is not made up for.
    """

    def __init__(self, every_s: float, clock: Clock) -> None:
        self._every_s = every_s
        self._clock = clock
        self._next_t = clock.monotonic() + every_s

    def left_s(self) -> float:
        return self._next_t - self._clock.monotonic()

    def begin(self) -> None:
        self._next_t = self._clock.monotonic() + self._every_s

    def next_run(self) -> datetime:
        return self._clock.now() + timedelta(seconds=max(0.0, self.left_s()))


class ByCron:
    """Times of day as cron writes them.

    Where the wall clock is set by up to three hours, each time comes once: what was skipped, at
    once, and what is repeated, not again; but times of every hour or minute follow the new one.
    Set by more, all do.

    Parameters
    ----------
    text
        Five fields.
    zone
        Name of the time zone that they mean.
    clock
        Its wall clock says when they come.
    """

    def __init__(self, text: str, zone: str, clock: Clock) -> None:
        self._text = text
        self._zone = zone
        self._clock = clock
        self._watch = ClockWatch()
        minute, hour, *_ = text.split()
        self._is_frequent = minute.startswith("*") or hour.startswith("*")
        self._next = self._after_now()
        self._watch.set_by(clock.now(), clock.since_boot())

    def left_s(self) -> float:
        now = self._clock.now()
        set_by_s = self._watch.set_by(now, self._clock.since_boot()) or 0.0
        is_other_day = abs(set_by_s) > MADE_UP_FOR_S
        if is_other_day or (self._is_frequent and set_by_s < -SET_S):
            self._next = self._after_now()
        return min(LOOK_EVERY_S, (self._next - now).total_seconds())

    def begin(self) -> None:
        self._next = self._after_now()

    def next_run(self) -> datetime:
        return self._next

    def _after_now(self) -> datetime:
        return cron.next_time(self._text, self._clock.now(), self._zone)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again.

    name: as the log calls it.  within_s: for how long it may do one thing, seconds.
    """

    name: str
    work: Callable[[], None]
    times: Times
    within_s: float = WITHIN_S


class Schedule:
    """Runs jobs one at a time, late rather than never.  Of the thread that calls `run_due`.

    Parameters
    ----------
    jobs
        Of those that are due, earlier ones run first.
    run_job
        Runs one; it raises nothing.
    """

    def __init__(self, jobs: Sequence[Job], run_job: Callable[[Job], None]) -> None:
        self._jobs = jobs
        self._run_job = run_job

    def run_due(self, stop: threading.Event) -> float:
        """Run each job that is due once, and none after `stop` is set.

        Returns for how many seconds nothing is due.
        """
        for job in self._jobs:
            if stop.is_set():
                break
            if job.times.left_s() <= 0:
                job.times.begin()
                self._run_job(job)
        return max(0.0, min(job.times.left_s() for job in self._jobs))
