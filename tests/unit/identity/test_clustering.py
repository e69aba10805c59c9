"""Which identities are one person."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

import numpy as np
import pytest

from fixtures.build import axis, near, uid, with_cosines
from visitord.core.records import Embedding
from visitord.identity import clustering
from visitord.identity.clustering import (
    DOUBT,
    DOUBTS_MAX,
    NAMED,
    PARTLY,
    TORN,
    Group,
    Member,
    Proposal,
    Suggestion,
)
from visitord.identity.neighbours import Neighbours

MERGE = 0.42
NONE: frozenset[frozenset] = frozenset()
LOOKS: dict[UUID, Embedding] = {}  # of every key that a member of these tests was given


def remember(embedding: Embedding) -> UUID:
    key = uid(10_000 + len(LOOKS))
    LOOKS[key] = embedding
    return key


def member(n: int, *embeddings: Embedding, rank: int | None = None, named: bool = False) -> Member:
    return Member(
        uid(n), (tuple(map(remember, embeddings)),), n if rank is None else rank, named=named
    )


def pending(n: int, embedding: Embedding, rank: int = 0) -> Member:
    return Member(uid(n), ((remember(embedding),),), rank, pending=True)


def consider(members: Sequence[Member], cannot_link: AbstractSet[frozenset] = NONE) -> Proposal:
    neighbours = Neighbours(MERGE)
    neighbours.update([key for m in members for part in m.parts for key in part], LOOKS)
    return clustering.propose(members, cannot_link, neighbours)


def propose(members: Sequence[Member], cannot_link: AbstractSet[frozenset] = NONE) -> list[Group]:
    return consider(members, cannot_link).groups


def cannot_link(*pairs: tuple[int, int]) -> set[frozenset]:
    return {frozenset((uid(a), uid(b))) for a, b in pairs}


def as_sets(groups: Sequence[Group]) -> set[frozenset]:
    """Each group as the set of everyone in it."""
    return {frozenset(x for x in (g.kept, *g.merged, *g.settled) if x is not None) for g in groups}


def after_merge(members: Sequence[Member], groups: Sequence[Group]) -> list[Member]:
    """The members once the groups are made one: the kept one holds the parts of all."""
    by_id = {m.member_id: m for m in members}
    gone = {i for g in groups for i in (g.kept, *g.merged, *g.settled)}
    result = [m for m in members if m.member_id not in gone]
    for g in groups:
        kept = by_id[g.kept or g.settled[0]]
        joined = [kept, *(by_id[i] for i in (*g.merged, *g.settled) if i != kept.member_id)]
        parts = tuple(part for m in joined for part in m.parts)
        result.append(Member(g.identity_id, parts, kept.rank, named=kept.named))
    return result


def test_nobody_and_one_alone_give_no_group() -> None:
    assert propose([]) == []
    assert propose([member(1, axis(0))]) == []


def test_two_that_agree_become_one() -> None:
    [group] = propose([member(1, axis(0)), member(2, near(0, 0.7, 1))])
    assert (group.kept, group.merged, group.settled) == (uid(1), (uid(2),), ())
    assert group.agreement == pytest.approx(0.7)


@pytest.mark.parametrize(("cosine", "count"), [(0.425, 1), (0.415, 0)])
def test_two_merge_only_from_the_threshold_on(cosine: float, count: int) -> None:
    assert len(propose([member(1, axis(0)), member(2, near(0, cosine, 1))])) == count


def test_strangers_stay_apart_while_others_merge() -> None:
    members = [
        member(1, axis(0)),
        member(2, axis(1)),
        member(3, near(1, 0.8, 2)),
        member(4, axis(5)),
    ]
    assert as_sets(propose(members)) == {frozenset({uid(2), uid(3)})}


def test_a_chain_never_becomes_one() -> None:
    """a is like b and b like c, but a is not like c: only the more similar pair merges."""
    a, b, c = with_cosines([[1, 0.6, 0.1], [0.6, 1, 0.7], [0.1, 0.7, 1]])
    [group] = propose([member(1, a), member(2, b), member(3, c)])
    assert as_sets([group]) == {frozenset({uid(2), uid(3)})}
    assert group.agreement == pytest.approx(0.7, abs=1e-5)


def test_of_an_even_chain_nothing_merges_but_every_neighbour_is_suggested() -> None:
    angles = np.deg2rad(40.0 * np.arange(5))  # neighbours 0.77, next but one 0.17
    members = [
        member(n, np.array([np.cos(v), np.sin(v)], np.float32)) for n, v in enumerate(angles)
    ]
    proposal = consider(members)
    assert proposal.groups == []
    assert {(s.one, s.other, s.reason) for s in proposal.suggestions} == {
        (uid(n), uid(n + 1), TORN) for n in range(4)
    }


def test_three_that_all_agree_become_one_with_the_lowest_agreement() -> None:
    a, b, c = with_cosines([[1, 0.6, 0.5], [0.6, 1, 0.7], [0.5, 0.7, 1]])
    [group] = propose([member(3, a), member(1, b), member(2, c)])
    assert (group.kept, set(group.merged)) == (uid(1), {uid(2), uid(3)})
    assert group.agreement == pytest.approx(0.5, abs=1e-5)


def test_two_named_never_merge_however_alike() -> None:
    assert propose([member(1, axis(0), named=True), member(2, axis(0), named=True)]) == []


def test_two_named_never_merge_through_a_third() -> None:
    a, b, c = with_cosines([[1, 0.9, 0.8], [0.9, 1, 0.7], [0.8, 0.7, 1]])
    groups = propose([member(1, a, named=True), member(2, b), member(3, c, named=True)])
    assert as_sets(groups) == {frozenset({uid(1), uid(2)})}


def test_a_pair_known_to_be_two_people_never_merges() -> None:
    assert propose([member(1, axis(0)), member(2, axis(0))], cannot_link((1, 2))) == []


def test_a_pair_known_to_be_two_people_never_merges_through_a_third() -> None:
    a, b, c = with_cosines([[1, 0.9, 0.8], [0.9, 1, 0.7], [0.8, 0.7, 1]])
    members = [member(1, a), member(2, b), member(3, c)]
    assert as_sets(propose(members)) == {frozenset({uid(1), uid(2), uid(3)})}
    assert as_sets(propose(members, cannot_link((1, 3)))) == {frozenset({uid(1), uid(2)})}


def test_a_pair_known_to_be_two_people_keeps_whole_groups_apart() -> None:
    """1+2 and 3+4 are alike across, but 1 and 4 were seen together."""
    table = np.full((4, 4), 0.6) + np.diag([0.4] * 4)
    table[0, 1] = table[1, 0] = table[2, 3] = table[3, 2] = 0.9
    members = [member(n + 1, v) for n, v in enumerate(with_cosines(table.tolist()))]
    assert len(propose(members)) == 1
    assert as_sets(propose(members, cannot_link((1, 4)))) == {
        frozenset({uid(1), uid(2)}),
        frozenset({uid(3), uid(4)}),
    }


def test_the_named_one_is_kept_even_if_it_came_last() -> None:
    [group] = propose([member(1, axis(0)), member(2, axis(0)), member(3, axis(0), named=True)])
    assert (group.kept, group.merged) == (uid(3), (uid(1), uid(2)))


def test_among_provisional_ones_the_lowest_rank_is_kept() -> None:
    [group] = propose([member(1, axis(0), rank=9), member(2, axis(0), rank=4)])
    assert (group.kept, group.merged) == (uid(2), (uid(1),))


def test_a_pending_sighting_settles_into_the_identity() -> None:
    members = [pending(50, near(0, 0.6, 1)), member(7, axis(0), rank=99)]
    [group] = propose(members)
    assert (group.kept, group.merged, group.settled) == (uid(7), (), (uid(50),))


def test_a_pending_sighting_of_a_companion_does_not_settle() -> None:
    assert propose([pending(50, axis(0)), member(7, axis(0))], cannot_link((50, 7))) == []


def test_two_agreeing_pending_sightings_form_a_group_without_identity() -> None:
    [group] = propose([pending(51, axis(0), 1), pending(50, near(0, 0.8, 1), 0)])
    assert (group.kept, group.merged, group.settled) == (None, (), (uid(50), uid(51)))


def test_a_lone_pending_sighting_stays() -> None:
    members = [pending(50, axis(2)), member(1, axis(0)), member(2, near(0, 0.8, 1))]
    assert as_sets(propose(members)) == {frozenset({uid(1), uid(2)})}


def test_a_pending_sighting_between_two_named_people_goes_to_the_more_similar() -> None:
    a, b, c = with_cosines([[1, 0.1, 0.5], [0.1, 1, 0.7], [0.5, 0.7, 1]])
    [group] = propose([member(1, a, named=True), member(2, b, named=True), pending(50, c)])
    assert (group.kept, group.settled) == (uid(2), (uid(50),))


def test_a_pending_sighting_nearly_as_like_another_person_stays_pending_and_is_no_suggestion() -> (
    None
):
    a, b, c = with_cosines([[1, 0.1, 0.66], [0.1, 1, 0.7], [0.66, 0.7, 1]])
    assert consider([member(1, a), member(2, b), pending(50, c)]) == Proposal([], [])


@pytest.mark.parametrize(("second", "merges"), [(0.66, 0), (0.64, 1)])
def test_an_identity_torn_between_two_merges_with_neither(second: float, merges: int) -> None:
    """1 and 2 are not alike; 3 is like both."""
    a, b, c = with_cosines([[1, 0.1, 0.7], [0.1, 1, second], [0.7, second, 1]])
    proposal = consider([member(1, a), member(2, b), member(3, c)])
    assert len(proposal.groups) == merges
    if not merges:
        assert [(s.one, s.other, s.reason) for s in proposal.suggestions] == [
            (uid(1), uid(3), TORN),
            (uid(2), uid(3), TORN),
        ]


def test_everyone_torn_is_told_apart_from_those_who_agree_in_part() -> None:
    """Two trios who have nothing in common."""
    trio = with_cosines([[1, 0.1, 0.7], [0.1, 1, 0.7], [0.7, 0.7, 1]])
    members = [member(n, np.pad(v, (0, 3))) for n, v in enumerate(trio)]
    members += [member(10 + n, np.pad(v, (3, 0))) for n, v in enumerate(trio)]
    assert [s.reason for s in consider(members).suggestions] == [TORN] * 4


def test_a_lone_sighting_stands_in_nobodys_way() -> None:
    a, b, c = with_cosines([[1, 0.1, 0.7], [0.1, 1, 0.69], [0.7, 0.69, 1]])
    assert as_sets(propose([member(1, a), pending(50, b), member(3, c)])) == {
        frozenset({uid(1), uid(3)})
    }


def test_a_lone_sighting_of_a_companion_does_stand_in_the_way() -> None:
    """The sighting is as like 3 as 1 is, and was seen together with 1: one of them is not 3."""
    a, b, c = with_cosines([[1, 0.5, 0.7], [0.5, 1, 0.69], [0.7, 0.69, 1]])
    assert propose([member(1, a), pending(50, b), member(3, c)], cannot_link((1, 50))) == []


def test_what_was_torn_is_looked_at_again_once_its_rival_has_become_somebody_else() -> None:
    """3 fits 1 and 2 alike, but 2 fits 4 best, which 3 does not."""
    table = np.eye(4)
    for i, j, cosine in ((0, 2, 0.6), (1, 2, 0.6), (1, 3, 0.8)):
        table[i, j] = table[j, i] = cosine
    members = [
        member(n + 1, v)
        for n, v in enumerate(with_cosines((table * 0.9 + np.eye(4) * 0.1).tolist()))
    ]
    assert as_sets(propose(members)) == {frozenset({uid(1), uid(3)}), frozenset({uid(2), uid(4)})}


def test_two_named_people_who_look_alike_are_suggested() -> None:
    [suggestion] = consider(
        [member(2, near(0, 0.7, 1), named=True), member(1, axis(0), named=True)]
    ).suggestions
    assert (suggestion.one, suggestion.other, suggestion.reason) == (uid(1), uid(2), NAMED)
    assert suggestion.agreement == pytest.approx(0.7)


def test_groups_that_agree_in_part_are_suggested_under_those_who_stay() -> None:
    """2 is like 1, but only half of those that are like 2."""
    table = np.array([[1, 0.8, 0.1], [0.8, 1, 0.5], [0.1, 0.5, 1]])
    proposal = consider([member(n + 1, v) for n, v in enumerate(with_cosines(table.tolist()))])
    assert as_sets(proposal.groups) == {frozenset({uid(1), uid(2)})}
    [suggestion] = proposal.suggestions
    assert (suggestion.one, suggestion.other, suggestion.reason) == (uid(1), uid(3), PARTLY)
    assert suggestion.agreement == pytest.approx(0.5, abs=1e-5)


def test_a_pair_known_to_be_two_people_is_not_suggested_even_through_others() -> None:
    table = np.array([[1, 0.8, 0.1], [0.8, 1, 0.5], [0.1, 0.5, 1]])
    members = [member(n + 1, v) for n, v in enumerate(with_cosines(table.tolist()))]
    assert consider(members, cannot_link((1, 3))).suggestions == []
    named = [member(8, axis(0), named=True), member(9, axis(0), named=True)]
    assert consider(named, cannot_link((8, 9))) == Proposal([], [])


def test_the_best_agreeing_are_suggested_first() -> None:
    members = [
        member(n, v, named=True) for n, v in enumerate((axis(0), near(0, 0.5, 1), near(0, 0.7, 2)))
    ]
    assert [(s.one, s.other) for s in consider(members).suggestions] == [
        (uid(0), uid(2)),
        (uid(0), uid(1)),
    ]


def test_one_lucky_pair_of_templates_does_not_merge_two_identities() -> None:
    """They share one look, but their three others have nothing in common: 1/4 on average."""
    first = member(1, axis(0), axis(1), axis(2), axis(3))
    second = member(2, axis(0), axis(4), axis(5), axis(6))
    assert propose([first, second]) == []


def test_identities_whose_templates_lie_in_several_clusters_are_compared_as_a_whole() -> None:
    """Each shows two faces, with and without a beard, say; the two clusters belong together."""
    [group] = propose([member(1, axis(0), axis(1)), member(2, axis(1), axis(0))])
    assert (group.kept, group.merged) == (uid(1), (uid(2),))


def crowd() -> list[Member]:
    """Six people, each seen as two or three members, some pending, some named."""
    rng = np.random.default_rng(11)
    members = []
    for person in range(6):
        for look in range(2 + person % 2):
            vector = axis(person) + rng.normal(0, 0.12, 8)
            vector = np.asarray(vector / np.linalg.norm(vector), np.float32)
            n = 10 * (person + 1) + look
            if look == 1 and person % 2:
                members.append(pending(n, vector, n))
            else:
                members.append(member(n, vector, named=look == 0 and person < 2))
    return members


def test_a_crowd_is_grouped_by_person() -> None:
    expected = {
        frozenset(uid(10 * (person + 1) + look) for look in range(2 + person % 2))
        for person in range(6)
    }
    assert as_sets(propose(crowd())) == expected


def test_running_on_the_merged_result_proposes_nothing_new() -> None:
    members = crowd()
    merged = after_merge(members, propose(members))
    assert len(merged) == 6
    assert propose(merged) == []


CHAIN = [[1, 0.75, 0.7], [0.75, 1, 0.35], [0.7, 0.35, 1]]


def test_a_second_run_does_not_join_the_chain_that_the_first_refused() -> None:
    a, b, c = with_cosines(CHAIN)
    members = [member(1, a), member(2, b), member(3, c)]
    merged = after_merge(members, propose(members))
    assert len(merged) == 2
    assert propose(merged) == []


def test_a_second_run_does_not_settle_what_disagrees_with_a_settled_one() -> None:
    a, b, c = with_cosines(CHAIN)
    members = [member(1, a), pending(50, b), pending(51, c)]
    settled = after_merge(members, propose(members))
    assert len(settled) == 2
    assert propose(settled) == []


def test_the_order_of_the_members_does_not_matter() -> None:
    members = crowd()
    key = lambda g: (str(g.kept), g.merged, g.settled)  # noqa: E731
    expected = sorted(propose(members), key=key)
    rng = np.random.default_rng(5)
    for _ in range(10):
        shuffled = [members[i] for i in rng.permutation(len(members))]
        found = sorted(propose(shuffled), key=key)
        assert [(g.kept, g.merged, g.settled) for g in found] == [
            (g.kept, g.merged, g.settled) for g in expected
        ]


def test_the_order_does_not_matter_for_a_chain_either() -> None:
    a, b, c = with_cosines([[1, 0.6, 0.1], [0.6, 1, 0.7], [0.1, 0.7, 1]])
    members = [member(1, a), member(2, b), member(3, c)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)):
        assert as_sets(propose([members[i] for i in order])) == {frozenset({uid(2), uid(3)})}


# Doubts


def doubt(one: int, other: int, similarity: float = 0.4) -> Suggestion:
    return Suggestion(uid(one), uid(other), similarity, DOUBT)


def asked(
    members: Sequence[Member],
    *doubts: Suggestion,
    apart: AbstractSet[frozenset] = NONE,
) -> list[tuple[UUID, UUID, str]]:
    neighbours = Neighbours(MERGE)
    neighbours.update([key for m in members for part in m.parts for key in part], LOOKS)
    proposal = clustering.propose(members, apart, neighbours, doubts)
    return [(s.one, s.other, s.reason) for s in proposal.suggestions]


def test_a_doubt_stays_a_question_while_both_stand_for_themselves() -> None:
    members = [member(1, axis(0)), member(2, axis(1))]
    assert asked(members, doubt(1, 2)) == [(uid(1), uid(2), DOUBT)]
    assert asked(members) == []


def test_a_doubt_ends_when_the_two_are_one_two_people_or_both_named() -> None:
    alike = [member(1, axis(0)), member(2, near(0, 0.7, 1))]
    assert asked(alike, doubt(1, 2)) == []
    members = [member(1, axis(0)), member(2, axis(1))]
    assert asked(members, doubt(1, 2), apart=cannot_link((1, 2))) == []
    named = [member(1, axis(0), named=True), member(2, axis(1), named=True)]
    assert asked(named, doubt(1, 2)) == []
    assert asked(members, doubt(1, 3)) == [], "who is no more"


def test_a_doubt_about_somebody_merged_is_one_about_who_stands_for_them() -> None:
    members = [member(1, axis(0)), member(2, near(0, 0.7, 1)), member(3, axis(4))]
    assert asked(members, doubt(2, 3), doubt(1, 3)) == [(uid(1), uid(3), DOUBT)]


def test_what_agrees_in_part_is_asked_for_that_reason_and_once() -> None:
    members = [member(1, axis(0), axis(1)), member(2, near(0, 0.5, 2), near(0, 0.5, 3))]
    (only,) = asked(members, doubt(1, 2)) or asked(members)
    assert only == (uid(1), uid(2), DOUBT)
    torn = [member(n, near(0, 0.9, n + 1)) for n in range(3)]
    apart = cannot_link((0, 1))
    assert len(asked(torn, doubt(0, 2), apart=apart)) == len(asked(torn, apart=apart))


def test_of_very_many_doubts_the_most_alike_are_asked() -> None:
    count = DOUBTS_MAX + 20
    faces = np.eye(count, dtype=np.float32)
    members = [member(n, faces[n]) for n in range(count)]
    found = asked(members, *(doubt(0, n, 0.2 + n / 1000) for n in range(1, count)))
    assert len(found) == DOUBTS_MAX
    assert {other.int for _, other, _ in found} == set(range(20, count))
