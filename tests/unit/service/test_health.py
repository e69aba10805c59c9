"""How the cameras are, in the log and in the database."""

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fixtures.build import after
from fixtures.scripted import SetClock
from visitord.capture.camera import Health, State
from visitord.core.config import Config
from visitord.core.errors import DatabaseUnavailableError
from visitord.core.stages import Stage
from visitord.service.health import HealthLoop
from visitord.store import cameras as stored
from visitord.store.cameras import ReadElsewhere

CONFIG = Config.model_validate(
    {
        "camera": [
            {"name": "door", "source": "0"},
            {"name": "off", "source": "1", "enabled": False},
        ]
    }
)
LIVE = Health("door", State.LIVE, stream="h264 1280x720")


class OneCamera:
    """A camera whose health a test sets."""

    def __init__(self) -> None:
        self.now = LIVE

    def health(self) -> Health:
        return self.now


class Reports:
    """A database that takes reports; stops the loop after the first."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.loop: HealthLoop | None = None
        self.taken: list[list[Health]] = []
        self.elsewhere: list[ReadElsewhere] = []
        self.failure: Exception | None = None
        self.closed = False
        self.on_step: Any = None

    def another(self) -> "Reports":
        return self

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self.stop.set()
        assert self.loop is not None
        self.loop.wake()
        if self.failure:
            raise self.failure
        yield

    def report(self, _: object, __: str, ___: str, health: Sequence[Health]) -> list[ReadElsewhere]:
        self.taken.append(list(health))
        return self.elsewhere

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def camera() -> OneCamera:
    return OneCamera()


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    made = Reports()
    monkeypatch.setattr(stored, "report", made.report)
    return made


@pytest.fixture
def clock() -> SetClock:
    return SetClock(after(0))


@pytest.fixture
def vision(clock: SetClock) -> Stage:
    return Stage("vision", clock)


@pytest.fixture
def loop(camera: Any, reports: Any, vision: Stage, clock: SetClock) -> HealthLoop:
    reports.loop = HealthLoop(CONFIG, [camera], reports, Stage("health", clock), vision)
    return reports.loop


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_what_changes_is_logged_once_and_what_is_wrong_as_a_warning(
    loop: HealthLoop, camera: OneCamera, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    loop.log_changes()
    loop.log_changes()
    camera.now = replace(LIVE, state=State.GONE, reason="connection refused")
    loop.log_changes()
    assert said(caplog) == [
        ("INFO", "Camera door is live: h264 1280x720."),
        ("INFO", "Camera off is disabled: enabled = false in the configuration."),
        ("WARNING", "Camera door is gone: connection refused."),
    ]


def test_a_camera_whose_pictures_are_not_analysed_is_not_live(
    loop: HealthLoop,
    camera: OneCamera,
    vision: Stage,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock.passes(29)
    assert loop.states()[0] == LIVE
    clock.passes(2)
    loop.log_changes()
    vision.beat()
    loop.log_changes()
    clock.passes(31)
    camera.now = replace(LIVE, state=State.GONE, reason="connection refused")
    loop.log_changes()
    assert [text for _, text in said(caplog) if "door" in text] == [
        "Camera door is stale: its pictures are not analysed.",
        "Camera door is gone: connection refused.",
    ]
    assert loop.states()[0].reason == "connection refused"


def test_it_says_that_it_goes_on_at_each_report_and_each_step_of_the_database(
    camera: Any, reports: Any, vision: Stage, clock: SetClock
) -> None:
    stage = Stage("health", clock)
    reports.loop = HealthLoop(CONFIG, [camera], reports, stage, vision)
    reports.loop.run(reports.stop)
    assert stage.progress().beats == 1
    reports.on_step(300.0)
    assert stage.progress().within_s == 300.0


def test_it_has_ended_when_no_camera_will_give_more(loop: HealthLoop, camera: OneCamera) -> None:
    assert not loop.ended()
    camera.now = replace(LIVE, state=State.ENDED)
    assert loop.ended()


def test_at_the_end_all_that_were_read_are_gone(loop: HealthLoop, reports: Reports) -> None:
    loop.run(reports.stop)
    first, last = reports.taken
    assert [health.state for health in first] == [State.LIVE, State.DISABLED]
    assert [(health.camera, health.state) for health in last] == [("door", State.GONE)]
    assert last[0].reason == "the daemon was stopped"
    assert reports.closed


def test_a_camera_that_another_box_reads_too_is_said_once(
    loop: HealthLoop, reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    reports.elsewhere = [ReadElsewhere("door", "back")]
    loop.run(reports.stop)
    assert len(reports.taken) == 2
    assert said(caplog) == [
        ("WARNING", "Box back reads a camera door too; give one of the two another name.")
    ]


def test_a_database_that_is_away_is_left_to_the_recorder_to_say(
    loop: HealthLoop, reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reports.failure = DatabaseUnavailableError("It is away.")
    loop.run(reports.stop)
    assert said(caplog) == []
    assert reports.closed
