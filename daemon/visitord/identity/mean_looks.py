"""Who is one person by what they look like on average.

A merge asks every look of one identity to agree with every look of the other (`clustering`), which
the looks of two bad days seldom do.  Means over several visits agree better, while those of two
people come no closer: after a made-up month of 3,300 people (`bench/month.py`) 37 had two
identities where 45 had without this, and no two people were made one.

Pure: takes what is known, returns what to do.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.identity.clustering import Group, Member, Proposal, kept_first
from visitord.identity.neighbours import BLOCK, Neighbours

SEVERAL = 2  # looks of one of the two at least: the mean of one is no mean
LEAD = 0.05  # by which they are more like each other than either is like anybody else


def joined_by_mean(
    proposal: Proposal,
    members: Sequence[Member],
    cannot_link: AbstractSet[frozenset[UUID]],
    neighbours: Neighbours,
) -> Proposal:
    """A proposal, and in addition who is one person by the mean of their looks.

    Two identities are, whose means reach the similarity at which two looks agree, who are most
    like each other, and clearly more than anybody else.  Whoever is in a group of the proposal
    already is left to the next run.

    Parameters
    ----------
    proposal
        By single looks.
    members
        All that it was made for, in any order.
    cannot_link
        Pairs that are two people for certain (seen together, or rejected by a person).
    neighbours
        Holds all embeddings of the members, and the similarity from which they agree.
    """
    in_groups = {i for g in proposal.groups for i in (g.kept, *g.merged)}
    people = sorted((m for m in members if not m.pending and m.parts), key=kept_first)
    if len(people) < 2:
        return proposal

    groups = []
    for one, other, similarity in _pairs(people, neighbours):
        ids = frozenset((people[one].member_id, people[other].member_id))
        both_named = people[one].named and people[other].named
        if both_named or ids in cannot_link or ids & in_groups:
            continue
        groups.append(
            Group(people[one].member_id, (people[other].member_id,), (), round(similarity, 7))
        )

    gone = {merged for group in groups for merged in group.merged}
    left = [s for s in proposal.suggestions if not {s.one, s.other} & gone]
    return replace(proposal, groups=[*proposal.groups, *groups], suggestions=left)


def _pairs(people: Sequence[Member], neighbours: Neighbours) -> list[tuple[int, int, float]]:
    """The places of two who are most like each other by their means, and how much.

    The one who is kept comes first.
    """
    counts = np.array([sum(map(len, member.parts)) for member in people])
    means = _means(people, neighbours)
    several = np.flatnonzero(counts >= SEVERAL)
    nearest, similarity, runner_up = _nearest(means, several)

    clear = (similarity >= neighbours.threshold) & (similarity - runner_up >= LEAD)
    found = []
    for place, other, alike in zip(several[clear], nearest[clear], similarity[clear], strict=True):
        back, _, others_runner_up = _nearest(means, np.array([other]))
        is_mutual = back[0] == place and alike - others_runner_up[0] >= LEAD
        if is_mutual:
            pair = sorted((int(place), int(other)))
            found.append((pair[0], pair[1], float(alike)))
    return sorted(set(found))


def _means(people: Sequence[Member], neighbours: Neighbours) -> NDArray[np.float32]:
    """The mean look (n, d) of each, centred and of unit length."""
    means = np.empty((len(people), neighbours.matrix.shape[1]), np.float32)
    for n, member in enumerate(people):
        keys = [key for part in member.parts for key in part]
        total = neighbours.matrix[neighbours.rows(keys)].sum(axis=0)
        means[n] = total / max(float(np.linalg.norm(total)), 1e-6)
    return means


def _nearest(
    means: NDArray[np.float32], places: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Who is most like each of these (k,), how much (k,), and how much the next one is (k,)."""
    nearest = np.empty(len(places), np.intp)
    similarity = np.empty((2, len(places)), np.float32)
    for begin in range(0, len(places), BLOCK):
        block = slice(begin, begin + BLOCK)
        cosines = means[places[block]] @ means.T
        rows = np.arange(len(cosines))
        cosines[rows, places[block]] = -1.0  # themselves

        nearest[block] = cosines.argmax(axis=1)
        similarity[0, block] = cosines[rows, nearest[block]]
        cosines[rows, nearest[block]] = -1.0
        similarity[1, block] = cosines.max(axis=1)
    return nearest, similarity[0], similarity[1]
