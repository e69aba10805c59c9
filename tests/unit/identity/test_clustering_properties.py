"""What the merge job decides about any people at all, checked against the rules written down the
slow way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.build import uid
from visitord.core.records import Embedding
from visitord.identity import neighbours as module
from visitord.identity.clustering import (
    NAMED,
    PARTLY,
    TORN,
    Group,
    Member,
    Proposal,
    agreement,
    propose,
)
from visitord.identity.linkage import AMBIGUOUS
from visitord.identity.neighbours import Neighbours, dbscan

MERGE = 0.42
DISAGREE = -2.0
many = settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even a few embeddings make several blocks."""
    monkeypatch.setattr(module, "BLOCK", 3)


@dataclass(frozen=True)
class Case:
    """Anybody: who there is, what they look like, and who is not whom."""

    members: list[Member]
    looks: dict[UUID, Embedding]
    apart: set[frozenset[UUID]]


def unit(numbers: Sequence[int]) -> Embedding:
    vector = np.array(numbers, np.float64)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


# Few directions, so that ties, duplicates and people between two others are common.
directions = st.tuples(*[st.integers(-1, 4)] * 4).filter(any).map(unit)


@st.composite
def cases(draw: Callable) -> Case:
    looks: dict[UUID, Embedding] = {}

    def keys(embeddings: Sequence[Embedding]) -> tuple[UUID, ...]:
        start = 1000 + len(looks)
        looks.update((uid(start + n), e) for n, e in enumerate(embeddings))
        return tuple(uid(start + n) for n in range(len(embeddings)))

    members = []
    for n in draw(st.permutations(range(1, 1 + draw(st.integers(2, 9))))):
        if draw(st.integers(0, 2)) == 0:
            members.append(
                Member(uid(n), (keys([draw(directions)]),), draw(st.integers(0, 5)), pending=True)
            )
        else:
            first = [draw(directions)]
            parts = [first, *([d] for d in draw(st.lists(directions, max_size=1)))]
            first += draw(st.lists(directions, max_size=2))
            named = draw(st.integers(0, 3)) == 0
            members.append(Member(uid(n), tuple(map(keys, parts)), 100 + n, named=named))
    pairs = [frozenset((a.member_id, b.member_id)) for a, b in combinations(members, 2)]
    return Case(members, looks, set(draw(st.lists(st.sampled_from(pairs), max_size=4))))


def held(case: Case, members: Sequence[Member] | None = None) -> Neighbours:
    neighbours = Neighbours(MERGE)
    neighbours.update(
        [k for m in (members or case.members) for part in m.parts for k in part], case.looks
    )
    return neighbours


def decided(case: Case) -> Proposal:
    return propose(case.members, case.apart, held(case))


def everyone(group: Group) -> set[UUID]:
    return {i for i in (group.kept, *group.merged, *group.settled) if i is not None}


def applied(case: Case, proposal: Proposal) -> Case:
    """The case as the database has it once the groups are one."""
    by_id = {m.member_id: m for m in case.members}
    now = {i: group.identity_id for group in proposal.groups for i in everyone(group)}
    members = [m for m in case.members if m.member_id not in now]
    for number, group in enumerate(proposal.groups):
        joined = [
            by_id[i] for i in (*([group.kept] if group.kept else []), *group.merged, *group.settled)
        ]
        parts = tuple(part for m in joined for part in m.parts)
        rank = by_id[group.kept].rank if group.kept else 1000 + number
        members.append(Member(group.identity_id, parts, rank, named=any(m.named for m in joined)))
    apart = {frozenset(now.get(i, i) for i in pair) for pair in case.apart}
    return Case(members, case.looks, apart)


class Slow:
    """The rules as they read, over whole groups, with no regard for time."""

    def __init__(self, case: Case) -> None:
        self.case = case
        looks = {
            m.member_id: [np.array([case.looks[k] for k in part]) for part in m.parts]
            for m in case.members
        }
        self.agree: dict[frozenset[UUID], list[float]] = {
            frozenset((a, b)): [float(agreement(p, q)) for p, q in product(looks[a], looks[b])]
            for a, b in combinations(looks, 2)
        }
        kept_first = sorted(
            case.members, key=lambda m: (m.pending, not m.named, m.rank, m.member_id)
        )
        self.order = {m.member_id: n for n, m in enumerate(kept_first)}
        self.by_id = {m.member_id: m for m in case.members}
        self.groups = [frozenset({m.member_id}) for m in case.members]
        while join := self.best_join():
            self.groups = [g for g in self.groups if g not in join] + [join[0] | join[1]]

    def first(self, group: frozenset[UUID]) -> int:
        return min(self.order[i] for i in group)

    def across(self, a: frozenset[UUID], b: frozenset[UUID]) -> list[float]:
        return [x for i, j in product(a, b) for x in self.agree[frozenset((i, j))]]

    def parted(self, a: frozenset[UUID], b: frozenset[UUID]) -> bool:
        return any(frozenset(pair) in self.case.apart for pair in product(a, b))

    def named(self, group: frozenset[UUID]) -> bool:
        return any(self.by_id[i].named for i in group)

    def identity(self, group: frozenset[UUID]) -> bool:
        return len(group) > 1 or not all(self.by_id[i].pending for i in group)

    def fit(self, a: frozenset[UUID], b: frozenset[UUID]) -> float:
        if self.parted(a, b) or (self.named(a) and self.named(b)) or min(self.across(a, b)) < MERGE:
            return DISAGREE
        return min(self.across(a, b))

    def rivals(self, a: frozenset[UUID], b: frozenset[UUID]) -> bool:
        fit = self.fit(a, b)
        return any(
            self.fit(one, third) > max(fit - AMBIGUOUS, DISAGREE)
            and self.fit(other, third) == DISAGREE
            and (self.identity(third) or self.parted(other, third))
            for one, other in ((a, b), (b, a))
            for third in self.groups
            if third not in (a, b)
        )

    def best_join(self) -> list[frozenset[UUID]]:
        able = [
            sorted((a, b), key=self.first)
            for a, b in combinations(self.groups, 2)
            if self.fit(a, b) != DISAGREE and not self.rivals(a, b)
        ]
        return min(
            able, key=lambda ab: (-self.fit(*ab), self.first(ab[0]), self.first(ab[1])), default=[]
        )

    def suggestions(self) -> set[tuple[frozenset[UUID], float, str]]:
        return {
            (a | b, max(self.across(a, b)), self.reason(a, b))
            for a, b in combinations(filter(self.identity, self.groups), 2)
            if not self.parted(a, b) and max(self.across(a, b)) >= MERGE
        }

    def reason(self, a: frozenset[UUID], b: frozenset[UUID]) -> str:
        if self.named(a) and self.named(b):
            return NAMED
        return TORN if self.fit(a, b) != DISAGREE else PARTLY


@many
@given(cases())
def test_the_rules_hold_for_every_group(case: Case) -> None:
    slow, by_id, seen = Slow(case), {m.member_id: m for m in case.members}, set()
    for group in decided(case).groups:
        ids = everyone(group)
        assert len(ids) == len(group.merged) + len(group.settled) + (group.kept is not None) > 1
        assert not ids & seen
        seen |= ids
        assert not any(pair <= ids for pair in case.apart)
        assert sum(by_id[i].named for i in ids) <= 1
        agree = [x for pair in combinations(ids, 2) for x in slow.agree[frozenset(pair)]]
        assert group.agreement == min(agree) >= MERGE
        people = [by_id[i] for i in ids if not by_id[i].pending]
        assert group.kept == (
            min(people, key=lambda m: (not m.named, m.rank)).member_id if people else None
        )
        assert {i for i in ids if by_id[i].pending} == set(group.settled)


@many
@given(cases())
def test_the_outcome_is_what_the_rules_say(case: Case) -> None:
    slow, proposal = Slow(case), decided(case)
    assert {frozenset(everyone(g)) for g in proposal.groups} == {
        g for g in slow.groups if len(g) > 1
    }
    members = {g.identity_id: everyone(g) for g in proposal.groups}
    found = {
        (frozenset().union(*(members.get(i, {i}) for i in (s.one, s.other))), s.agreement, s.reason)
        for s in proposal.suggestions
    }
    assert found == slow.suggestions()
    assert len(found) == len(proposal.suggestions)
    assert proposal.suggestions == sorted(
        proposal.suggestions, key=lambda s: (-s.agreement, s.one, s.other)
    )
    assert all(s.one < s.other for s in proposal.suggestions)


@many
@given(cases())
def test_a_second_run_proposes_nothing_and_suggests_the_same(case: Case) -> None:
    first = decided(case)
    again = decided(applied(case, first))
    assert again.groups == []
    assert again.suggestions == first.suggestions


@many
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_data_does_not_matter(case: Case, random: Random) -> None:
    expected = decided(case)
    members = [
        Member(m.member_id, tuple(random.sample(m.parts, len(m.parts))), m.rank, m.named, m.pending)
        for m in random.sample(case.members, len(case.members))
    ]
    shuffled = random.sample(members, len(members))
    assert propose(members, case.apart, held(case, shuffled)) == expected


def by_key(neighbours: Neighbours, keys: Sequence[UUID]) -> set[frozenset[UUID]]:
    of_row = dict(zip(neighbours.rows(keys).tolist(), keys, strict=True))
    return {frozenset(of_row[row] for row in pair) for pair in neighbours.pairs.T.tolist()}


@many
@given(cases(), st.randoms(use_true_random=False))
def test_learning_step_by_step_gives_what_learning_at_once_gives(
    case: Case, random: Random
) -> None:
    neighbours, keys = Neighbours(MERGE), list(case.looks)
    for _ in range(3):
        some = random.sample(keys, random.randint(0, len(keys)))
        fetched = {key: case.looks[key] for key in neighbours.unknown(some)}
        neighbours.update(some, fetched)
        at_once = Neighbours(MERGE)
        at_once.update(some, case.looks)
        assert by_key(neighbours, some) == by_key(at_once, some)
        assert all(
            (neighbours.matrix[neighbours.rows([k])[0]] == case.looks[k]).all() for k in some
        )
        assert len(neighbours.matrix) == len(some)
        assert neighbours.pairs.shape == at_once.pairs.shape
    neighbours.update(keys, case.looks)
    assert propose(case.members, case.apart, neighbours) == decided(case)


@many
@given(st.lists(directions, min_size=2, max_size=30))
def test_clusters_are_those_of_dbscan_over_all_distances(looks: list[Embedding]) -> None:
    from sklearn.cluster import DBSCAN

    neighbours, keys = Neighbours(MERGE), [uid(n) for n in range(len(looks))]
    neighbours.update(keys, dict(zip(keys, looks, strict=True)))
    ours = dbscan(neighbours.pairs, len(looks), MERGE)
    theirs = DBSCAN(eps=1 - MERGE, min_samples=2, metric="cosine").fit_predict(np.array(looks))
    assert ((ours == -1) == (theirs == -1)).all()
    together = ours[:, None] == ours
    assert (together == (theirs[:, None] == theirs)).all()


def test_a_pair_exactly_at_the_threshold_is_near_in_whatever_block_it_comes() -> None:
    rng, keys = np.random.default_rng(3), [uid(n) for n in range(12)]
    looks = {key: unit(rng.normal(size=128)) for key in keys}
    for a, b in combinations(keys, 2):
        for step in (1, 4, 12):
            neighbours = Neighbours(float(agreement(looks[a][None], looks[b][None])))
            for end in range(step, 13, step):
                neighbours.update(keys[:end], looks)
            assert frozenset({a, b}) in by_key(neighbours, keys)


def test_what_is_missing_or_of_another_size_changes_nothing() -> None:
    neighbours, axes = Neighbours(MERGE), np.eye(4, dtype=np.float32)
    neighbours.update([uid(1), uid(2)], {uid(1): axes[0], uid(2): axes[0]})
    with pytest.raises(KeyError):
        neighbours.update([uid(2), uid(3)], {})
    with pytest.raises(ValueError, match="dimension"):
        neighbours.update([uid(2), uid(3)], {uid(3): np.ones(5, np.float32)})
    assert neighbours.unknown([uid(1), uid(2), uid(3)]) == [uid(3)]
    assert by_key(neighbours, [uid(1), uid(2)]) == {frozenset({uid(1), uid(2)})}


def test_nothing_is_asked_of_nobody() -> None:
    neighbours = Neighbours(MERGE)
    neighbours.update([], {})
    assert propose([], set(), neighbours) == Proposal([], [])
    neighbours.update([uid(1)], {uid(1): unit([1, 0])})
    neighbours.update([], {})
    assert neighbours.pairs.shape == (2, 0)
