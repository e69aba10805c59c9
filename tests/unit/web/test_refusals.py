"""How refusals are counted, slowed and logged."""

import pytest

from fixtures.scripted import ManualClock
from visitord.core.clock import Clock
from visitord.web.refusals import (
    ADDRESSES_MAX,
    FORGOTTEN_AFTER_S,
    FREE,
    LINES_MAX,
    SLOWEST_S,
    TOLD_EVERY_S,
    Refusals,
    Wrong,
)


class StoppedClock(ManualClock, Clock):
    pass


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def refusals(clock: StoppedClock) -> Refusals:
    return Refusals(clock)


def test_each_try_above_the_free_ones_doubles_the_wait_up_to_a_minute(
    refusals: Refusals, clock: StoppedClock
) -> None:
    waits = []
    for _ in range(FREE + 8):
        refusals.add("192.0.2.1", Wrong.LINK)
        waits.append(refusals.wait_s("192.0.2.1", Wrong.LINK))
        clock.seconds += waits[-1]
        assert refusals.wait_s("192.0.2.1", Wrong.LINK) == 0
    assert waits == [0] * FREE + [2, 4, 8, 16, 32, SLOWEST_S, SLOWEST_S, SLOWEST_S]


def test_who_was_quiet_for_long_begins_anew(refusals: Refusals, clock: StoppedClock) -> None:
    for _ in range(FREE + 3):
        refusals.add("192.0.2.1", Wrong.LINK)
    clock.seconds += FORGOTTEN_AFTER_S + 1
    refusals.add("192.0.2.1", Wrong.LINK)
    assert refusals.wait_s("192.0.2.1", Wrong.LINK) == 0


def test_addresses_and_kinds_do_not_slow_each_other(refusals: Refusals) -> None:
    for _ in range(FREE + 1):
        refusals.add("192.0.2.1", Wrong.LINK)
        refusals.add("2001:db8::1", Wrong.LINK)
    assert refusals.wait_s("192.0.2.1", Wrong.LINK)
    assert not refusals.wait_s("192.0.2.1", Wrong.FORM)
    assert not refusals.wait_s("192.0.2.2", Wrong.LINK)
    assert not refusals.wait_s("2001:db8:0:1::1", Wrong.LINK)


def test_the_addresses_of_one_ipv6_network_are_one(refusals: Refusals) -> None:
    for n in range(FREE + 1):
        refusals.add(f"2001:db8::{n}", Wrong.LINK)
    assert refusals.wait_s("[2001:db8::ffff]", Wrong.LINK)


def test_it_remembers_no_more_than_so_many(refusals: Refusals) -> None:
    for n in range(3 * ADDRESSES_MAX):
        refusals.add(f"10.0.{n // 256}.{n % 256}", Wrong.LINK)
    assert len(refusals._tries) == ADDRESSES_MAX


def test_what_is_no_address_is_not_repeated_in_the_log(
    refusals: Refusals, caplog: pytest.LogCaptureFixture
) -> None:
    refusals.add("x\nCRITICAL all is lost", Wrong.LINK)
    assert "refused an unknown address: a link" in caplog.text
    assert "all is lost" not in caplog.text


def test_the_log_has_a_line_a_minute_and_says_how_many_it_lacks(
    refusals: Refusals, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        refusals.add("192.0.2.1", Wrong.FORM)
    assert len(caplog.messages) == 1
    clock.seconds += TOLD_EVERY_S
    refusals.add("192.0.2.1", Wrong.FORM)
    assert caplog.messages[1] == (
        "The review page refused 192.0.2.1: a form that is not from its own pages "
        "(and 4 more since the last such line)."
    )


def test_many_addresses_do_not_fill_the_log(
    refusals: Refusals, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(200):
        refusals.add(f"10.0.0.{n}", Wrong.LINK)
    assert len(caplog.messages) == LINES_MAX
    clock.seconds += TOLD_EVERY_S
    refusals.add("10.0.1.1", Wrong.LINK)
    assert f"(and {200 - LINES_MAX} more since" in caplog.messages[-1]
