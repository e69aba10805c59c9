"""Which pictures of a track are described, and which of those are kept."""

from fixtures.build import axis, detection, picture, sample
from visitord.core.records import Candidate, Quality
from visitord.vision.samples import CANDIDATES_KEPT, SAMPLES_KEPT, Samples

CROP = picture(112, 112)
PORTRAIT = picture(160, 160)


def candidate(score: float, *flaws: str) -> Candidate:
    at = sample(axis(0)).at
    return Candidate(at, 0.0, detection(100), Quality(score, flaws), CROP, PORTRAIT)


def of(*scores: float) -> Samples:
    """Good samples of these qualities, the first of a poor one beside them."""
    samples = Samples(sample(axis(0), quality=0.1, flaws=("cut off",)))
    for score in scores:
        samples.add(sample(axis(0), quality=score))
    return samples


def offered(samples: Samples, *candidates: Candidate) -> Samples:
    for one in candidates:
        samples.offer(one, one.quality)
    return samples


def scores(candidates: list[Candidate]) -> list[float]:
    return [one.quality.score for one in candidates]


def test_the_best_samples_are_kept_good_ones_first() -> None:
    samples = Samples(sample(axis(0), quality=0.9, flaws=("blurred",)))
    for n in range(20):
        flaws = ("blurred",) if n % 2 else ()
        samples.add(sample(axis(0), quality=(n * 7 % 20) / 20, flaws=flaws))
    kept = samples.described
    assert len(kept) == SAMPLES_KEPT
    assert [round(s.quality.score * 20) for s in kept] == [18, 16, 14, 12, 10, 8, 6, 4]
    assert all(s.quality.is_good for s in kept)


def test_a_picture_that_is_flawed_at_best_is_of_use_only_while_there_is_no_good_one() -> None:
    small = Quality(0.6, ("small",))
    assert of().may_use(small)
    assert not of(0.3).may_use(small)
    assert not offered(of(), candidate(0.3)).may_use(small)


def test_with_candidates_enough_a_picture_must_promise_to_be_better_than_the_worst() -> None:
    samples = offered(of(), candidate(0.5), candidate(0.7), candidate(0.6))
    assert not samples.may_use(Quality(0.52))
    assert samples.may_use(Quality(0.53))


def test_what_a_picture_promises_is_judged_by_how_clear_the_last_one_was() -> None:
    samples = offered(of(), candidate(0.5), candidate(0.5))
    samples.offer(candidate(0.5), Quality(1.0))
    assert not samples.may_use(Quality(1.0))
    assert not samples.may_use(Quality(1.04))


def test_the_best_candidates_are_kept_and_flawed_ones_beside_good_samples_are_not() -> None:
    samples = offered(of(), *(candidate(score) for score in (0.3, 0.6, 0.4, 0.5)))
    assert scores(samples.take_due(final=True)) == [0.6, 0.5, 0.4]
    assert CANDIDATES_KEPT == 3
    assert offered(of(0.5), candidate(0.9, "blurred")).take_due(final=True) == []


def test_early_reports_have_two_good_ones_described_and_then_one_more() -> None:
    samples = offered(of(), candidate(0.5), candidate(0.4), candidate(0.3))
    assert scores(samples.take_due(final=False)) == [0.5, 0.4]
    samples.add(sample(axis(0), quality=0.5))
    samples.add(sample(axis(0), quality=0.4))
    assert scores(samples.take_due(final=False)) == [0.3]


def test_with_three_good_ones_only_much_better_pictures_are_described_before_the_end() -> None:
    samples = offered(of(0.5, 0.5, 0.5, 0.5, 0.5), candidate(0.55), candidate(0.54))
    assert samples.take_due(final=False) == []
    offered(samples, candidate(0.6))
    assert scores(samples.take_due(final=False)) == [0.6]
    assert scores(samples.take_due(final=True)) == [0.55, 0.54]


def test_without_three_good_ones_all_candidates_are_described_at_the_end() -> None:
    samples = offered(of(0.5), candidate(0.3), candidate(0.2), candidate(0.1))
    assert scores(samples.take_due(final=True)) == [0.3, 0.2, 0.1]


def test_at_the_end_only_what_a_decision_would_rest_on_is_described() -> None:
    samples = offered(of(0.7, 0.7, 0.7, 0.7, 0.5), candidate(0.6), candidate(0.4))
    assert scores(samples.take_due(final=True)) == [0.6]


def test_a_track_without_a_good_sample_gives_its_best_candidate_to_compare_with() -> None:
    assert scores(offered(of(), candidate(0.3), candidate(0.4)).take_best()) == [0.4]
    assert offered(of(0.2), candidate(0.4)).take_best() == []
    assert of().take_best() == []
