"""What a site's scores say: intervals, the proposed threshold, and honesty about few data."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from visitord.core.records import Thresholds
from visitord.identity.calibration import Rate, Sample, calibrate, spread
from visitord.identity.calibration import rate as rate_of

OWN = Thresholds(match=0.42, new=0.32, merge=0.42, certain=0.55, source="for tests")
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
def test_the_proposal_is_the_smallest_threshold_that_keeps_the_rate_for_sure(rate: float) -> None:
    different = strangers(6000)
    result = calibrate(sample(different), OWN, OWN, rate)
    assert result.proposed is not None
    match = result.proposed.match

    def bound(threshold: float) -> float:
        errors = int((different >= threshold).sum())
        return float(binomtest(errors, len(different)).proportion_ci(0.95, "exact").high)

    assert bound(match) == result.proposed.false_match.high <= rate
    assert bound(match - 0.001) > rate
    assert result.proposed.new == pytest.approx(match - 0.10)
    assert result.missing == 0


def test_a_stricter_rate_never_lowers_the_proposal() -> None:
    proposals = [
        calibrate(sample(strangers(9000)), OWN, OWN, r).proposed
        for r in (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    ]
    matches = [p.match for p in proposals if p]
    assert len(set(matches)) == 6
    assert matches == sorted(matches)


def test_a_higher_threshold_confuses_fewer_and_misses_more() -> None:
    both = sample(strangers(500), strangers(500) + 0.5)
    limits = [Thresholds(m, 0.0, 0.9, 0.9, "for tests") for m in (0.1, 0.2, 0.3, 0.6, 0.9)]
    outcomes = [calibrate(both, t, OWN, 0.01).current for t in limits]
    confused, missed = (
        [o.false_match.rate for o in outcomes],
        [o.false_non_match.rate for o in outcomes],
    )
    assert confused == sorted(confused, reverse=True)  # type: ignore[type-var]
    assert missed == sorted(missed)  # type: ignore[type-var]
    assert confused[0] == np.mean(both.different >= 0.1)
    assert missed[-1] == np.mean(both.same < 0.9)


def test_too_few_pairs_propose_nothing_and_say_how_many_more_are_needed() -> None:
    few = calibrate(sample(np.full(3600, 0.1)), OWN, OWN, 0.001)
    assert few.proposed is None
    assert few.missing == 88
    enough = calibrate(sample(np.full(3600 + few.missing, 0.1)), OWN, OWN, 0.001)
    assert enough.missing == 0
    assert enough.proposed is not None
    assert enough.proposed.match == 0.101
    assert calibrate(sample(np.full(3599 + few.missing, 0.1)), OWN, OWN, 0.001).missing == 1


def test_no_data_at_all_says_nothing() -> None:
    result = calibrate(sample(NONE), OWN, OWN, 0.001)
    assert result.proposed is None
    assert result.missing == 3688
    assert result.current.false_match == result.current.false_non_match == Rate(None, 0, 1)
    assert spread(NONE) == {"count": 0, **dict.fromkeys(list(spread(np.ones(1)))[1:])}


def test_many_sightings_of_few_people_do_not_go_below_the_pack() -> None:
    few_people = calibrate(sample(strangers(6000), couples=3), OWN, OWN, 0.01).proposed
    many = calibrate(sample(strangers(6000)), OWN, OWN, 0.01).proposed
    assert few_people is not None
    assert many is not None
    assert many.match < few_people.match == OWN.match
    alike = calibrate(sample(strangers(6000) + 0.4, couples=3), OWN, OWN, 0.01).proposed
    assert alike is not None
    assert alike.match > OWN.match


def test_people_who_look_the_same_leave_no_threshold() -> None:
    mirror = calibrate(sample(np.full(1000, 1.0)), OWN, OWN, 0.01)
    assert (mirror.proposed, mirror.missing) == (None, 0)


def test_the_proposal_stays_within_what_a_cosine_can_be() -> None:
    proposed = calibrate(sample(np.full(1000, -0.99)), OWN, OWN, 0.01).proposed
    assert proposed is not None
    assert (proposed.match, proposed.new) == (-0.989, -1.0)


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
