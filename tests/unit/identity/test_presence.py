"""Who is here, and that an arrival is told of once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fixtures.build import after, axis, report, template, uid
from visitord.core.records import Arrival, TrackReport
from visitord.identity import presence as module
from visitord.identity.presence import Presence

GAP_S = 300.0
SAM, REGULAR = uid(101), uid(102)


def presence() -> Presence:
    return Presence(timedelta(seconds=GAP_S))


def seen(start_s: float, end_s: float) -> TrackReport:
    return replace(report(), started_at=after(start_s), ended_at=after(end_s))


def arrival(at_s: float) -> Arrival:
    return Arrival(SAM, "Sam", "main", "door", after(at_s), 0)


def test_a_visit_begins_the_first_time_and_after_an_absence_longer_than_the_gap() -> None:
    here = presence()
    assert here.saw(SAM, seen(0, 10))
    assert not here.saw(SAM, seen(10 + GAP_S, 20 + GAP_S))
    assert here.saw(SAM, seen(20 + 2 * GAP_S + 1, 30 + 2 * GAP_S))


def test_a_sighting_that_comes_late_does_not_make_an_absence_longer() -> None:
    here = presence()
    here.saw(SAM, seen(100, 110))
    assert not here.saw(SAM, seen(0, 10))
    assert not here.saw(SAM, seen(110 + GAP_S, 120 + GAP_S))


def test_those_who_left_are_forgotten_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_MAX", 1)
    here = presence()
    here.saw(SAM, seen(0, 1))
    here.saw(REGULAR, seen(GAP_S, GAP_S + 10))
    assert set(here._seen) == {REGULAR}


def test_who_was_seen_after_a_time_is_told() -> None:
    here = presence()
    here.saw(SAM, seen(0, 10))
    here.saw(REGULAR, seen(20, 30))
    assert here.since(after(5)) == {SAM, REGULAR}
    assert here.since(after(10)) == {REGULAR}


def test_a_guess_is_known_until_it_is_written() -> None:
    here = presence()
    learnt = template(1, 101, axis(0))
    here.guess(report(n=1), SAM, learnt)
    here.guess(report(n=2), None, None)
    assert here.guessed({uid(1), uid(2), uid(3)}) == {uid(1): SAM, uid(2): None}
    assert here.template_updates() == [learnt]

    here.written(report(n=1), None)
    assert here.guessed({uid(1), uid(2)}) == {uid(2): None}
    assert here.template_updates() == []


def test_an_arrival_that_was_announced_is_not_told_again_when_it_is_written() -> None:
    here = presence()
    assert here.announce(arrival(0)) == arrival(0)
    assert here.written(report(), arrival(GAP_S)) is None
    assert here.written(report(), arrival(GAP_S + 1)) == arrival(GAP_S + 1)


def test_once_all_is_written_what_was_announced_is_over() -> None:
    here = presence()
    here.announce(arrival(0))
    here.guess(report(n=1), SAM, None)
    here.guess(report(n=2), SAM, None)

    here.forget({uid(2)})
    assert here.guessed({uid(1), uid(2)}) == {uid(2): SAM}
    assert here.written(report(n=1), arrival(0)) is None

    here.forget(set())
    assert here.written(report(n=1), arrival(0)) == arrival(0)
