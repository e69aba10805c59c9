"""Which identities are one person: DBSCAN finds who hangs together, a stricter rule decides who is merged.

Pure: takes what is known, returns what to do.  DBSCAN (Ester et al. 1996) alone joins chains, so inside each
of its clusters groups grow only while every member agrees with every other (complete linkage).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.records import Thresholds


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An identity, or a pending sighting.

    parts: what it was put together from, each float32 (n, d): the templates it had as enrolled, those of every
    identity merged into it, and the embedding of every sighting settled.  They stay apart so that a second run asks
    what the first asked: a member that disagrees with one part is not outvoted by the others.
    rank orders who is kept in a merge: the lowest stays.
    """

    member_id: UUID
    parts: tuple[NDArray[np.float32], ...]
    rank: int
    named: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Members declared one person.  kept: the identity that stays, None where all are pending sightings.

    agreement: the lowest similarity between any two members.
    """

    kept: UUID | None
    merged: tuple[UUID, ...]
    settled: tuple[UUID, ...]
    agreement: float


def propose(members: Sequence[Member], apart: AbstractSet[frozenset[UUID]], thresholds: Thresholds) -> list[Group]:
    """Groups to be made one, each of at least two members.

    apart: pairs that are two people for certain (seen together, or rejected by a person).
    """
    groups: list[Group] = []
    for cluster in _clusters(members, thresholds.merge):
        groups += [_group(g, a) for g, a in _agreeing(cluster, apart, thresholds.merge) if len(g) > 1]
    return groups


def _clusters(members: Sequence[Member], threshold: float) -> list[list[Member]]:
    """Members connected through similar embeddings, as DBSCAN sees them."""
    if len(members) < 2:
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.cluster import DBSCAN  # takes a second to import, which no other command should wait for

    owners = np.repeat(np.arange(len(members)), [sum(map(len, m.parts)) for m in members])
    rows = np.concatenate([part for m in members for part in m.parts])
    labels = DBSCAN(eps=1 - threshold, min_samples=2, metric="cosine").fit_predict(rows)
    # One identity's embeddings may lie in several clusters, which are one then: members and labels make a graph.
    size = len(members) + int(labels.max(initial=-1)) + 1
    linked = labels >= 0
    edges = (np.ones(linked.sum()), (owners[linked], len(members) + labels[linked]))
    group_of = connected_components(coo_array(edges, shape=(size, size)), directed=False)[1][: len(members)]
    groups = [[m for m, group in zip(members, group_of, strict=True) if group == g] for g in np.unique(group_of)]
    return [group for group in groups if len(group) > 1]


def _agreeing(
    cluster: Sequence[Member], apart: AbstractSet[frozenset[UUID]], threshold: float
) -> list[tuple[list[Member], float]]:
    """Grow groups from the most similar pair on; two groups join only if every pair across them may."""
    similarity: Mapping[frozenset[UUID], float] = {
        frozenset((a.member_id, b.member_id)): min(agreement(p, q) for p in a.parts for q in b.parts)
        for a, b in combinations(cluster, 2)
    }

    def may_join(a: Member, b: Member) -> bool:
        pair = frozenset((a.member_id, b.member_id))
        return pair not in apart and not (a.named and b.named) and similarity[pair] >= threshold

    groups: list[list[Member]] = [[m] for m in cluster]
    for pair in sorted(similarity, key=lambda p: (-similarity[p], sorted(p))):
        if similarity[pair] < threshold:
            break
        first, second = (next(g for g in groups if any(m.member_id == i for m in g)) for i in sorted(pair))
        if first is not second and all(may_join(a, b) for a in first for b in second):
            groups.remove(second)
            first += second

    def lowest(group: list[Member]) -> float:
        pairs = combinations(group, 2)
        return min((similarity[frozenset((a.member_id, b.member_id))] for a, b in pairs), default=1.0)

    return [(group, lowest(group)) for group in groups]


def agreement(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """How alike two sets of unit embeddings are: each one's best partner in the other set, on average.

    The lower of the two directions, so that one lucky pair cannot speak for all.
    """
    products = a @ b.T
    return float(min(products.max(1).mean(), products.max(0).mean()))


def _group(members: Sequence[Member], lowest: float) -> Group:
    people = sorted((m for m in members if not m.pending), key=lambda m: (not m.named, m.rank))
    return Group(
        kept=people[0].member_id if people else None,
        merged=tuple(m.member_id for m in people[1:]),
        settled=tuple(m.member_id for m in sorted(members, key=lambda m: m.rank) if m.pending),
        agreement=lowest,
    )
