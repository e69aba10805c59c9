"""What the merge job decides, checked against the rules written down the slow way."""

from itertools import combinations, product
from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.people import MERGE, Case, cases, decided, held, many
from visitord.identity.agreement import DISAGREE, agreement
from visitord.identity.clustering import NAMED, PARTLY, TORN, Group, Member, Proposal, propose
from visitord.identity.linkage import AMBIGUOUS

pytestmark = pytest.mark.usefixtures("small_blocks")


def everyone(group: Group) -> set[UUID]:
    return {i for i in (group.kept, *group.merged, *group.settled) if i is not None}


def applied(case: Case, proposal: Proposal) -> Case:
    """The case as the database has it once the groups are one."""
    by_id = {m.member_id: m for m in case.members}
    now = {i: group.identity_id for group in proposal.groups for i in everyone(group)}
    members = [m for m in case.members if m.member_id not in now]

    for number, group in enumerate(proposal.groups):
        kept = [group.kept] if group.kept else []
        joined = [by_id[i] for i in (*kept, *group.merged, *group.settled)]
        parts = tuple(part for m in joined for part in m.parts)
        rank = by_id[group.kept].rank if group.kept else 1000 + number
        named = any(m.named for m in joined)
        members.append(Member(group.identity_id, parts, rank, named=named))

    cannot_link = {frozenset(now.get(i, i) for i in pair) for pair in case.cannot_link}
    return Case(members, case.looks, cannot_link)


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

    def must_part(self, a: frozenset[UUID], b: frozenset[UUID]) -> bool:
        return any(frozenset(pair) in self.case.cannot_link for pair in product(a, b))

    def named(self, group: frozenset[UUID]) -> bool:
        return any(self.by_id[i].named for i in group)

    def identity(self, group: frozenset[UUID]) -> bool:
        return len(group) > 1 or not all(self.by_id[i].pending for i in group)

    def fit(self, a: frozenset[UUID], b: frozenset[UUID]) -> float:
        if (
            self.must_part(a, b)
            or (self.named(a) and self.named(b))
            or min(self.across(a, b)) < MERGE
        ):
            return DISAGREE
        return min(self.across(a, b))

    def rivals(self, a: frozenset[UUID], b: frozenset[UUID]) -> bool:
        fit = self.fit(a, b)
        return any(
            self.fit(one, third) > max(fit - AMBIGUOUS, DISAGREE)
            and self.fit(other, third) == DISAGREE
            and (self.identity(third) or self.must_part(other, third))
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
            if not self.must_part(a, b) and max(self.across(a, b)) >= MERGE
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
        assert not any(pair <= ids for pair in case.cannot_link)
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
    assert propose(members, case.cannot_link, held(case, shuffled)) == expected
