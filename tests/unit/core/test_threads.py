"""Time zones, threads that do not die silently, and waits."""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from fixtures.waiting import join
from visitord.core.clock import Clock, aware
from visitord.core.threads import Worker, backoff

# Clock


def test_an_instant_elsewhere_becomes_the_same_instant_in_utc() -> None:
    there = datetime(2026, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    moment = aware(there)
    assert (moment, moment.tzinfo) == (there, UTC)
    assert moment.isoformat() == "2026-06-30T22:30:00+00:00"


def test_utc_stays_as_it_is() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert aware(moment) == moment


@pytest.mark.parametrize("fold", [0, 1])
def test_both_hours_of_the_autumn_night_keep_their_instant(fold: int) -> None:
    there = datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Berlin"))
    assert aware(there).hour == fold


def test_a_naive_time_is_refused_with_advice() -> None:
    with pytest.raises(
        ValueError, match=r"^2026-03-01T12:00:00 has no time zone; add an offset such as \+00:00$"
    ):
        aware(datetime(2026, 3, 1, 12, 0))


def test_the_system_clock_is_aware_in_utc_and_its_seconds_never_jump_back() -> None:
    clock = Clock()
    before = datetime.now(timezone(timedelta(hours=5)))
    now = clock.now()
    assert now.tzinfo is UTC
    assert timedelta() <= now - before < timedelta(seconds=5)
    first = clock.monotonic()
    time.sleep(0.002)
    assert 0.001 < clock.monotonic() - first < 5
    assert clock.since_boot() >= clock.monotonic() - 0.001, "which leaves out the time in sleep"


# Worker


def run_worker(work: Callable[[], None]) -> threading.Event:
    """Whether the worker that did this work called `failed`."""
    failed = threading.Event()
    worker = Worker("camera door", work, failed.set)
    worker.start()
    join(worker)
    return failed


def test_a_worker_does_its_work_in_a_thread_of_its_name() -> None:
    names: list[str] = []
    failed = run_worker(lambda: names.append(threading.current_thread().name))
    assert names == ["camera door"]
    assert not failed.is_set()


def test_a_dying_worker_calls_failed_and_logs_its_name_and_the_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def work() -> None:
        raise RuntimeError("out of paper")

    assert run_worker(work).is_set()
    [record] = [r for r in caplog.records if r.name == "visitord.core.threads"]
    assert record.levelno == logging.CRITICAL
    assert "camera door" in record.getMessage()
    assert "out of paper" in caplog.text


def test_a_worker_that_tries_to_leave_by_exiting_fails_too() -> None:
    def work() -> None:
        raise SystemExit(0)

    assert run_worker(work).is_set()


def test_a_worker_does_not_keep_the_process_alive() -> None:
    assert Worker("x", lambda: None, lambda: None).daemon


# Backoff


def test_waits_double_up_to_the_cap_within_half_and_whole() -> None:
    wanted = [0.5, 1, 2, 4, 8, 8, 8, 8]
    for _ in range(50):
        waits = list(islice(backoff(0.5, 8.0), len(wanted)))
        assert all(w / 2 <= wait <= w for w, wait in zip(wanted, waits, strict=True))


def test_waits_are_spread_over_the_whole_range() -> None:
    random.seed(1)
    firsts = [next(backoff(1.0, 8.0)) for _ in range(300)]
    assert min(firsts) < 0.55
    assert max(firsts) > 0.95
    assert 0.7 < sum(firsts) / len(firsts) < 0.8


def test_a_cap_that_is_no_power_of_two_is_reached_exactly() -> None:
    random.seed(1)
    late = [wait for _ in range(200) for wait in list(islice(backoff(1.0, 5.0), 6))[3:]]
    assert 4.8 < max(late) <= 5.0
    assert min(late) >= 2.5


def test_not_even_the_first_wait_exceeds_the_cap() -> None:
    assert next(backoff(20, 5)) <= 5
