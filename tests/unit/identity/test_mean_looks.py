"""Who is one person by the mean of their looks, beside those whose single looks all agree."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given

from fixtures.build import uid
from fixtures.people import MERGE, Case, cases, many
from fixtures.reports import axis
from visitord.core.records import Embedding
from visitord.identity.clustering import Group, Member, Proposal, Suggestion, propose
from visitord.identity.mean_looks import LEAD, joined_by_mean
from visitord.identity.neighbours import Neighbours

EMPTY = Proposal([], [])


def look(*parts: tuple[int, float]) -> Embedding:
    """A unit vector with these shares of axes."""
    vector = sum(share * axis(n) for n, share in parts)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def member(n: int, looks: int, *, named: bool = False, pending: bool = False) -> Member:
    keys = tuple(uid(100 * n + k) for k in range(looks))
    return Member(uid(n), (keys,), n, named, pending)


def joined(
    members: Mapping[Member, Sequence[Embedding]],
    proposal: Proposal = EMPTY,
    cannot_link: frozenset[frozenset[UUID]] = frozenset(),
) -> Proposal:
    neighbours = Neighbours(MERGE)
    looks = {
        key: embedding
        for one, embeddings in members.items()
        for key, embedding in zip(one.parts[0], embeddings, strict=True)
    }
    neighbours.update(list(looks), looks)
    return joined_by_mean(proposal, list(members), cannot_link, neighbours)


# A regular known from two looks that are little alike, one more look of the same person, and a
# stranger: each look of the regular is 0.35 to 0.38 like the further one, and their mean 0.52.
REGULAR = (look((0, 0.7), (1, 0.72)), look((0, 0.7), (2, 0.72)))
FURTHER = (look((0, 0.52), (3, 0.85)),)
STRANGER = (axis(9),)


def trio(**more: bool) -> dict[Member, Sequence[Embedding]]:
    return {member(1, 2, **more): REGULAR, member(2, 1, **more): FURTHER, member(3, 1): STRANGER}


def test_a_mean_agrees_where_no_single_look_does() -> None:
    assert max(float(one @ FURTHER[0]) for one in REGULAR) < MERGE
    (group,) = joined(trio()).groups
    assert (group.kept, group.merged, group.settled) == (uid(1), (uid(2),), ())
    assert MERGE < group.agreement < 0.5


def test_means_of_one_look_each_join_nobody() -> None:
    close = {member(1, 1): (axis(0),), member(2, 1): (look((0, 0.9), (1, 0.43)),)}
    assert joined(close) == EMPTY


def test_who_is_nearly_as_like_somebody_else_is_left_alone() -> None:
    torn = trio() | {member(4, 1): (look((0, 0.50), (4, 0.86)),)}
    assert joined(torn) == EMPTY
    apart = trio() | {member(4, 1): (look((0, 0.52 - 2 * LEAD), (4, 0.9)),)}
    assert len(joined(apart).groups) == 1


def test_two_people_for_certain_and_two_with_names_stay_two() -> None:
    pair = frozenset([frozenset((uid(1), uid(2)))])
    assert joined(trio(), cannot_link=pair) == EMPTY
    assert joined(trio(named=True)) == EMPTY


def test_the_one_with_a_name_is_kept() -> None:
    named = {member(1, 2): REGULAR, member(2, 1, named=True): FURTHER, member(3, 1): STRANGER}
    (group,) = joined(named).groups
    assert (group.kept, group.merged) == (uid(2), (uid(1),))


def test_pending_sightings_and_empty_members_are_not_asked() -> None:
    pending = {member(1, 2): REGULAR, member(2, 1, pending=True): FURTHER, member(3, 0): ()}
    assert joined(pending) == EMPTY


def test_whoever_is_in_a_group_already_is_left_to_the_next_run() -> None:
    proposal = Proposal([Group(uid(3), (uid(2),), (), 0.9)], [])
    assert joined(trio(), proposal) == proposal


def test_what_was_to_be_asked_of_the_two_is_asked_no_more() -> None:
    theirs = Suggestion(uid(1), uid(2), 0.4, "made up")
    others = Suggestion(uid(1), uid(3), 0.4, "made up")
    assert joined(trio(), Proposal([], [theirs, others])).suggestions == [others]


@many
@given(cases())
def test_nobody_is_in_two_groups_and_nobody_who_cannot_be_is_joined(case: Case) -> None:
    neighbours = Neighbours(MERGE)
    neighbours.update([k for m in case.members for p in m.parts for k in p], case.looks)
    before = propose(case.members, case.cannot_link, neighbours)
    after = joined_by_mean(before, case.members, case.cannot_link, neighbours)
    assert after.groups[: len(before.groups)] == before.groups

    everyone = [i for g in after.groups for i in (g.kept, *g.merged, *g.settled) if i]
    assert len(everyone) == len(set(everyone))
    for group in after.groups[len(before.groups) :]:
        assert frozenset((group.kept, *group.merged)) not in case.cannot_link


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_members_changes_nothing(order: int) -> None:
    everyone = dict(list(trio().items())[::order])
    assert joined(everyone) == joined(trio())
