"""Similar enough for a gallery of this size: the formula, the promise, and that it is kept."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from visitord.core.records import Separation
from visitord.identity.thresholds import (
    LOOKS,
    MatchRule,
    dims_of,
    probability_of,
    similarity_at,
    tail,
)
from visitord.models.thresholds import RESNET, ZOO

SIZES = (30, 300, 3000, 30000)


# Random directions


def test_in_three_dimensions_cosines_are_evenly_spread() -> None:
    """Archimedes: the area of a cap of the sphere is proportional to its height."""
    for cosine in (-0.5, 0.0, 0.2, 0.9):
        assert probability_of(cosine, 3) == pytest.approx((1 - cosine) / 2)
    assert similarity_at(0.05, 3) == pytest.approx(0.9)


def test_in_the_plane_angles_are_evenly_spread() -> None:
    assert probability_of(math.cos(math.pi / 6), 2) == pytest.approx(1 / 6)


def test_in_many_dimensions_cosines_are_nearly_normal() -> None:
    assert similarity_at(0.00135, 10_000) == pytest.approx(3 / 100, rel=2e-3)


@given(st.floats(1e-9, 0.49), st.floats(3, 512))
def test_the_three_forms_are_one(probability: float, dims: float) -> None:
    similarity = similarity_at(probability, dims)
    assert probability_of(similarity, dims) == pytest.approx(probability, rel=1e-4)
    assert dims_of(similarity, probability) == pytest.approx(dims, rel=1e-3, abs=2e-3)


def test_what_no_dimensions_explain_is_at_the_ends() -> None:
    assert dims_of(0.0, 0.01) == dims_of(-0.5, 0.01) == dims_of(0.001, 1e-3) == 4096
    assert dims_of(0.9999, 0.4) == 2
    assert similarity_at(0.5, 81) == similarity_at(0.9, 81) == 0


def test_a_share_of_strangers_is_shared_among_the_comparisons() -> None:
    once = tail(0.02, 300)
    assert once == pytest.approx(0.02 / 300 / LOOKS, rel=0.02)
    assert 1 - (1 - once) ** (300 * LOOKS) == pytest.approx(0.02)
    assert 1 - (1 - tail(0.5, 300)) ** (300 * LOOKS) == pytest.approx(0.5)


# The rule


@pytest.mark.parametrize(
    ("separation", "matches", "merges"),
    [
        (ZOO, [0.40, 0.45, 0.50, 0.54], [0.44, 0.48, 0.53, 0.56]),
        (RESNET, [0.41, 0.41, 0.41, 0.45], [0.41, 0.41, 0.44, 0.47]),
    ],
)
def test_the_thresholds_of_both_packs(
    separation: Separation, matches: list[float], merges: list[float]
) -> None:
    rule = MatchRule(separation)
    assert [rule.at(people).match for people in SIZES] == matches
    assert [rule.at(people).merge for people in SIZES] == merges


def test_with_few_people_the_least_holds_and_nobody_counts_as_one() -> None:
    rule = MatchRule(ZOO)
    assert rule.at(0).match == rule.at(1).match == rule.at(13).match == ZOO.least
    assert (rule.at(0).people, rule.at(13).people) == (0, 13)


def test_who_allows_more_strangers_to_be_taken_for_somebody_asks_for_less() -> None:
    matches = [MatchRule(ZOO, strangers).at(3000).match for strangers in (1, 5, 20, 100, 500)]
    assert matches == sorted(set(matches), reverse=True)


def test_certain_is_a_margin_above_and_never_more_than_a_cosine_can_be() -> None:
    assert MatchRule(ZOO).at(30000).certain == pytest.approx(0.67)
    assert MatchRule(ZOO, match=0.95).at(30).certain == 1


def test_a_fixed_match_holds_however_many_are_known_and_merging_is_not_below_it() -> None:
    for people in SIZES:
        found = MatchRule(ZOO, match=0.3).at(people)
        assert (found.match, found.merge) == (0.3, MatchRule(ZOO).at(people).merge)
    assert MatchRule(ZOO, match=0.7).at(30).merge == 0.7
    assert MatchRule(ZOO, match=0.4, merge=0.45).at(30).merge == 0.45


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(1, 500))
def test_more_people_never_lower_a_threshold(one: int, other: int, strangers: float) -> None:
    rule = MatchRule(ZOO, strangers)
    fewer, more = rule.at(min(one, other)), rule.at(max(one, other))
    assert fewer.match <= more.match
    assert fewer.merge <= more.merge


# Who was seen lately


def test_the_promise_is_shared_between_the_few_seen_lately_and_the_others() -> None:
    rule = MatchRule(ZOO)
    half = MatchRule(ZOO, 2.5)
    found = rule.at(3000, recent=100)
    assert (found.match, found.recent) == (half.at(3000).match, half.at(100).match) == (0.51, 0.44)
    assert (found.merge, found.people) == (rule.at(3000).merge, 3000)


@pytest.mark.parametrize("recent", [0, 300, 400])
def test_where_nobody_or_everybody_was_seen_lately_there_is_one_threshold(recent: int) -> None:
    assert MatchRule(ZOO).at(300, recent) == MatchRule(ZOO).at(300)


def test_a_fixed_match_holds_for_who_was_seen_lately_too() -> None:
    assert MatchRule(ZOO, match=0.45).at(3000, recent=10).recent is None


@given(st.integers(0, 10**5), st.integers(0, 10**5), st.floats(1, 500))
def test_who_was_seen_lately_never_needs_more(people: int, recent: int, strangers: float) -> None:
    found = MatchRule(ZOO, strangers).at(people, recent)
    assert found.recent is None or found.recent <= found.match


# The promise


def test_the_promise_holds_where_some_were_seen_lately() -> None:
    rng = np.random.default_rng(7)
    dims = round(ZOO.dims)
    known = directions(rng, 3000, dims)
    found = MatchRule(ZOO, 20).at(3000, recent=100)
    assert found.recent is not None

    scores = directions(rng, 4000, dims) @ known.T
    lately = scores[:, :100].max(axis=1) >= found.recent
    before = scores[:, 100:].max(axis=1) >= found.match
    assert lately.any()
    assert 1000 * float((lately | before).mean()) <= 20


@pytest.mark.parametrize("separation", [ZOO, RESNET], ids=["opencv-zoo", "buffalo_l"])
@pytest.mark.parametrize("people", [30, 300, 3000])
def test_of_a_thousand_strangers_at_most_so_many_are_taken_for_somebody(
    separation: Separation, people: int
) -> None:
    """On made-up people who are as alike as the pack's strangers are: random directions."""
    rng = np.random.default_rng(people)
    dims = round(separation.dims)
    known = directions(rng, people, dims)
    best = np.concatenate([(directions(rng, 500, dims) @ known.T).max(axis=1) for _ in range(8)])

    match = MatchRule(separation, 20).at(people).match
    taken = 1000 * float((best >= match).mean())
    assert taken <= 20


def test_the_promise_holds_where_everybody_is_known_from_several_templates() -> None:
    """Three looks of each, as alike as two visits of one person, and the mean of them counts."""
    rng = np.random.default_rng(3)
    dims = round(ZOO.dims)
    people = directions(rng, 300, dims)
    aside = directions(rng, 900, dims).reshape(3, 300, dims)
    looks = [0.81 * people + math.sqrt(1 - 0.81**2) * one for one in aside]
    looks.append(sum(looks))
    known = np.concatenate([one / np.linalg.norm(one, axis=1, keepdims=True) for one in looks])

    scores = (directions(rng, 4000, dims) @ known.T).max(axis=1)
    rule = MatchRule(ZOO, 20)
    taken = 1000 * (scores >= rule.at(300, templates=900).match).mean()
    assert taken <= 20
    assert 1000 * (scores >= rule.at(300).match).mean() > 20


def test_of_those_seen_lately_their_own_templates_count() -> None:
    rule = MatchRule(ZOO, 5)
    found = rule.at(3000, recent=100, templates=9000, recent_templates=300)
    half = MatchRule(ZOO, 2.5)
    assert (found.match, found.recent) == (half.at(9000).match, half.at(300).match)
    assert rule.at(300, templates=10) == rule.at(300)
    assert rule.at(300, recent=30, recent_templates=3) == rule.at(300, recent=30)


def directions(rng: np.random.Generator, n: int, dims: int) -> NDArray[np.float32]:
    rows = rng.standard_normal((n, dims), np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
