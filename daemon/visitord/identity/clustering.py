"""Which identities are one person: DBSCAN finds who hangs together, a stricter rule decides who is
merged.

Pure: takes what is known, returns what to do.  DBSCAN (Ester et al. 1996) alone joins chains, so
inside each of its clusters groups grow only while every member agrees with every other (complete
linkage).
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.identity.decision import new_identity_id
from visitord.identity.linkage import Fits, link
from visitord.identity.neighbours import Neighbours, dbscan

DISAGREE = -2.0
T = TypeVar("T", int, UUID)
_STACK = 1 << 20  # numbers looked at in one go


@dataclass(frozen=True, slots=True)
class Member:
    """An identity, or a pending sighting.

    parts: what it was put together from, each the keys of its embeddings: the templates it had as
    enrolled, those of every identity merged into it, and the embedding of every sighting settled.
    They stay apart so that a second run asks what the first asked: a member that disagrees with one
    part is not outvoted by the others. rank orders who is kept in a merge: the lowest stays.
    named: a person said who they are, or to ignore them.
    """

    member_id: UUID
    parts: tuple[tuple[UUID, ...], ...]
    rank: int
    named: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Members declared one person.  kept: the identity that stays, None where all are pending
    sightings.

    agreement: the lowest similarity between any two members.
    """

    kept: UUID | None
    merged: tuple[UUID, ...]
    settled: tuple[UUID, ...]
    agreement: float

    @property
    def identity_id(self) -> UUID:
        """Who they all are once this is done."""
        return self.kept or new_identity_id(self.settled[0])


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two identities, as they stand once the groups are made one, of whom a person should say
    whether they are one.

    one has the lower id.  agreement: the highest between a part of the one and a part of the other.
    """

    one: UUID
    other: UUID
    agreement: float
    reason: str


NAMED = "both have names or are ignored"
TORN = "one of them fits somebody else nearly as well"
PARTLY = "some of their looks agree, others do not"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do, and what to ask, the best agreeing first."""

    groups: list[Group]
    suggestions: list[Suggestion]


def propose(
    members: Sequence[Member], apart: AbstractSet[frozenset[UUID]], neighbours: Neighbours
) -> Proposal:
    """Groups to be made one, each of at least two members, and pairs of identities for a person to
    judge.

    apart: pairs that are two people for certain (seen together, or rejected by a person).
    neighbours: holds all embeddings of the members, and the similarity from which they agree.

    Two members fit when every part of one agrees with every part of the other, they are not apart
    and not both named; `linkage.link` joins those that fit, and leaves ambiguous ones alone.  Two
    identities that agree at least in part and were not joined are a suggestion, unless they are
    apart.  All this is asked of parts, which a merge only puts under another identity: once the
    groups are applied, no group is proposed again, and the same is suggested.
    """
    ordered = sorted(members, key=lambda m: (m.pending, not m.named, m.rank, m.member_id))
    place, size = {m.member_id: n for n, m in enumerate(ordered)}, len(ordered)
    strangers = {_pair(place[a], place[b]) for a, b in apart if a in place and b in place}
    pairs, best, worst = _agreements(ordered, neighbours)
    banned = np.array([m.named for m in ordered], np.bool_)[pairs].all(0)
    banned |= np.isin(pairs[0] * size + pairs[1], [a * size + b for a, b in strangers])
    fit = (worst >= neighbours.threshold) & ~banned
    sure = {n for n, m in enumerate(ordered) if not m.pending}
    whose, groups, torn = np.arange(size), {}, set()
    for fits in _clusters(pairs[:, fit], worst[fit], size, neighbours.threshold):
        for first, (points, lowest) in link(fits, sure, strangers).items():
            whose[list(points)] = first
            groups[first] = _group([ordered[n] for n in sorted(points)], lowest)
        torn |= {(a, b) for a, others in fits.items() for b in others}
    # From here on members are seen as the identities they will be; a lone pending sighting is none.
    ids = {n: ordered[n].member_id for n in sure} | {
        first: group.identity_id for first, group in groups.items()
    }
    parted = {_pair(whose[a], whose[b]) for a, b in strangers}
    agreed: dict[tuple[int, int], float] = {}
    for a, b, agrees in zip(*np.sort(whose[pairs], axis=0).tolist(), best.tolist(), strict=True):
        if a != b and (a, b) not in parted and a in ids and b in ids:
            agreed[a, b] = max(agrees, agreed.get((a, b), DISAGREE))
    suggestions = []
    for (a, b), agrees in agreed.items():
        reason = (
            NAMED if ordered[a].named and ordered[b].named else TORN if (a, b) in torn else PARTLY
        )
        suggestions.append(Suggestion(*_pair(ids[a], ids[b]), agrees, reason))
    suggestions.sort(key=lambda s: (-s.agreement, s.one, s.other))
    return Proposal([groups[first] for first in sorted(groups)], suggestions)


def _pair(a: T, b: T) -> tuple[T, T]:
    return (a, b) if a < b else (b, a)


def agreement(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """How alike two sets of unit embeddings (…, n, d) are: each one's best partner in the other
    set, on average.

    The lower of the two directions, so that one lucky pair cannot speak for all.  Rounded to seven
    digits, for the same data in another order must not come out differently.
    """
    products = a.astype(np.float64) @ b.astype(np.float64).swapaxes(-1, -2)
    lower: NDArray[np.float64] = np.minimum(
        products.max(-1).mean(-1), products.max(-2).mean(-1)
    ).round(7)
    return lower


def _agreements(
    members: Sequence[Member], neighbours: Neighbours
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs (2, m) of members that agree at least in part, the lower one first: the best and worst
    of their parts.

    Parts agree only where some of their embeddings do, for agreement is a mean; pairs of parts that
    have none such need no product, and count as DISAGREE.
    """
    parts = [part for m in members for part in m.parts]
    held = np.array([len(m.parts) for m in members], np.int64)
    owner, sizes = (
        np.repeat(np.arange(len(members)), held),
        np.array([len(part) for part in parts], np.int64),
    )
    rows, starts = neighbours.rows(chain.from_iterable(parts)), np.cumsum(sizes) - sizes
    part_of = np.full(len(neighbours.matrix), -1)
    part_of[rows] = np.repeat(np.arange(len(parts)), sizes)
    near = part_of[neighbours.pairs]
    near = np.sort(near[:, (near >= 0).all(0)], axis=0)
    near = near[:, owner[near[0]] != owner[near[1]]]
    near = np.stack(np.divmod(np.unique(near[0] * len(parts) + near[1]), max(len(parts), 1)))
    agrees = np.empty(near.shape[1])
    shapes = sizes[near[0]] * (1 + sizes.max(initial=0)) + sizes[near[1]]
    for shape in np.unique(shapes):
        alike = np.flatnonzero(shapes == shape)
        n, k = counts = sizes[near[:, alike[0]]]
        for some in np.array_split(
            alike, 1 + len(alike) * (n + k) * neighbours.matrix.shape[1] // _STACK
        ):
            a, b = (
                rows[starts[p][:, None] + np.arange(c)]
                for p, c in zip(near[:, some], counts, strict=True)
            )
            agrees[some] = agreement(neighbours.matrix[a], neighbours.matrix[b])
    codes, pair_of = np.unique(owner[near[0]] * len(members) + owner[near[1]], return_inverse=True)
    pairs = np.stack(np.divmod(codes, max(len(members), 1)))
    best, worst = np.full(len(codes), DISAGREE), np.full(len(codes), -DISAGREE)
    np.maximum.at(best, pair_of, agrees)
    np.minimum.at(worst, pair_of, agrees)
    worst[np.bincount(pair_of, minlength=len(codes)) < held[pairs].prod(0)] = DISAGREE
    some_agree = best >= neighbours.threshold
    return pairs[:, some_agree], best[some_agree], worst[some_agree]


def _clusters(
    pairs: NDArray[np.int64], agrees: NDArray[np.float64], size: int, threshold: float
) -> Iterator[Fits]:
    """Pairs (2, m) that fit, apart by the DBSCAN clusters of their members."""
    labels = dbscan(pairs, size, threshold)[pairs[0]]
    order = np.argsort(labels, kind="stable")
    for some in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        fits: Fits = {}
        for a, b, fit in zip(*pairs[:, some].tolist(), agrees[some].tolist(), strict=True):
            fits.setdefault(a, {})[b] = fits.setdefault(b, {})[a] = fit
        if fits:
            yield fits


def _group(members: Sequence[Member], lowest: float) -> Group:
    """Of members in the order in which they would be kept."""
    people = tuple(m.member_id for m in members if not m.pending)
    settled = tuple(m.member_id for m in members if m.pending)
    return Group(people[0] if people else None, people[1:], settled, lowest)
