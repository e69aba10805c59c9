"""What a site's scores say: intervals, the proposed threshold, and honesty about few data."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from visitord.core.records import Separation
from visitord.identity.calibration import SIZES, Rate, Sample, calibrate, spread
from visitord.identity.calibration import rate as rate_of
from visitord.identity.thresholds import MatchRule, probability_of, similarity_at

OWN = Separation(dims=81, least=0.38, margin=0.13, source="for tests")
RULE = MatchRule(OWN)
NONE: NDArray[np.float64] = np.array([])


def sample(
    different: NDArray[np.float64], same: NDArray[np.float64] = NONE, couples: int = 10**6
) -> Sample:
    return Sample(different, couples, same, identities=50)


def strangers(n: int, seed: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0.08, 0.09, n)


def wrong(errors: int, trials: int) -> NDArray[np.bool_]:
    return np.arange(trials) < errors


def test_the_interval_is_clopper_and_pearsons() -> None:
    # 10 of 100 at 95 %: 4.90 % to 17.62 %, the textbook example.
    rate = rate_of(wrong(10, 100))
    assert (rate.rate, rate.low, rate.high) == pytest.approx((0.1, 0.0490, 0.1762), abs=5e-5)


@pytest.mark.parametrize("n", [1, 20, 3000])
def test_without_an_error_the_interval_ends_where_none_happens_in_one_sample_of_forty(
    n: int,
) -> None:
    rate = rate_of(wrong(0, n))
    assert (rate.rate, rate.low) == (0, 0)
    assert (1 - rate.high) ** n == pytest.approx(0.025)
    assert rate.high <= 3.7 / n


def test_one_visit_compared_with_many_people_errs_more_often() -> None:
    alone, among = rate_of(wrong(2, 1000)), rate_of(wrong(2, 1000), 50)
    assert among.rate == pytest.approx(1 - 0.998**50)
    assert alone.low < among.low < among.high < 1
    assert rate_of(wrong(2, 1000), 0).rate == 0


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.2])
def test_the_dimensions_are_read_off_the_tail_where_it_surely_has_the_rate(rate: float) -> None:
    different = strangers(6000)
    result = calibrate(sample(different), RULE, OWN, rate)
    assert result.proposed is not None
    tail = similarity_at(rate, result.proposed.dims)

    def bound(threshold: float) -> float:
        errors = int((different >= threshold).sum())
        return float(binomtest(errors, len(different)).proportion_ci(0.95, "exact").high)

    assert bound(tail + 1e-6) <= rate
    assert bound(tail - 0.003) > rate
    assert result.missing == 0


@pytest.mark.parametrize("dims", [40, 81, 150])
def test_the_dimensions_of_random_directions_are_found_and_never_too_many(dims: int) -> None:
    rng = np.random.default_rng(dims)
    rows = rng.normal(size=(20_000, dims))
    different = rows[:, 0] / np.linalg.norm(rows, axis=1)
    proposed = calibrate(sample(different), RULE, OWN, 0.001).proposed
    assert proposed is not None
    assert 0.8 * dims < proposed.dims < dims


def test_the_proposed_threshold_is_the_rules_for_todays_gallery() -> None:
    proposed = calibrate(sample(strangers(6000)), RULE, OWN, 0.001).proposed
    assert proposed is not None
    there = MatchRule(Separation(proposed.dims, 0.38, 0.13, "here"))
    assert proposed.match == there.at(50).match
    fixed = calibrate(sample(strangers(6000)), MatchRule(OWN, match=0.6), OWN, 0.001)
    assert (fixed.current.match, fixed.current.dims) == (0.6, 81)
    assert fixed.proposed == proposed


def test_the_promise_is_told_for_growing_galleries() -> None:
    result = calibrate(sample(strangers(6000)), RULE, OWN, 0.001)
    assert result.proposed is not None
    assert tuple(promise.people for promise in result.promises) == SIZES
    for promise in result.promises:
        assert promise.match == RULE.at(promise.people).match
        once = probability_of(promise.match, result.proposed.dims)
        assert promise.strangers == pytest.approx(1000 * (1 - (1 - once) ** (1.3 * promise.people)))
    without = calibrate(sample(NONE), RULE, OWN, 0.001)
    assert all(p.proposed is None and p.strangers <= 20 for p in without.promises)


def test_a_higher_threshold_confuses_fewer_and_misses_more() -> None:
    both = sample(strangers(500), strangers(500) + 0.5)
    rules = [MatchRule(OWN, match=match) for match in (0.1, 0.2, 0.3, 0.6, 0.9)]
    outcomes = [calibrate(both, rule, OWN, 0.01).current for rule in rules]
    confused, missed = (
        [o.false_match.rate for o in outcomes],
        [o.false_non_match.rate for o in outcomes],
    )
    assert confused == sorted(confused, reverse=True)  # type: ignore[type-var]
    assert missed == sorted(missed)  # type: ignore[type-var]
    assert confused[0] == np.mean(both.different >= 0.1)
    assert missed[-1] == np.mean(both.same < 0.9)


def test_too_few_pairs_propose_nothing_and_say_how_many_more_are_needed() -> None:
    few = calibrate(sample(np.full(3600, 0.1)), RULE, OWN, 0.001)
    assert few.proposed is None
    assert few.missing == 88
    enough = calibrate(sample(np.full(3600 + few.missing, 0.1)), RULE, OWN, 0.001)
    assert enough.missing == 0
    assert enough.proposed is not None
    assert similarity_at(0.001, enough.proposed.dims) == pytest.approx(0.101, abs=1e-4)
    assert calibrate(sample(np.full(3599 + few.missing, 0.1)), RULE, OWN, 0.001).missing == 1


def test_no_data_at_all_says_nothing() -> None:
    result = calibrate(sample(NONE), RULE, OWN, 0.001)
    assert result.proposed is None
    assert result.missing == 3688
    assert result.current.false_match == result.current.false_non_match == Rate(None, 0, 1)
    assert spread(NONE) == {"count": 0, **dict.fromkeys(list(spread(np.ones(1)))[1:])}


def test_many_sightings_of_few_people_do_not_go_beyond_the_pack() -> None:
    unlike = strangers(6000) - 0.08
    few_people = calibrate(sample(unlike, couples=3), RULE, OWN, 0.01).proposed
    many = calibrate(sample(unlike), RULE, OWN, 0.01).proposed
    assert few_people is not None
    assert many is not None
    assert many.dims > few_people.dims == OWN.dims
    alike = calibrate(sample(unlike + 0.4, couples=3), RULE, OWN, 0.01).proposed
    assert alike is not None
    assert alike.dims < OWN.dims


def test_people_who_look_the_same_leave_no_threshold() -> None:
    mirror = calibrate(sample(np.full(1000, 1.0)), RULE, OWN, 0.01)
    assert (mirror.proposed, mirror.missing) == (None, 0)


def test_people_who_are_never_alike_leave_the_least_threshold() -> None:
    proposed = calibrate(sample(np.full(1000, -0.99)), RULE, OWN, 0.01).proposed
    assert proposed is not None
    assert (proposed.match, proposed.dims) == (OWN.least, 4096)


def test_spread_of_known_scores() -> None:
    told = spread(np.linspace(0, 1, 101))
    assert told == pytest.approx(
        {
            "count": 101,
            "mean": 0.5,
            "sd": 0.29155,
            "lowest": 0.0,
            "1 %": 0.01,
            "5 %": 0.05,
            "50 %": 0.5,
            "95 %": 0.95,
        }
        | {"99 %": 0.99, "highest": 1.0},
        abs=1e-4,
    )
