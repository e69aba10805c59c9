"""How alike a face must be to somebody known, for a gallery of a given size.

Whoever comes is compared with everyone, so the best score of a stranger grows with the gallery, and
with it the threshold must.  The promise that an owner is given stays the same instead: of a
thousand strangers at most so many are taken for somebody.

Cosines of two people are spread, in the tail that matters, as those of random directions in `dims`
dimensions: P(cosine > t) = I(1 - t²; (dims - 1) / 2, 1/2) / 2 for t ≥ 0, with the regularised
incomplete beta function I (the area of a cap of the sphere; Li 2011, doi:10.3923/ajms.2011.66.70).

Most who come again were here lately, and those are few.  So the promise is shared: half of the
strangers may be taken for any of the few, half for any of the others, in all no more than promised.
For the few less similarity will do.  On five hard days of walkers who come three times each, at a
site that knows 3,000 others, 6 people had two identities where 13 had (at strangers = 20), and
nobody was mistaken.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from visitord.core.records import Separation, Thresholds

STRANGERS = 5.0  # of a thousand, taken for somebody
MERGED_WRONGLY = 1.0  # of a thousand identities, by a merge job
# Independent comparisons that a template amounts to, with its share in the mean of its person's.
# By how many of 1,000 strangers 3,300 people took for somebody, those known from 1, 2, 3 and 8
# templates each amounted to 1.0, 2.5, 3.4 and 5.9 comparisons.
LOOKS = 1.3
RECENT_SHARE = 0.5  # of the strangers, who may be taken for somebody seen lately
STEP = 0.01  # thresholds are whole hundredths: as people come they change seldom

_TINY = 1e-9  # keeps what is a whole hundredth already from being rounded up to the next


@dataclass(frozen=True, slots=True)
class MatchRule:
    """Which thresholds hold however many people are known.

    Attributes
    ----------
    separation : Separation
        How well the recogniser tells people apart.
    strangers : float
        Of a thousand strangers who come, how many may be taken for somebody.
    match, merge : float or None
        Fixed thresholds, whatever the promise then is worth; None: they follow from it.
    """

    separation: Separation
    strangers: float = STRANGERS
    match: float | None = None
    merge: float | None = None

    def at(
        self, people: int, recent: int = 0, templates: int = 0, recent_templates: int = 0
    ) -> Thresholds:
        """The thresholds for a gallery of a size.

        Parameters
        ----------
        people
            How many are known.
        recent
            How many of them were seen lately.
        templates, recent_templates
            How many templates these and those have; one each where there are fewer.
        """
        compared = max(people, templates)
        compared_lately = max(recent, recent_templates)
        return _thresholds(self, people, recent, compared, compared_lately)


@lru_cache(maxsize=1024)
def _thresholds(
    rule: MatchRule, people: int, recent: int, templates: int, recent_templates: int
) -> Thresholds:
    known = max(people, 1)
    compared = max(templates, 1)
    match = rule.match
    recent_match: float | None = None
    if match is None:
        match = _promised(rule.separation, rule.strangers, compared)
        if 0 < recent < people:
            of_recent = rule.strangers * RECENT_SHARE
            match = _promised(rule.separation, rule.strangers - of_recent, compared)
            recent_match = _promised(rule.separation, of_recent, recent_templates)

    merge = rule.merge
    if merge is None:
        merge = _promised(rule.separation, MERGED_WRONGLY, known)

    certain = min(1.0, round(match + rule.separation.margin, 6))
    return Thresholds(match, max(merge, match), certain, people, recent_match)


def _promised(separation: Separation, of_a_thousand: float, templates: float) -> float:
    """The similarity that so many of a thousand strangers reach to any of the templates."""
    t = similarity_at(tail(of_a_thousand / 1000, templates), separation.dims)
    rounded = math.ceil(t / STEP - _TINY) * STEP
    return max(separation.least, round(rounded, 6))


def tail(share: float, templates: float) -> float:
    """How probable one comparison may be, that one with any template is as probable as share.

    share: 0..1 (exclusive).  Templates count `LOOKS` times.
    """
    return -math.expm1(math.log1p(-share) / (LOOKS * templates))


def similarity_at(probability: float, dims: float) -> float:
    """The cosine that two people reach with this probability, 0 from a half on."""
    # Takes a quarter of a second to import, which not every command should wait for.
    from scipy.special import betaincinv

    if probability >= 0.5:
        return 0.0
    return math.sqrt(1 - float(betaincinv((dims - 1) / 2, 0.5, 2 * probability)))


def probability_of(similarity: float, dims: float) -> float:
    """The probability that two people reach this cosine, -1..1."""
    from scipy.special import betainc

    beyond = float(betainc((dims - 1) / 2, 0.5, 1 - similarity**2)) / 2
    return beyond if similarity >= 0 else 1 - beyond


def dims_of(similarity: float, probability: float) -> float:
    """In how many dimensions random directions reach this cosine with this probability.

    The inverse of both: more dimensions, less probable.  Within 2..4096, the ends for what is
    beyond them.
    """
    low, high = 2.0, 4096.0
    if similarity <= 0 or probability_of(similarity, high) >= probability:
        return high
    if probability_of(similarity, low) <= probability:
        return low

    while high - low > 1e-3:
        middle = (low + high) / 2
        if probability_of(similarity, middle) > probability:
            low = middle
        else:
            high = middle
    return low
