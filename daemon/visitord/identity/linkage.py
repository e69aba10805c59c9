"""Complete linkage that would rather leave things apart than choose between two nearly as good.

Pure and on numbers only: points 0..n-1, each a person's identity or a sighting; a lower number is
kept before a higher.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

# Of two who cannot be one, whoever fits both this much alike goes to neither.
AMBIGUOUS = 0.05

# How well each point fits others, the same in both directions.
Fits = dict[int, dict[int, float]]


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more points that become one, and the lowest agreement between any two of them."""

    points: AbstractSet[int]
    agreement: float


@dataclass(frozen=True, slots=True)
class Linkage:
    """What came of linking.

    groups: those that became one, by their lowest point.  ambiguous: pairs, the lower first, of
    groups (as their lowest point) or single points that still fit, but were not joined.
    """

    groups: dict[int, Joined]
    ambiguous: set[tuple[int, int]]

    @classmethod
    def of_all(cls, linkages: Iterable["Linkage"]) -> "Linkage":
        """What came of linking points that have nothing to do with each other, as one."""
        groups: dict[int, Joined] = {}
        ambiguous: set[tuple[int, int]] = set()
        for linkage in linkages:
            groups |= linkage.groups
            ambiguous |= linkage.ambiguous
        return cls(groups, ambiguous)


def link(
    fits: Fits,
    sure: AbstractSet[int],
    cannot_link: AbstractSet[tuple[int, int]],
) -> Linkage:
    """Who becomes one.

    The two groups that fit best are joined first (the lowest agreement across them decides), unless
    one of them has a rival: a third group that it fits better, or worse by less than AMBIGUOUS, and
    that the other cannot be joined with.  A lone sighting rivals only with those it cannot link to.
    What was refused is looked at again once its rival has changed.  So in the end nothing may be
    joined, and that depends only on what the groups consist of: a run over the result, each group
    being a point with the agreements of its worst members, joins nothing either.

    A look at a pair takes as many steps as its groups fit others.  There is one for each pair, and
    one more whenever its fit or its rival has changed.

    Parameters
    ----------
    fits
        Pairs of points that may be one, with their agreement.  It is used up.
    sure
        Points that are identities.
    cannot_link
        Pairs of points, the lower first, that are two people for certain.
    """
    if _all_fit_all(fits):
        agreement = min(min(others.values()) for others in fits.values())
        return Linkage({min(fits): Joined(set(fits), agreement)}, set())

    joining = _Joining(fits, sure, cannot_link)
    joining.run()
    return joining.result()


def _all_fit_all(fits: Fits) -> bool:
    """Whether it is the most frequent case, in which nothing has a rival."""
    return all(len(others) == len(fits) - 1 for others in fits.values())


def _pairs(fits: Fits) -> Iterator[tuple[int, int]]:
    """Those that fit, each once, the lower point first."""
    for one, others in fits.items():
        for other in others:
            if one < other:
                yield one, other


class _Joining:
    """Complete linkage under way.

    A group goes by its lowest point.  Each pair of groups that fits is in one of three states:

    queued   in `_queue` under its present fit, to be looked at when no pair that fits better is
             left; at first all pairs are
    waiting  in `_waiting`, refused because of a rival; queued again once that one is joined
    joined   one group; the fits of the two to every third are then those of the worse, and pairs
             whose fit changed are queued again

    A pair whose fit has changed or gone leaves its old entry in the queue or among those waiting;
    such entries are passed over when they come up.
    """

    def __init__(
        self,
        fits: Fits,
        sure: AbstractSet[int],
        cannot_link: AbstractSet[tuple[int, int]],
    ) -> None:
        self._sure = sure
        self._cannot_link = cannot_link

        self._fits = fits  # of groups
        self._points = {point: {point} for point in fits}  # of each group
        self._lowest = dict.fromkeys(fits, 1.0)  # agreement within each group

        self._waiting: dict[int, list[tuple[int, int]]] = {}  # pairs, by their rival

        # Pairs by their negative fit, so that the best comes first.
        self._queue = [(-fits[a][b], a, b) for a, b in _pairs(fits)]
        heapify(self._queue)

    def run(self) -> None:
        """Join until nothing may be joined any more."""
        while self._queue:
            negative, a, b = heappop(self._queue)
            if self._fits.get(a, {}).get(b) != -negative:
                continue  # one of them has changed since

            rival = self._rival(a, b)
            if rival is None:
                rival = self._rival(b, a)
            if rival is None:
                self._join(a, b)
            else:
                self._waiting.setdefault(rival, []).append((a, b))

    def result(self) -> Linkage:
        """The groups of several points, and the pairs that still fit."""
        groups = {
            lowest: Joined(points, self._lowest[lowest])
            for lowest, points in self._points.items()
            if len(points) > 1
        }
        return Linkage(groups, set(_pairs(self._fits)))

    def _rival(self, one: int, other: int) -> int | None:
        """A third group that keeps two that fit from being joined, for the one might be it."""
        enough = self._fits[one][other] - AMBIGUOUS
        fits_other = self._fits[other]
        for third, fit in self._fits[one].items():
            if fit <= enough or third == other or third in fits_other:
                continue
            if self._is_identity(third) or self._must_part(third, other):
                return third
        return None

    def _is_identity(self, group: int) -> bool:
        return group in self._sure or len(self._points[group]) > 1

    def _must_part(self, sighting: int, group: int) -> bool:
        """Whether a lone sighting is somebody else than this group for certain."""
        return any(
            (min(point, sighting), max(point, sighting)) in self._cannot_link
            for point in self._points[group]
        )

    def _join(self, a: int, b: int) -> None:
        """Make two groups one, which goes by a, the lower."""
        fit = self._fits[a].pop(b)
        fits_of_b = self._fits.pop(b)
        del fits_of_b[a]

        self._points[a] |= self._points.pop(b)
        self._lowest[a] = min(self._lowest[a], self._lowest.pop(b), fit)

        for third in self._fits[a].keys() | fits_of_b.keys():
            self._fit_again(a, b, third, fits_of_b.get(third))
        self._queue_again(a)
        self._queue_again(b)

    def _fit_again(self, a: int, b: int, third: int, fit_of_b: float | None) -> None:
        """Let a third group fit a, which b has become part of, no better than it fitted each."""
        fits_of_a = self._fits[a]
        fits_of_third = self._fits[third]
        fits_of_third.pop(b, None)

        if third in fits_of_a and fit_of_b is not None:
            fit = min(fits_of_a[third], fit_of_b)
            fits_of_a[third] = fit
            fits_of_third[a] = fit
            heappush(self._queue, (-fit, min(a, third), max(a, third)))
        else:
            fits_of_a.pop(third, None)
            fits_of_third.pop(a, None)

    def _queue_again(self, rival: int) -> None:
        """Look once more at the pairs that this group, now joined, kept from being joined."""
        for one, other in self._waiting.pop(rival, []):
            fit = self._fits.get(one, {}).get(other)
            if fit is not None:
                heappush(self._queue, (-fit, one, other))
