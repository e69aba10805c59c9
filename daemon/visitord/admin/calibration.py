"""How well the recogniser tells people apart at a site, and which thresholds follow; scores are
cosine similarities.

Intervals: Clopper and Pearson 1934, two-sided, 95 %, of independent trials; without an error they
end at about 3.7/n.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Thresholds
from visitord.store import calibration as stored
from visitord.store.database import Cursor

_TAIL = 0.025
_SPREAD = ("mean", "sd", "lowest", "1 %", "5 %", "50 %", "95 %", "99 %", "highest")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Scores (n,) of two people in one picture and of one person within one sighting, and how many
    people are known.
    """

    different: NDArray[np.float64]
    couples: int  # so many pairs of people `different` comes from
    same: NDArray[np.float64]
    identities: int


def sample(cursor: Cursor, site: str, pack: str) -> Sample:
    """The newest 100,000 scores of each kind (more say little more), faces that never move left
    out.
    """
    scores = stored.sample(cursor, site, pack)
    return Sample(
        np.array(scores.different, float),
        scores.couples,
        np.array(scores.same, float),
        scores.identities,
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate, None without a trial, and its interval."""

    rate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often thresholds take two people for one, a visitor for anyone known, and one person for
    two.
    """

    match: float
    new: float
    false_match: Rate
    per_visit: Rate
    false_non_match: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """missing: how many more pairs the wanted rate needs.  proposed: None where no threshold surely
    has that rate.
    """

    missing: int
    current: Outcome
    proposed: Outcome | None


def calibrate(sample: Sample, current: Thresholds, own: Thresholds, wanted: float) -> Calibration:
    """What the current thresholds bring, and the smallest `match`, in thousandths, whose interval
    ends at `wanted`.

    own: the pack's thresholds; `new` lies as far below `match` as theirs.  Many sightings of few
    people say little of others: with fewer couples than the rate needs pairs, the proposal is not
    below the pack's `match`.
    """
    from scipy.stats import binom

    different, proposed = np.sort(sample.different)[::-1], None
    needed = math.ceil(math.log(_TAIL) / math.log1p(-wanted))  # so many without an error
    # As many errors are allowed as happen, they or fewer, in less than 2.5 % of all samples with
    # the wanted rate.
    allowed = int(binom.ppf(_TAIL, len(different), wanted)) - 1
    if allowed >= 0 and (match := (math.floor(different[allowed] * 1000) + 1) / 1000) <= 1:
        match = match if sample.couples >= needed else max(match, own.match)
        proposed = _outcome(sample, match, round(max(-1.0, match - (own.match - own.new)), 3))
    return Calibration(
        max(0, needed - len(different)), _outcome(sample, current.match, current.new), proposed
    )


def spread(scores: NDArray[np.float64]) -> dict[str, float | None]:
    """Count, mean, standard deviation and percentiles; None without scores."""
    values = (
        (scores.mean(), scores.std(), *np.percentile(scores, (0, 1, 5, 50, 95, 99, 100)))
        if len(scores)
        else ()
    )
    return {
        "count": len(scores),
        **dict.fromkeys(_SPREAD),
        **dict(zip(_SPREAD, map(float, values), strict=False)),
    }


def rate(wrong: NDArray[np.bool_], n: int = 1) -> Rate:
    """The rate of at least one error in n trials."""
    from scipy.stats import (
        binomtest,
    )  # takes a second to import, which no other command should wait for

    if not len(wrong):
        return Rate(None, 0.0, 1.0)
    once = binomtest(int(wrong.sum()), len(wrong))
    return Rate(
        *(
            p if n == 1 else 1 - (1 - p) ** n
            for p in (once.statistic, *once.proportion_ci(1 - 2 * _TAIL))
        )
    )


def _outcome(sample: Sample, match: float, new: float) -> Outcome:
    wrong = sample.different >= match
    return Outcome(
        match, new, rate(wrong), rate(wrong, sample.identities), rate(sample.same < match)
    )
