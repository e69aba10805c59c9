"""A stage that hangs is warned of, then ends the process with every thread's place in the log."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fixtures.scripted import SetClock
from fixtures.waiting import PATIENCE_S
from visitord.core.stages import Stages
from visitord.service.watchdog import LOOK_EVERY_S, Watchdog

MINUTE = int(60 / LOOK_EVERY_S)  # looks


class Watched:
    """Two stages, and a watchdog whose looks a test makes."""

    def __init__(self) -> None:
        self.stages = Stages(SetClock(datetime(2026, 3, 1, tzinfo=UTC)))
        self.vision = self.stages.begin("vision")
        self.jobs = self.stages.begin("jobs")
        self.ended: list[str] = []
        self.watchdog = Watchdog(self.stages, self.ended.append)

    def look(self, times: int, *going_on: Callable[[], None]) -> None:
        for _ in range(times):
            for beat in going_on:
                beat()
            self.watchdog.look()


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture) -> Watched:
    caplog.set_level(logging.INFO)
    return Watched()


def test_stages_that_go_on_are_left_alone(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.look(100, watched.vision.beat, watched.jobs.beat)
    assert watched.ended == []
    assert caplog.messages == []


def test_a_stage_without_progress_for_a_minute_ends_the_process(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.look(MINUTE, watched.jobs.beat)
    assert watched.ended == []
    assert caplog.messages == ["The vision thread has made no progress for 30 s."]
    watched.look(1, watched.jobs.beat)
    assert watched.ended == ["The vision thread has made no progress for 60 s."]


def test_a_stage_that_goes_on_after_a_warning_says_so(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.look(MINUTE, watched.jobs.beat)
    watched.look(MINUTE // 2, watched.jobs.beat, watched.vision.beat)
    watched.look(MINUTE - 1, watched.jobs.beat)
    assert watched.ended == []
    assert caplog.messages == [
        "The vision thread has made no progress for 30 s.",
        "The vision thread goes on.",
        "The vision thread has made no progress for 30 s.",
    ]


def test_a_step_that_takes_long_has_the_time_it_asked_for(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """As a merge job, a slow database, and the first picture of a network that is prepared."""
    watched.jobs.beat(600)
    watched.look(9 * MINUTE, watched.vision.beat)
    assert watched.ended == []
    watched.look(MINUTE + 1, watched.vision.beat)
    assert watched.ended == ["The jobs thread has made no progress for 600 s."]


def test_a_process_that_was_stopped_for_an_hour_is_not_to_blame(watched: Watched) -> None:
    """The watchdog did not look either: it counts its looks, not the hours."""
    watched.look(1)
    watched.stages._clock.passes(3600)  # type: ignore[attr-defined]
    watched.look(1)
    assert watched.ended == []


def test_a_stage_that_has_ended_does_not_hang(watched: Watched) -> None:
    watched.look(1)
    watched.stages.end(watched.vision)
    watched.look(2 * MINUTE, watched.jobs.beat)
    assert watched.ended == []


HANGS = """
import threading
from visitord.core.clock import Clock
from visitord.core.stages import Stages
from visitord.service import watchdog

def waits_for_ever():
    threading.Event().wait()

{setting}
watchdog.LOOK_EVERY_S = 0.01
stages = Stages(Clock())
stages.begin("vision").beat(0.05)
threading.Thread(target=waits_for_ever).start()
looks = watchdog.Watchdog(stages, watchdog.end_process).run
threading.Thread(target=looks, args=[threading.Event()]).start()
"""


def end_of(setting: str, stderr: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HANGS.format(setting=setting)],
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_process_ends_with_1_and_says_where_every_thread_is() -> None:
    done = end_of("", subprocess.PIPE)
    assert done.returncode == 1
    assert "The vision thread has made no progress for" in done.stderr
    assert "visitord ends, to be started again" in done.stderr
    assert "waits_for_ever" in done.stderr


def test_the_process_ends_even_when_its_log_hangs() -> None:
    """Nobody reads what it writes, and the pipe is full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, bytes(1)):
            pass
    os.set_blocking(writing, True)

    done = end_of("watchdog.LOG_WITHIN_S = 0.5", writing)
    os.close(reading)
    os.close(writing)
    assert done.returncode == -signal.SIGALRM
