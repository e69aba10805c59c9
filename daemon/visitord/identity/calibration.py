"""How well the recogniser tells people apart at a site, and what follows for its thresholds.

Scores are centred cosine similarities.  Intervals: Clopper and Pearson 1934, two-sided, 95 %, of
independent trials; without an error they end at about 3.7/n.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Separation
from visitord.identity.thresholds import LOOKS, MatchRule, dims_of, probability_of

_TAIL = 0.025  # of either side, outside the interval
_STEPS = 1000  # scores are told apart in thousandths
_DIMS_STEPS = 10  # dimensions in tenths
SIZES = (30, 300, 3000, 30000)  # of galleries, for which the promise is told

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
    """How often today's threshold errs.

    match: the threshold.  dims: of the separation it follows from.  false_match: two people pass
    for one.  per_visit: a visitor who is new passes for anyone known.  false_non_match: one person
    passes for two.
    """

    match: float
    dims: float
    false_match: Rate
    per_visit: Rate
    false_non_match: Rate


@dataclass(frozen=True, slots=True)
class Promise:
    """What becomes of the promise as the gallery grows.

    people: in the gallery.  match: the threshold in force then.  strangers: of a thousand, how many
    it takes for somebody, by the separation proposed, else by the one in force.  proposed: the
    threshold that keeps the promise by the separation proposed, None without a proposal.
    """

    people: int
    match: float
    strangers: float
    proposed: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a sample says about thresholds.

    missing: how many more pairs the wanted rate needs.  current: what the rule in force brings.
    proposed: None where the sample does not say how well people are told apart.
    """

    missing: int
    current: Outcome
    proposed: Outcome | None
    promises: tuple[Promise, ...]


def calibrate(
    sample: Sample,
    current: MatchRule,
    own: Separation,
    wanted: float,
) -> Calibration:
    """What the rule in force brings, and how well people are told apart here.

    Read off the tail of the scores of different people: at the smallest similarity, in thousandths,
    that they reach no more often than wanted, surely.  Proposed are the dimensions in which random
    directions reach it as often.  Many sightings of few people say little of others: with fewer
    couples than the rate needs pairs, the proposal is no better than the pack's own.

    Parameters
    ----------
    sample
        Scores of this site.
    current
        The rule in force.
    own
        What is known of the pack elsewhere.
    wanted
        The rate, 0..1, at which the tail is read: the lower, the nearer to what decides, and the
        more pairs it takes.
    """
    needed = _pairs_needed(wanted)
    tail = _smallest_threshold(sample.different, wanted)

    better = None
    if tail is not None:
        dims = dims_of(tail, wanted)
        if sample.couples < needed:
            dims = min(dims, own.dims)
        dims = math.floor(dims * _DIMS_STEPS) / _DIMS_STEPS
        better = replace(current, separation=replace(own, dims=dims), match=None)

    return Calibration(
        missing=max(0, needed - len(sample.different)),
        current=_outcome(sample, current),
        proposed=_outcome(sample, better) if better else None,
        promises=tuple(_promise(people, current, better) for people in SIZES),
    )


def _promise(people: int, current: MatchRule, better: MatchRule | None) -> Promise:
    """What the rule in force, and a proposed one, make of a gallery of so many people."""
    match = current.at(people).match
    once = probability_of(match, (better or current).separation.dims)
    return Promise(
        people=people,
        match=match,
        strangers=1000 * _at_least_one(once, round(LOOKS * people)),
        proposed=better.at(people).match if better else None,
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


def _outcome(sample: Sample, rule: MatchRule) -> Outcome:
    match = rule.at(sample.identities).match
    wrong = sample.different >= match
    return Outcome(
        match=match,
        dims=rule.separation.dims,
        false_match=rate(wrong),
        per_visit=rate(wrong, sample.identities),
        false_non_match=rate(sample.same < match),
    )


def _pairs_needed(wanted: float) -> int:
    """How many pairs without an error have an interval that ends at the wanted rate.

    The least n for which (1 - wanted)^n ≤ 2.5 %.
    """
    return math.ceil(math.log(_TAIL) / math.log1p(-wanted))


def _smallest_threshold(different: NDArray[np.float64], wanted: float) -> float | None:
    """The smallest threshold at which two people pass for one no more often than wanted, surely.

    different: scores (n,) of two people.  None where they are too few, or the threshold would be
    higher than any cosine.
    """
    allowed = _errors_allowed(len(different), wanted)
    if allowed < 0:
        return None

    # The highest score that must stay below the threshold, and the next step above it.
    refused = np.sort(different)[::-1][allowed]
    threshold = (math.floor(refused * _STEPS) + 1) / _STEPS
    return threshold if threshold <= 1 else None


def _errors_allowed(trials: int, wanted: float) -> int:
    """The most errors among so many trials whose interval ends at the wanted rate.

    As many as happen, they or fewer, in less than 2.5 % of all samples with that rate; -1 where the
    trials are too few to tell even without an error.
    """
    from scipy.stats import binom

    return int(binom.ppf(_TAIL, trials, wanted)) - 1
