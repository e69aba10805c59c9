"""The recorder's phases, and one report's way through it, on a store in memory."""

import itertools
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fixtures.build import DIM, axis, near, report, sample, uid
from fixtures.scripted import ManualClock
from fixtures.visit_log import RULE
from visitord.core.errors import (
    ConfigError,
    DatabaseError,
    DatabaseUnavailableError,
    RowRefusedError,
)
from visitord.core.records import Arrival, Decision, TrackReport
from visitord.identity.decision import new_identity_id
from visitord.identity.thresholds import MatchRule
from visitord.service import recorder as module
from visitord.service.deciding import DecidedTrack, decide_track
from visitord.service.gallery_follower import SchemaChangedError
from visitord.service.recorder import Event, Phase, Recorder, RecorderSettings, next_phase
from visitord.store.site import Site

SETTINGS = RecorderSettings(Site("main", "UTC", timedelta(seconds=30)), "pack-1", DIM)
AWAY = DatabaseUnavailableError("The database is away.")


class Bench:
    """A recorder on a store in memory; its waits move the clock and take no time."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.clock = ManualClock()
        self.stop = threading.Event()
        self.arrivals: list[Arrival] = []
        self.phases: list[Phase] = []  # at each wait
        self.prepares: list[Exception] = []  # that the next tries to prepare raise
        self.beats = 0
        self.recorder = Recorder(
            store, SETTINGS, self._prepare, self.arrivals.append, self.clock, beat=self._beat
        )
        self.recorder._queue.wait = self._wait  # type: ignore[method-assign]

    def _beat(self) -> None:
        self.beats += 1

    def _prepare(self) -> MatchRule:
        if self.prepares:
            raise self.prepares.pop(0)
        return RULE

    def _wait(self, timeout_s: float) -> None:
        self.phases.append(self.recorder.phase)
        self.clock.seconds += timeout_s
        if self.recorder.phase is Phase.FOLLOWING:
            self.stop.set()

    def run(self) -> None:
        """Until it follows the database and has nothing to do."""
        self.recorder.run(self.stop)


@pytest.fixture
def bench(store: Any) -> Bench:
    return Bench(store)


def track(n: int = 1, direction: int = 0, **more: Any) -> TrackReport:
    return report([sample(axis(direction))] * 5, n=n, **more)


# The phases

LEADS = {
    (Phase.PREPARING, Event.PREPARED): Phase.FOLLOWING,
    (Phase.FOLLOWING, Event.FAILED): Phase.AWAY,
    (Phase.AWAY, Event.WRITTEN): Phase.FOLLOWING,
    (Phase.FOLLOWING, Event.MIGRATED): Phase.PREPARING,
    (Phase.AWAY, Event.MIGRATED): Phase.PREPARING,
}


@pytest.mark.parametrize(("phase", "event"), list(itertools.product(Phase, Event)))
def test_each_event_leads_to_its_phase_and_all_others_change_nothing(
    phase: Phase, event: Event
) -> None:
    assert next_phase(phase, event) is LEADS.get((phase, event), phase)


def test_who_was_seen_lately_is_told_to_who_decides(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[frozenset[UUID]] = []

    def spy(*arguments: Any) -> DecidedTrack | None:
        told.append(frozenset(arguments[6]))  # recent
        return decide_track(*arguments)

    monkeypatch.setattr(module, "decide_track", spy)
    bench.recorder.prepare()
    bench.recorder.handle(track(1))
    bench.recorder.handle(track(2, direction=1))
    assert told == [frozenset(), {new_identity_id(uid(1))}]


def test_it_is_prepared_once_and_then_follows(bench: Bench) -> None:
    assert (bench.recorder.phase, bench.recorder.rule) == (Phase.PREPARING, None)
    bench.run()
    assert (bench.recorder.phase, bench.recorder.rule) == (Phase.FOLLOWING, RULE)
    bench.prepares = [AWAY]
    bench.stop.clear()
    bench.run()
    assert bench.prepares == [AWAY]


def test_what_cannot_be_prepared_is_tried_again_until_it_can(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.prepares = [AWAY, DatabaseError("It lacks migrations."), ConfigError("It contradicts.")]
    bench.run()
    assert set(bench.phases[:-1]) == {Phase.PREPARING}
    assert bench.phases[-1] is Phase.FOLLOWING
    assert [record.getMessage() for record in caplog.records] == [
        "The database is away. 0 sightings wait in memory only.",
        "It lacks migrations. 0 sightings wait in memory only.",
        "It contradicts. 0 sightings wait in memory only.",
        "The database is there again; what waits is written now.",
    ]


def test_a_failure_leads_away_and_the_next_success_back(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.store.failures = [AWAY, AWAY]
    bench.run()
    assert set(bench.phases[:-1]) == {Phase.AWAY}
    assert bench.phases[-1] is Phase.FOLLOWING


def test_the_waits_between_tries_grow_up_to_a_limit(bench: Bench) -> None:
    bench.recorder.prepare()
    tries = 9
    bench.store.failures = [AWAY] * tries
    began = bench.clock.seconds
    bench.run()
    most = [0.5, 1, 2, 4, 8, 15, 15, 15, 15]
    spent = bench.clock.seconds - began - module.IDLE_S
    assert sum(most) / 2 <= spent <= sum(most)


def test_it_says_that_it_goes_on_at_each_try_and_at_least_once_a_second(bench: Bench) -> None:
    bench.recorder.prepare()
    tries = 9
    bench.store.failures = [AWAY] * tries
    began = bench.clock.seconds
    bench.run()
    assert bench.beats >= tries + (bench.clock.seconds - began) / module.IDLE_S


def test_a_stop_during_an_outage_is_heard_at_once(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.store.failures = [AWAY]
    bench.stop.set()
    bench.run()
    assert (bench.recorder.phase, bench.phases) == (Phase.AWAY, [])


def test_a_migration_has_it_prepared_anew(bench: Bench) -> None:
    bench.run()
    bench.stop.clear()
    bench.store.schema = "2"
    bench.prepares = [DatabaseError("It is of a newer visitord.")]
    bench.run()
    assert bench.prepares == []
    assert Phase.PREPARING in bench.phases
    assert bench.recorder.phase is Phase.FOLLOWING


def test_a_migration_is_told_to_who_handles_reports_himself(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.recorder.handle(track(1))
    bench.store.schema = "2"
    with pytest.raises(SchemaChangedError):
        bench.recorder.handle(track(2))
    assert bench.recorder.phase is Phase.PREPARING


def test_without_the_connection_all_is_loaded_again_for_it_may_be_another_database(
    bench: Bench,
) -> None:
    bench.run()
    for connected, loads in ((True, 1), (False, 2)):
        bench.stop.clear()
        bench.store.connected = connected
        bench.store.failures = [AWAY]
        bench.run()
        assert len(bench.store.fetched) == loads


# One report


def test_a_stranger_is_decided_written_and_remembered(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.recorder.handle(track())
    (decided,) = bench.store.written
    assert decided.verdict.decision is Decision.ENROLLED
    assert [arrival.name for arrival in bench.arrivals] == ["visitor 1"]
    assert (len(bench.recorder._known.gallery), bench.recorder._known.version) == (1, 1)


def test_a_track_that_goes_on_is_decided_once_and_carried_on_after(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.recorder.handle(track(1))
    still_open = replace(track(2, final=False), samples=(sample(near(0, 0.8, 1)),) * 5)
    bench.recorder.handle(still_open)
    bench.recorder.handle(replace(still_open, final=True))
    assert len(bench.store.written) == 2
    assert [carried.sighting_id for carried in bench.store.extended] == [uid(2)]
    assert bench.recorder._filed == {}


def test_who_was_in_one_picture_with_a_face_that_stays_is_written_once(bench: Bench) -> None:
    bench.recorder.prepare()
    stays = replace(track(1, length_s=30.0), final=False)
    for others, static in (
        ((), False),
        ((2,), False),
        ((2,), False),
        ((2, 3), True),
        ((2, 3), False),
    ):
        together = frozenset(uid(n) for n in others)
        bench.recorder.handle(replace(stays, together=together, static=static))
    assert bench.store.paired == [{uid(2)}, set(), {uid(3)}, {uid(3)}]


def test_a_track_that_may_be_seen_better_is_not_written_yet(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.recorder.handle(track(final=False))
    assert bench.store.written == []
    assert bench.recorder._filed == {}


def test_who_was_overtaken_by_another_box_decides_anew(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.store.raced = 2
    bench.recorder.handle(track())
    assert len(bench.store.written) == 1
    assert len(bench.arrivals) == 1


def test_who_is_always_overtaken_gives_the_report_back(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.store.raced = module.RACES_MAX
    with pytest.raises(DatabaseUnavailableError, match="Others enrol people all the time"):
        bench.recorder.handle(track())
    assert (bench.store.written, bench.arrivals) == ([], [])
    assert len(bench.recorder._known.gallery) == 0


def test_a_report_waits_in_memory_until_it_is_written(bench: Bench) -> None:
    bench.recorder.prepare()
    bench.store.failures = [AWAY, AWAY]
    bench.recorder.submit(track())
    bench.run()
    assert len(bench.store.written) == 1
    assert len(bench.recorder._queue) == 0


def test_a_row_that_is_never_taken_holds_up_no_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.recorder.prepare()
    bench.store.failures = [RowRefusedError("It is too long.")]
    bench.recorder.submit(track(1))
    bench.recorder.submit(track(2, 3))
    bench.run()
    assert [decided.report.sighting_id for decided in bench.store.written] == [uid(2)]
    assert "A sighting could not be written and is left out: It is too long." in caplog.text


def test_it_has_caught_up_once_everything_that_waited_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught_up: list[bool] = []
    recorder = bench.recorder
    handle = recorder.handle

    def noted(report: TrackReport, *, waited: bool = False) -> None:
        caught_up.append(recorder.caught_up.is_set())
        handle(report, waited=waited)

    monkeypatch.setattr(recorder, "handle", noted)
    for n in (1, 2):
        recorder.submit(track(n, direction=n))
    bench.run()
    assert caught_up == [False, False]
    assert recorder.caught_up.is_set()

    # Nor has it after an outage, whatever was written before.
    bench.stop.clear()
    bench.store.failures = [AWAY]
    recorder.submit(track(3, direction=3))
    bench.run()
    assert caught_up[2:] == [True, False]
    assert recorder.caught_up.is_set()


def test_an_arrival_told_from_memory_is_not_told_again_when_it_is_written(bench: Bench) -> None:
    bench.run()
    bench.stop.clear()
    bench.store.failures = [AWAY]
    bench.recorder.submit(track())
    bench.run()
    assert [arrival.visits for arrival in bench.arrivals] == [0]
    assert len(bench.store.written) == 1


def test_a_newcomer_stays_known_when_the_database_comes_back_only_to_be_read(bench: Bench) -> None:
    """The gallery is loaded then, and has nobody who is only guessed."""
    bench.run()
    bench.stop.clear()
    bench.store.failures = [AWAY]
    bench.store.write_failures = [AWAY]
    bench.recorder.submit(track(1))

    later = track(2)
    hour = timedelta(hours=1)
    again = replace(later, started_at=later.started_at + hour, ended_at=later.ended_at + hour)

    def come_again(timeout_s: float) -> None:
        if not bench.store.write_failures and len(bench.arrivals) == 1:
            bench.recorder.submit(again)
            timeout_s = 0  # a report ends the wait
        bench._wait(timeout_s)

    bench.recorder._queue.wait = come_again  # type: ignore[method-assign]
    bench.run()
    assert [arrival.name for arrival in bench.arrivals] == ["A new visitor"] * 2
    assert len({arrival.visitor_id for arrival in bench.arrivals}) == 1


# Doubts


@pytest.mark.parametrize(("cosine", "doubt"), [(0.45, False), (0.40, True), (0.30, False)])
def test_somebody_enrolled_though_nearly_like_another_is_asked_about_and_looked_into(
    bench: Bench, cosine: float, doubt: bool
) -> None:
    """The second face is matched, a doubt, or a new one."""
    bench.run()
    bench.recorder.handle(track(1))
    assert (bench.store.doubts, bench.recorder.doubtful.is_set()) == ([], False)

    bench.recorder.handle(report([sample(near(0, cosine, 1))] * 5, n=2))
    first, second = (w.verdict.identity_id for w in bench.store.written)
    assert bench.store.doubts == ([(second, first)] if doubt else [])
    assert bench.recorder.doubtful.is_set() is doubt


# What waited while people were forgotten


def test_what_waited_while_people_were_forgotten_enrols_nobody_and_keeps_nothing_of_them(
    bench: Bench,
) -> None:
    bench.recorder.prepare()
    bench.recorder.handle(track(1))
    late = track(2, direction=1)
    bench.store.forgotten_at = late.ended_at
    bench.recorder.submit(late)
    bench.recorder.submit(track(3))
    bench.run()
    first, stranger, again = bench.store.written
    assert first.verdict.decision is Decision.ENROLLED
    assert stranger.verdict.decision is Decision.PENDING
    assert (stranger.verdict.identity_id, stranger.template) == (None, None)
    assert stranger.anonymous
    assert again.verdict.decision is Decision.MATCHED, "who is known is recognised"
    assert again.verdict.identity_id == first.verdict.identity_id
    assert not again.anonymous


def test_who_is_still_there_when_people_are_forgotten_is_decided_by_what_is_seen_then(
    bench: Bench,
) -> None:
    bench.recorder.prepare()
    open_track = track(1, final=False, length_s=20)
    bench.store.forgotten_at = open_track.ended_at
    bench.recorder.handle(open_track, waited=True)
    assert bench.store.written == []
    later = replace(open_track, ended_at=open_track.ended_at + timedelta(seconds=10))
    bench.recorder.handle(later, waited=True)
    (decided,) = bench.store.written
    assert decided.verdict.decision is Decision.ENROLLED


def test_what_is_seen_after_people_were_forgotten_or_replayed_on_purpose_enrols(
    bench: Bench,
) -> None:
    bench.recorder.prepare()
    replayed, fresh = track(1), track(2, direction=1)
    bench.store.forgotten_at = replayed.ended_at + timedelta(hours=1)
    bench.recorder.handle(replayed)
    bench.store.forgotten_at = fresh.ended_at - timedelta(seconds=1)
    bench.recorder.submit(fresh)
    bench.run()
    decisions = [decided.verdict.decision for decided in bench.store.written]
    assert decisions == [Decision.ENROLLED, Decision.ENROLLED]
