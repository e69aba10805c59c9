"""What the stages of the service say of their progress."""

from datetime import UTC, datetime

import pytest

from fixtures.scripted import SetClock
from visitord.core.stages import WITHIN_S, Progress, Stages


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 3, 1, tzinfo=UTC))


def test_a_stage_is_quiet_since_it_last_said_that_it_goes_on(clock: SetClock) -> None:
    stages = Stages(clock)
    vision, recorder = stages.begin("vision"), stages.begin("recorder")
    clock.passes(5)
    vision.beat()
    clock.passes(2)
    assert stages.progress() == [
        Progress("vision", 1, 2.0, WITHIN_S),
        Progress("recorder", 0, 7.0, WITHIN_S),
    ]
    recorder.beat(900)
    assert recorder.progress() == Progress("recorder", 1, 0.0, 900)
    recorder.beat()
    assert recorder.progress() == Progress("recorder", 2, 0.0, WITHIN_S)


def test_a_stage_that_has_ended_is_not_asked_any_more(clock: SetClock) -> None:
    stages = Stages(clock)
    camera, vision = stages.begin("camera tape"), stages.begin("vision")
    stages.end(camera)
    assert stages.progress() == [vision.progress()]


def test_a_wall_clock_that_is_set_makes_no_stage_quiet(clock: SetClock) -> None:
    stage = Stages(clock).begin("vision")
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert stage.progress().quiet_s == 0.0
