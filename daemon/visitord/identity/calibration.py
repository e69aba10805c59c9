"""How well the recogniser tells people apart at a site, and which thresholds follow.

Scores are cosine similarities.  Intervals: Clopper and Pearson 1934, two-sided, 95 %, of
independent trials; without an error they end at about 3.7/n.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Thresholds

_TAIL = 0.025  # of either side, outside the interval
_STEPS = 1000  # proposed thresholds are in thousandths

_PERCENTILES = {
    "lowest": 0,
    "1 %": 1,
    "5 %": 5,
    "50 %": 50,
    "95 %": 95,
    "99 %": 99,
    "highest": 100,
}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Scores of a site.

    different: (n,) of two people in one picture; they come from so many couples.  same: (m,) of one
    person within one sighting.  identities: how many people are known.
    """

    different: NDArray[np.float64]
    couples: int
    same: NDArray[np.float64]
    identities: int


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate, None without a trial, and its interval."""

    rate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often thresholds err.

    false_match: two people pass for one.  per_visit: a visitor who is new passes for anyone known.
    false_non_match: one person passes for two.
    """

    match: float
    new: float
    false_match: Rate
    per_visit: Rate
    false_non_match: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a sample says about thresholds.

    missing: how many more pairs the wanted rate needs.  current: what the thresholds in force
    bring.  proposed: None where no threshold surely has the wanted rate.
    """

    missing: int
    current: Outcome
    proposed: Outcome | None


def calibrate(
    sample: Sample,
    current: Thresholds,
    own: Thresholds,
    wanted: float,
) -> Calibration:
    """What the current thresholds bring, and which would have the wanted rate.

    Proposed is the smallest `match`, in thousandths, whose interval ends at the wanted rate; `new`
    lies as far below it as among the pack's own.  Many sightings of few people say little of
    others: with fewer couples than the rate needs pairs, the proposal is not below the pack's
    `match`.

    Parameters
    ----------
    sample
        Scores of this site.
    current
        The thresholds in force.
    own
        The pack's thresholds.
    wanted
        The highest rate at which two people may pass for one, 0..1.
    """
    needed = _pairs_needed(wanted)
    match = _smallest_match(sample.different, wanted)

    proposed = None
    if match is not None:
        if sample.couples < needed:
            match = max(match, own.match)
        new = max(-1.0, match - (own.match - own.new))
        proposed = _outcome(sample, match, round(new, 3))

    return Calibration(
        missing=max(0, needed - len(sample.different)),
        current=_outcome(sample, current.match, current.new),
        proposed=proposed,
    )


def spread(scores: NDArray[np.float64]) -> dict[str, float | None]:
    """Count, mean, standard deviation and percentiles of scores (n,); None without any."""
    told: dict[str, float | None] = {"count": len(scores), "mean": None, "sd": None}
    told |= dict.fromkeys(_PERCENTILES)
    if not len(scores):
        return told

    told["mean"] = float(scores.mean())
    told["sd"] = float(scores.std())
    percentiles = np.percentile(scores, list(_PERCENTILES.values())).tolist()
    return told | dict(zip(_PERCENTILES, percentiles, strict=True))


def rate(wrong: NDArray[np.bool_], n: int = 1) -> Rate:
    """How often at least one of n comparisons errs.

    Parameters
    ----------
    wrong
        Whether each of some comparisons erred.
    n
        How many are made at a time.
    """
    # Takes a second to import, which no other command should wait for.
    from scipy.stats import binomtest

    if not len(wrong):
        return Rate(None, 0.0, 1.0)

    once = binomtest(int(wrong.sum()), len(wrong))
    interval = once.proportion_ci(1 - 2 * _TAIL)
    return Rate(
        rate=_at_least_one(once.statistic, n),
        low=_at_least_one(interval.low, n),
        high=_at_least_one(interval.high, n),
    )


def _at_least_one(p: float, n: int) -> float:
    """The probability that one of n independent trials errs, if each does with probability p."""
    return p if n == 1 else 1 - (1 - p) ** n


def _outcome(sample: Sample, match: float, new: float) -> Outcome:
    wrong = sample.different >= match
    return Outcome(
        match=match,
        new=new,
        false_match=rate(wrong),
        per_visit=rate(wrong, sample.identities),
        false_non_match=rate(sample.same < match),
    )


def _pairs_needed(wanted: float) -> int:
    """How many pairs without an error have an interval that ends at the wanted rate.

    The least n for which (1 - wanted)^n ≤ 2.5 %.
    """
    return math.ceil(math.log(_TAIL) / math.log1p(-wanted))


def _smallest_match(different: NDArray[np.float64], wanted: float) -> float | None:
    """The smallest threshold at which two people pass for one no more often than wanted, surely.

    different: scores (n,) of two people.  None where they are too few, or the threshold would be
    higher than any cosine.
    """
    allowed = _errors_allowed(len(different), wanted)
    if allowed < 0:
        return None

    # The highest score that must stay below the threshold, and the next step above it.
    refused = np.sort(different)[::-1][allowed]
    match = (math.floor(refused * _STEPS) + 1) / _STEPS
    return match if match <= 1 else None


def _errors_allowed(trials: int, wanted: float) -> int:
    """The most errors among so many trials whose interval ends at the wanted rate.

    As many as happen, they or fewer, in less than 2.5 % of all samples with that rate; -1 where the
    trials are too few to tell even without an error.
    """
    from scipy.stats import binom

    return int(binom.ppf(_TAIL, trials, wanted)) - 1
