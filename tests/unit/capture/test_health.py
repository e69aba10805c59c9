"""From state to state, by what a camera's threads report."""

import pytest

from fixtures.build import NOON
from visitord.capture.health import (
    KEY_FRAME_USUAL_S,
    WAITS,
    Connection,
    Health,
    HealthMonitor,
    State,
)
from visitord.capture.inspection import COVERED

STALE_AFTER_S = 10.0


@pytest.fixture
def monitor() -> HealthMonitor:
    return HealthMonitor("door", STALE_AFTER_S)


def show(
    monitor: HealthMonitor, connection: Connection, t: float, *, covered: bool = False
) -> None:
    assert monitor.came(connection, t)
    monitor.usable(connection, t, NOON, covered=covered, dropped=False)


def short(health: Health) -> tuple[State, str]:
    return health.state, health.reason


def test_a_camera_is_connecting_until_a_usable_picture(monitor: HealthMonitor) -> None:
    assert short(monitor.health(0.0)) == (State.CONNECTING, "")
    connection = monitor.opening(0.0)
    monitor.flawed(connection, 1.0, "flaw")
    assert short(monitor.health(1.0)) == (State.CONNECTING, "")
    show(monitor, connection, 2.0)
    assert short(monitor.health(2.0)) == (State.LIVE, "")


def test_a_live_camera_is_stale_without_a_word_from_anywhere(monitor: HealthMonitor) -> None:
    show(monitor, monitor.opening(0.0), 1.0)
    assert short(monitor.health(11.0)) == (State.LIVE, "")
    assert short(monitor.health(11.1)) == (State.STALE, "no new picture for more than 10 s")


def test_the_last_flaw_is_the_reason_to_be_stale(monitor: HealthMonitor) -> None:
    connection = monitor.opening(0.0)
    show(monitor, connection, 1.0)
    assert monitor.flawed(connection, 2.0, "flaw") == 1.0
    assert short(monitor.health(2.0)) == (State.LIVE, "")
    assert short(monitor.health(12.0)) == (State.STALE, "flaw")
    show(monitor, connection, 13.0)
    assert short(monitor.health(13.0)) == (State.LIVE, "")


def test_a_lens_covered_for_long_makes_a_camera_stale(monitor: HealthMonitor) -> None:
    connection = monitor.opening(0.0)
    for t in range(13):
        show(monitor, connection, float(t), covered=t >= 1)
    assert short(monitor.health(11.0)) == (State.LIVE, "")
    assert short(monitor.health(12.0)) == (State.STALE, COVERED)
    show(monitor, connection, 13.0)
    assert short(monitor.health(13.0)) == (State.LIVE, "")


def test_a_failure_stays_until_the_next_usable_picture(monitor: HealthMonitor) -> None:
    show(monitor, monitor.opening(0.0), 1.0)
    monitor.failed(State.GONE, "it broke")
    second = monitor.opening(5.0)
    assert short(monitor.health(5.0)) == (State.GONE, "it broke")
    show(monitor, second, 6.0)
    assert (*short(monitor.health(6.0)), monitor.health(6.0).reconnects) == (State.LIVE, "", 1)


def test_a_connection_without_pictures_is_given_up_after_its_time(monitor: HealthMonitor) -> None:
    connection = monitor.opening(0.0)
    assert monitor.came(connection, 5.0)
    assert not monitor.give_up_after(connection, 30.0, 25.0)
    assert monitor.give_up_after(connection, 30.1, 25.0)


def test_what_a_connection_that_was_given_up_reports_changes_nothing(
    monitor: HealthMonitor,
) -> None:
    late = monitor.opening(0.0)
    assert monitor.give_up_after(late, 100.0, 25.0)
    monitor.failed(State.GONE, "it was given up")
    before = monitor.health(100.0)
    assert not monitor.came(late, 101.0)
    monitor.described(late, "of the late one")
    monitor.flawed(late, 101.0, "flaw")
    monitor.usable(late, 102.0, NOON, covered=True, dropped=True)
    assert monitor.health(200.0) == before


def test_a_camera_given_up_while_live_is_stale_until_that_is_reported(
    monitor: HealthMonitor,
) -> None:
    connection = monitor.opening(0.0)
    show(monitor, connection, 1.0)
    assert monitor.give_up_after(connection, 40.0, 25.0)
    assert monitor.health(40.0).state is State.STALE


def test_the_frame_rate_follows_slowly_and_is_none_of_a_camera_that_is_not_live(
    monitor: HealthMonitor,
) -> None:
    connection = monitor.opening(0.0)
    for n in range(3):
        show(monitor, connection, n / 10)
    assert monitor.health(0.2).fps == 10.0
    show(monitor, connection, 0.4)
    assert monitor.health(0.4).fps == 9.5
    monitor.failed(State.GONE, "it broke")
    assert monitor.health(0.5).fps == 0.0


def test_for_how_long_a_connection_is_live_is_counted_from_picture_to_picture(
    monitor: HealthMonitor,
) -> None:
    first = monitor.opening(0.0)
    assert not monitor.was_live(first)
    show(monitor, first, 3.0)
    show(monitor, first, 7.0)
    assert (monitor.was_live(first), monitor.live_s(first)) == (True, 4.0)
    assert monitor.live_s(monitor.opening(8.0)) == 0.0


# Key frames that are waited for


def test_a_camera_that_sends_waits_for_a_key_frame_after_longer_than_is_usual(
    monitor: HealthMonitor,
) -> None:
    connection = monitor.opening(0.0)
    assert monitor.undecoded(connection, KEY_FRAME_USUAL_S) == KEY_FRAME_USUAL_S
    assert short(monitor.health(KEY_FRAME_USUAL_S)) == (State.CONNECTING, "")
    monitor.undecoded(connection, KEY_FRAME_USUAL_S + 0.1)
    assert short(monitor.health(100.0)) == (State.CONNECTING, WAITS)
    show(monitor, connection, 101.0)
    assert short(monitor.health(101.0)) == (State.LIVE, "")


def test_a_camera_that_failed_and_sends_again_is_no_longer_what_it_was(
    monitor: HealthMonitor,
) -> None:
    show(monitor, monitor.opening(0.0), 1.0)
    monitor.failed(State.GONE, "it broke")
    second = monitor.opening(5.0)
    monitor.undecoded(second, 6.0)
    assert short(monitor.health(6.0)) == (State.GONE, "it broke")
    monitor.undecoded(second, 15.0)
    assert short(monitor.health(15.0)) == (State.CONNECTING, WAITS)


def test_a_live_camera_that_sends_no_more_pictures_is_stale_for_want_of_a_key_frame(
    monitor: HealthMonitor,
) -> None:
    connection = monitor.opening(0.0)
    show(monitor, connection, 1.0)
    monitor.undecoded(connection, 10.0)
    assert short(monitor.health(10.0)) == (State.LIVE, "")
    assert short(monitor.health(11.1)) == (State.STALE, WAITS)


def test_what_a_connection_that_was_given_up_sends_changes_nothing(
    monitor: HealthMonitor,
) -> None:
    late = monitor.opening(0.0)
    assert monitor.give_up_after(late, 100.0, 25.0)
    assert monitor.undecoded(late, 200.0) == 0.0
    assert short(monitor.health(200.0)) == (State.CONNECTING, "")
