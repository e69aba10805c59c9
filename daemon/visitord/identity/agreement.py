"""How alike members are, part by part.

A member is put together from parts, each of one or more embeddings.  Two parts agree by the mean
over their embeddings of the best partner in the other; of two members what counts is how well the
best of their parts agree, and how well the worst.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.identity.neighbours import Neighbours

Parts = Sequence[Sequence[UUID]]  # of one member: of each part the keys of its embeddings

DISAGREE = -2.0  # below every cosine: of parts that have nothing in common

_BATCH = 1 << 20  # numbers looked at in one go


@dataclass(frozen=True, slots=True, eq=False)
class Agreements:
    """Pairs of members that agree at least in part."""

    pairs: NDArray[np.int64]  # (2, m) places of the members, the lower first; ascending
    best: NDArray[np.float64]  # (m,) agreement of those of their parts that agree best
    worst: NDArray[np.float64]  # (m,) and worst


def agreement(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """How alike two sets of unit embeddings (…, n, d) and (…, k, d) are.

    Each one's best partner in the other set, on average; the lower of the two directions, so that
    one lucky pair cannot speak for all.  Rounded to seven digits, for the same data in another
    order must not come out differently.
    """
    cosines = a.astype(np.float64) @ b.astype(np.float64).swapaxes(-1, -2)
    of_a = cosines.max(axis=-1).mean(axis=-1)
    of_b = cosines.max(axis=-2).mean(axis=-1)
    lower: NDArray[np.float64] = np.minimum(of_a, of_b).round(7)
    return lower


def agreements(members: Sequence[Parts], neighbours: Neighbours) -> Agreements:
    """How well members agree.

    Parts agree only where some of their embeddings are near each other, for agreement is a mean;
    so the work grows with the near pairs, not with all pairs of members.

    Parameters
    ----------
    members
        The parts of each.
    neighbours
        Holds all these embeddings, and the similarity from which they agree.
    """
    parts = _Parts.of(members, neighbours)
    near = _near_parts(parts, neighbours)
    of_parts = _agreements_of_parts(parts, near, neighbours.matrix)

    found = _by_member(parts, near, of_parts)
    agree = found.best >= neighbours.threshold
    return Agreements(found.pairs[:, agree], found.best[agree], found.worst[agree])


def pair_codes(pairs: NDArray[np.integer], size: int) -> NDArray[np.int64]:
    """One number (m,) for each of the pairs (2, m) of numbers below size, in the same order."""
    codes: NDArray[np.int64] = pairs[0].astype(np.int64) * size + pairs[1]
    return codes


def _pairs_of(codes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The pairs (2, m) that have these `pair_codes`."""
    return np.stack(np.divmod(codes, max(size, 1)))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The p parts of all members, member after member, and where their embeddings are."""

    held: NDArray[np.int64]  # (members,) how many parts each member has
    owner: NDArray[np.int64]  # (p,) the member each part belongs to; ascending
    sizes: NDArray[np.int64]  # (p,) how many embeddings each has
    starts: NDArray[np.int64]  # (p,) where each one's begin in rows
    rows: NDArray[np.intp]  # (embeddings,) of the neighbours' matrix, part after part

    @classmethod
    def of(cls, members: Sequence[Parts], neighbours: Neighbours) -> "_Parts":
        parts = list(chain.from_iterable(members))
        held = np.array([len(member) for member in members], np.int64)
        sizes = np.array([len(part) for part in parts], np.int64)
        return cls(
            held=held,
            owner=np.repeat(np.arange(len(members)), held),
            sizes=sizes,
            starts=np.cumsum(sizes) - sizes,
            rows=neighbours.rows(chain.from_iterable(parts)),
        )

    def __len__(self) -> int:
        return len(self.sizes)

    def of_rows(self, size: int) -> NDArray[np.int64]:
        """The part (size,) that each row of the matrix belongs to, -1 where it is nobody's."""
        part_of = np.full(size, -1)
        part_of[self.rows] = np.repeat(np.arange(len(self)), self.sizes)
        return part_of

    def embeddings(
        self, some: NDArray[np.int64], matrix: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Those (k, n, d) of k parts that have n each."""
        places = self.starts[some][:, None] + np.arange(self.sizes[some[0]])
        return matrix[self.rows[places]]


def _near_parts(parts: _Parts, neighbours: Neighbours) -> NDArray[np.int64]:
    """Pairs of parts (2, k) of two members with near embeddings, the lower first; ascending."""
    near = parts.of_rows(len(neighbours.matrix))[neighbours.pairs]
    near = near[:, (near >= 0).all(axis=0)]

    near = np.sort(near, axis=0)
    near = near[:, parts.owner[near[0]] != parts.owner[near[1]]]
    return _pairs_of(np.unique(pair_codes(near, len(parts))), len(parts))


def _agreements_of_parts(
    parts: _Parts, pairs: NDArray[np.int64], matrix: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The agreement (k,) of each pair of parts (2, k)."""
    agrees = np.empty(pairs.shape[1])
    for batch in _batches(parts.sizes[pairs], matrix.shape[1]):
        one, other = pairs[:, batch]
        agrees[batch] = agreement(
            parts.embeddings(one, matrix),
            parts.embeddings(other, matrix),
        )
    return agrees


def _batches(sizes: NDArray[np.int64], dim: int) -> Iterator[NDArray[np.intp]]:
    """Places of pairs whose sizes (2, k) are the same, so many at a time that they fit the cache.

    Pairs of the same shape can be multiplied together, in one call instead of one for each.
    """
    shapes = pair_codes(sizes, 1 + sizes.max(initial=0))
    for shape in np.unique(shapes):
        alike = np.flatnonzero(shapes == shape)
        numbers = len(alike) * sizes[:, alike[0]].sum() * dim
        yield from np.array_split(alike, 1 + numbers // _BATCH)


def _by_member(
    parts: _Parts,
    near: NDArray[np.int64],
    agrees: NDArray[np.float64],
) -> Agreements:
    """The best and the worst of the parts of each two members, given those that are near.

    near: pairs of parts (2, k), the lower and thus its member first.  agrees: their agreement (k,).
    Parts of theirs that are not near count as DISAGREE.
    """
    members = len(parts.held)
    owners = pair_codes(parts.owner[near], members)
    codes, pair_of = np.unique(owners, return_inverse=True)
    pairs = _pairs_of(codes, members)

    best = np.full(len(codes), DISAGREE)
    np.maximum.at(best, pair_of, agrees)

    worst = np.full(len(codes), -DISAGREE)
    np.minimum.at(worst, pair_of, agrees)
    compared = np.bincount(pair_of, minlength=len(codes))
    worst[compared < parts.held[pairs].prod(axis=0)] = DISAGREE
    return Agreements(pairs, best, worst)
