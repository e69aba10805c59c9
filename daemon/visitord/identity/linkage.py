"""Complete linkage that would rather leave things apart than choose between two that are nearly as
good.

Pure and on numbers only: points 0..n-1, each a person's identity or a sighting; a lower number is
kept before a higher.
"""

from collections.abc import Set as AbstractSet
from heapq import heapify, heappop, heappush

AMBIGUOUS = 0.05  # of two who cannot be one, whoever fits both this much alike goes to neither

Fits = dict[int, dict[int, float]]  # how well each point fits others, the same in both directions


def link(
    fits: Fits, sure: AbstractSet[int], apart: AbstractSet[tuple[int, int]]
) -> dict[int, tuple[set[int], float]]:
    """Who becomes one: by the lowest of each group all its points, and the lowest agreement between
    any two.

    fits: pairs that may be one, with their agreement; it is used up, and left holding the pairs of
    groups and single points that still fit, but are ambiguous.  sure: points that are identities.
    apart: pairs, the lower first, that are two people for certain.

    The two groups that fit best are joined first (the lowest agreement across them decides), unless
    one of them has a rival: a third group that it fits better, or worse by less than AMBIGUOUS, and
    that the other cannot be joined with. A lone sighting rivals only with those it is apart from.
    What was refused is looked at again once its rival has changed.  So in the end nothing may be
    joined, and that depends only on what the groups consist of: a run over the result, each group
    being a point with the agreements of its worst members, joins nothing either.
    """
    if all(
        len(others) == len(fits) - 1 for others in fits.values()
    ):  # most often: nobody has a rival then
        everyone = {min(fits): (set(fits), min(min(others.values()) for others in fits.values()))}
        fits.clear()
        return everyone
    groups = {point: {point} for point in fits}
    lowest = dict.fromkeys(fits, 1.0)
    waiting: dict[
        int, list[tuple[int, int]]
    ] = {}  # pairs by the rival that keeps them from being joined
    queue = [(-fit, a, b) for a, others in fits.items() for b, fit in others.items() if a < b]
    heapify(queue)

    def rival(fit: float, one: int, other: int) -> int | None:
        for third, alike in fits[one].items():
            if alike > fit - AMBIGUOUS and third != other and third not in fits[other]:
                strong = third in sure or len(groups[third]) > 1
                if strong or any((min(n, third), max(n, third)) in apart for n in groups[other]):
                    return third
        return None

    while queue:
        negative, a, b = heappop(queue)
        fit = -negative
        if fits.get(a, {}).get(b) != fit:
            continue  # one of them has changed since
        against = rival(fit, a, b)
        if against is None:
            against = rival(fit, b, a)
        if against is not None:
            waiting.setdefault(against, []).append((a, b))
            continue
        gone = fits.pop(b)
        groups[a] |= groups.pop(b)
        lowest[a] = min(lowest[a], lowest.pop(b), fit)
        for third in (fits[a].keys() | gone.keys()) - {a, b}:
            fits[third].pop(b, None)
            if third in fits[a] and third in gone:
                fits[a][third] = fits[third][a] = min(fits[a][third], gone[third])
                heappush(queue, (-fits[a][third], min(a, third), max(a, third)))
            else:
                fits[a].pop(third, None)
                fits[third].pop(a, None)
        del fits[a][b]
        for one, other in waiting.pop(a, []) + waiting.pop(b, []):
            if other in fits.get(one, {}):
                heappush(queue, (-fits[one][other], one, other))
    return {point: (group, lowest[point]) for point, group in groups.items() if len(group) > 1}
