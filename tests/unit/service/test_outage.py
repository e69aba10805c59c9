"""Arrivals told from memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fixtures.build import DIM, after, axis, near, report, sample, template, uid
from fixtures.visit_log import RULE
from visitord.core.records import Arrival, Embedding, Separation, TrackReport
from visitord.identity.presence import Presence
from visitord.identity.thresholds import MatchRule
from visitord.service.gallery_follower import GalleryFollower
from visitord.service.outage import OutageRecogniser

GAP_S = 30.0
SAM = uid(101)


class Memory:
    """A recogniser whose gallery is that of a database that knows Sam."""

    def __init__(self, store: Any) -> None:
        store.version = 7
        store.templates = [replace(template(1, 101, axis(0)), name="Sam")]
        self.store = store
        self.known = GalleryFollower("pack-1", DIM)
        self.presence = Presence(timedelta(seconds=GAP_S))
        self.arrivals: list[Arrival] = []
        self.recogniser = OutageRecogniser(
            "main", "pack-1", self.known, self.presence, self.arrivals.append
        )
        self.filed: dict[UUID, UUID | None] = {}
        self.known.catch_up(store)

    def look(self, *reports: TrackReport) -> list[str]:
        """Whose arrivals were told because of these reports."""
        before = len(self.arrivals)
        for track in reports:
            self.recogniser.look(track, self.filed, RULE)
        return [arrival.name for arrival in self.arrivals[before:]]


@pytest.fixture
def memory(store: Any) -> Memory:
    return Memory(store)


def track(n: int, embedding: Embedding, at_s: float, **more: Any) -> TrackReport:
    """A well seen track of 4 s."""
    made = report([sample(embedding)] * 5, n=n)
    return replace(made, started_at=after(at_s), ended_at=after(at_s + 4), **more)


def test_who_is_known_is_told_by_name_and_without_a_count(memory: Memory) -> None:
    assert memory.look(track(1, near(0, 0.8, 1), 10)) == ["Sam"]
    assert memory.arrivals == [Arrival(SAM, "Sam", "main", "door", after(10), 0)]


def test_a_visit_is_told_once_however_many_tracks_it_has(memory: Memory) -> None:
    assert memory.look(track(1, axis(0), 0), track(2, axis(0), 4 + GAP_S)) == ["Sam"]
    assert memory.look(track(3, axis(0), 8 + 2 * GAP_S + 1)) == ["Sam"]


def test_a_visit_that_began_before_the_outage_is_not_told(memory: Memory) -> None:
    memory.presence.saw(SAM, track(1, axis(0), 0))
    assert memory.look(track(2, axis(0), 10)) == []


def test_a_newcomer_is_recognised_the_next_time(memory: Memory) -> None:
    newcomers = memory.look(track(1, axis(3), 0), track(2, near(3, 0.8, 4), 1000))
    assert newcomers == ["A new visitor"] * 2
    assert len({arrival.visitor_id for arrival in memory.arrivals}) == 1


def test_a_newcomer_is_known_again_after_the_gallery_was_loaded_between(memory: Memory) -> None:
    memory.look(track(1, axis(3), 0))
    memory.known.catch_up(memory.store)
    assert len(memory.known.gallery) == 1
    memory.recogniser.resume()
    memory.recogniser.resume()
    assert len(memory.known.gallery) == 2
    assert memory.look(track(2, axis(3), 1000)) == ["A new visitor"]
    assert len({arrival.visitor_id for arrival in memory.arrivals}) == 1


def test_a_track_that_is_not_ripe_waits_for_a_better_sample(memory: Memory) -> None:
    unclear = track(1, near(0, 0.45, 1), 0, final=False)
    assert memory.look(unclear) == []
    assert memory.look(replace(unclear, final=True)) == ["Sam"]


def test_a_track_that_the_database_has_is_not_decided_again(memory: Memory) -> None:
    memory.filed[uid(1)] = SAM
    assert memory.look(track(1, axis(5), 0)) == ["Sam"]
    memory.filed[uid(2)] = None
    assert memory.look(track(2, axis(6), 0)) == []
    assert memory.presence.template_updates() == []


def test_who_is_in_the_same_picture_is_somebody_else(memory: Memory) -> None:
    one = track(1, axis(0), 0, together=frozenset([uid(2)]))
    other = track(2, near(0, 0.9, 1), 0, together=frozenset([uid(1)]))
    assert memory.look(one, other) == ["Sam", "A new visitor"]


def test_the_arrival_of_who_is_ignored_is_not_told(memory: Memory) -> None:
    memory.known.guess(replace(template(9, 102, axis(6)), name=None))
    assert memory.look(track(1, axis(6), 0)) == []


def test_a_gallery_that_was_never_a_databases_says_nothing(store: Any) -> None:
    memory = Memory(store)
    memory.known.informed = False
    assert memory.look(track(1, axis(0), 0)) == []


def test_who_was_seen_lately_needs_less_similarity(store: Any) -> None:
    """Sam is 0.4 like the face; with 3,000 known that is a match only of who was just here."""
    rule = MatchRule(Separation(81, 0.38, 0.13, "made up"))
    sam = replace(template(1, 101, axis(0)), name="Sam")
    known = [sam, *(template(n, n, axis(3)) for n in range(1000, 4000))]

    for before, names in (([], ["A new visitor"]), ([track(1, axis(0), 10)], ["Sam"])):
        memory = Memory(store)
        memory.known.recall(known)
        for earlier in before:
            memory.recogniser.look(earlier, {}, rule)
        told = len(memory.arrivals)
        memory.recogniser.look(track(2, near(0, 0.4, 1), 100), {}, rule)
        assert [arrival.name for arrival in memory.arrivals[told:]] == names
