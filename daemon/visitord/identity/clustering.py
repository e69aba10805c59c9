"""Which identities are one person.

DBSCAN finds who hangs together, a stricter rule decides who is merged.

Pure: takes what is known, returns what to do.  DBSCAN (Ester et al. 1996) alone joins chains, so
inside each of its clusters groups grow only while every member agrees with every other (complete
linkage).
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.identity.agreement import DISAGREE, Agreements, agreements, pair_codes
from visitord.identity.dbscan import dbscan
from visitord.identity.decision import new_identity_id
from visitord.identity.linkage import Fits, Linkage, link
from visitord.identity.neighbours import Neighbours

NAMED = "both have names or are ignored"
TORN = "one of them fits somebody else nearly as well"
PARTLY = "some of their looks agree, others do not"
DOUBT = "one was enrolled though nearly like the other"
DOUBTS_MAX = 100  # questions of this kind, the most alike, so that they never bury the others

T = TypeVar("T", int, UUID)


@dataclass(frozen=True, slots=True)
class Member:
    """An identity, or a pending sighting.

    parts: what it was put together from, each the keys of its embeddings: the templates it had as
    enrolled, those of every identity merged into it, and the embedding of every sighting settled.
    They are kept as they came so that a second run asks what the first asked: a member that
    disagrees with one part is not outvoted by the others. rank orders who is kept in a merge: the
    lowest stays. named: a person said who they are, or to ignore them.
    """

    member_id: UUID
    parts: tuple[tuple[UUID, ...], ...]
    rank: int
    named: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Members declared one person.

    kept: the identity that stays, None where all are pending sightings.  merged: the other
    identities.  settled: the pending sightings.  agreement: the lowest similarity between any two
    members.
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
    """Two identities of whom a person should say whether they are one.

    one has the lower id; both are as they stand once the groups are made one.  agreement: the
    highest between a part of the one and a part of the other.
    """

    one: UUID
    other: UUID
    agreement: float
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do, and what to ask, the best agreeing first.

    set_aside: how many templates are left out of all this, for they are not of their identity.
    """

    groups: list[Group]
    suggestions: list[Suggestion]
    set_aside: int = 0


def propose(
    members: Sequence[Member],
    cannot_link: AbstractSet[frozenset[UUID]],
    neighbours: Neighbours,
    doubts: Iterable[Suggestion] = (),
) -> Proposal:
    """Who should be made one, and of whom a person should judge.

    Two members fit when every part of one agrees with every part of the other, they may be linked
    and are not both named; `linkage.link` joins those that fit, and leaves ambiguous ones alone.
    Two identities that agree at least in part and were not joined are a suggestion, unless they
    cannot be linked.  All this is asked of parts, which a merge only puts under another identity:
    once the groups are applied, no group is proposed again, and the same is suggested.  Doubts stay
    suggestions until the two are one, cannot be linked, or both have names.

    Parameters
    ----------
    members
        In any order.
    cannot_link
        Pairs that are two people for certain (seen together, or rejected by a person).
    neighbours
        Holds all embeddings of the members, and the similarity from which they agree.
    doubts
        Pairs of identities of which one was enrolled though nearly like the other.
    """
    # From here on a member is its place in this order, so that of a group the first is kept.
    ordered = sorted(members, key=kept_first)
    sure = {n for n, m in enumerate(ordered) if not m.pending}
    cannot_link_places = _places(cannot_link, ordered)

    agreed = agreements([m.parts for m in ordered], neighbours)
    fit = agreed.worst >= neighbours.threshold
    fit &= ~_forbidden(agreed.pairs, ordered, cannot_link_places)

    clusters = _fits_by_cluster(
        agreed.pairs[:, fit], agreed.worst[fit], len(ordered), neighbours.threshold
    )
    linkage = Linkage.of_all(link(fits, sure, cannot_link_places) for fits in clusters)

    groups = {
        first: _group([ordered[n] for n in sorted(joined.points)], joined.agreement)
        for first, joined in sorted(linkage.groups.items())
    }
    suggestions = _suggestions(ordered, groups, linkage, agreed, cannot_link_places, doubts)
    return Proposal(list(groups.values()), suggestions)


# Who may be one


def kept_first(member: Member) -> tuple[bool, bool, int, UUID]:
    """Sorts members by who is kept in a merge: named ones first, pending sightings last."""
    return member.pending, not member.named, member.rank, member.member_id


def _places(
    cannot_link: AbstractSet[frozenset[UUID]], ordered: Sequence[Member]
) -> set[tuple[int, int]]:
    """The pairs of which both are among the members, as their places, the lower first."""
    place = {m.member_id: n for n, m in enumerate(ordered)}
    known = (pair for pair in cannot_link if pair <= place.keys())
    return {_pair(place[a], place[b]) for a, b in known}


def _forbidden(
    pairs: NDArray[np.int64],
    ordered: Sequence[Member],
    cannot_link: Iterable[tuple[int, int]],
) -> NDArray[np.bool_]:
    """Which of the pairs (2, m) may not be joined (m,): both named, or two people for certain."""
    named = np.array([m.named for m in ordered], np.bool_)
    both_named = named[pairs].all(axis=0)

    size = len(ordered)
    codes = [a * size + b for a, b in cannot_link]
    two_people = np.isin(pair_codes(pairs, size), codes)

    forbidden: NDArray[np.bool_] = both_named | two_people
    return forbidden


def _fits_by_cluster(
    pairs: NDArray[np.int64],
    agrees: NDArray[np.float64],
    size: int,
    threshold: float,
) -> Iterator[Fits]:
    """Pairs (2, m) that fit with how well they agree (m,), by the DBSCAN clusters of their members.

    size: of how many members.
    """
    if not pairs.size:
        return

    labels = dbscan(pairs, size, threshold)[pairs[0]]
    order = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[order])) + 1
    for cluster in np.split(order, ends):
        fits: Fits = {}
        ones, others = pairs[:, cluster].tolist()
        for a, b, fit in zip(ones, others, agrees[cluster].tolist(), strict=True):
            fits.setdefault(a, {})[b] = fit
            fits.setdefault(b, {})[a] = fit
        yield fits


def _group(members: Sequence[Member], agreement: float) -> Group:
    """The group of these members, which come in the order in which they would be kept."""
    people = tuple(m.member_id for m in members if not m.pending)
    settled = tuple(m.member_id for m in members if m.pending)
    return Group(next(iter(people), None), people[1:], settled, agreement)


# What to ask a person


def _suggestions(
    ordered: Sequence[Member],
    groups: dict[int, Group],
    linkage: Linkage,
    agreed: Agreements,
    cannot_link: AbstractSet[tuple[int, int]],
    doubts: Iterable[Suggestion],
) -> list[Suggestion]:
    """What remains to be asked once the groups are one, the best agreeing first.

    Groups and members that were not joined go by the place of their first member.  A lone pending
    sighting is no identity, so there is nothing to ask about it.
    """
    identity_ids = {n: m.member_id for n, m in enumerate(ordered) if not m.pending}
    identity_ids |= {first: group.identity_id for first, group in groups.items()}

    stands_for = _stands_for(linkage, len(ordered))
    parted = {_pair(int(stands_for[a]), int(stands_for[b])) for a, b in cannot_link}

    suggestions = []
    across = _best_across(agreed, stands_for)
    for (a, b), agrees in across.items():
        if a not in identity_ids or b not in identity_ids or (a, b) in parted:
            continue
        one, other = _pair(identity_ids[a], identity_ids[b])
        reason = _reason(
            both_named=ordered[a].named and ordered[b].named,
            ambiguous=(a, b) in linkage.ambiguous,
        )
        suggestions.append(Suggestion(one, other, agrees, reason))

    open_doubts = _open_doubts(doubts, ordered, stands_for)
    for (a, b), agrees in open_doubts.items():
        if (a, b) in parted or (a, b) in across:
            continue
        one, other = _pair(identity_ids[a], identity_ids[b])
        suggestions.append(Suggestion(one, other, agrees, DOUBT))

    return sorted(suggestions, key=lambda s: (-s.agreement, s.one, s.other))


def _open_doubts(
    doubts: Iterable[Suggestion], ordered: Sequence[Member], stands_for: NDArray[np.intp]
) -> dict[tuple[int, int], float]:
    """The doubts that are left, most alike first, between those who stand for the two."""
    place = {m.member_id: n for n, m in enumerate(ordered) if not m.pending}

    left: dict[tuple[int, int], float] = {}
    for doubt in sorted(doubts, key=lambda s: (-s.agreement, s.one, s.other)):
        if doubt.one not in place or doubt.other not in place:
            continue
        a, b = _pair(int(stands_for[place[doubt.one]]), int(stands_for[place[doubt.other]]))
        both_named = ordered[a].named and ordered[b].named
        if a != b and not both_named and len(left) < DOUBTS_MAX:
            left.setdefault((a, b), doubt.agreement)
    return left


def _stands_for(linkage: Linkage, size: int) -> NDArray[np.intp]:
    """The first (size,) of the group each member is in; itself where it is in none."""
    stands_for = np.arange(size)
    for first, joined in linkage.groups.items():
        stands_for[list(joined.points)] = first
    return stands_for


def _best_across(
    agreed: Agreements,
    stands_for: NDArray[np.intp],
) -> dict[tuple[int, int], float]:
    """The best agreement between any two groups or single members, the lower place first."""
    pairs = np.sort(stands_for[agreed.pairs], axis=0)
    across = pairs[0] != pairs[1]

    best: dict[tuple[int, int], float] = {}
    ones, others = pairs[:, across].tolist()
    for a, b, agrees in zip(ones, others, agreed.best[across].tolist(), strict=True):
        best[a, b] = max(agrees, best.get((a, b), DISAGREE))
    return best


def _reason(both_named: bool, ambiguous: bool) -> str:
    """Why two identities that agree at least in part were not joined."""
    if both_named:
        return NAMED
    if ambiguous:
        return TORN
    return PARTLY


def _pair(a: T, b: T) -> tuple[T, T]:
    return min(a, b), max(a, b)
