"""Who a track is: pooling, the decision table, learning."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.build import axis, near, report, sample, uid
from visitord.core.records import (
    COVERED,
    Decision,
    FaceSample,
    PooledSamples,
    Separation,
    Thresholds,
    Verdict,
)
from visitord.identity.decision import (
    ADDS_NOTHING_NEW,
    AGREEMENT_SAMPLES,
    DOUBT,
    ENROLLING_SAMPLES,
    POOLED,
    RIPE_S,
    TEMPLATES_MAX,
    WEAK_EXTRA,
    WEAK_QUALITY,
    decide,
    good_look,
    is_ripe,
    new_identity_id,
    pool,
    samples_needed,
    template_id,
    template_update,
)
from visitord.identity.thresholds import MatchRule

LIMITS = Thresholds(match=0.42, merge=0.42, certain=0.55, people=7)
A, B, C = uid(101), uid(102), uid(103)


def pooled(good_samples: int = 3) -> PooledSamples:
    return PooledSamples(axis(0), 0.8, good_samples, 60.0)


def good(count: int) -> list[FaceSample]:
    return [sample(axis(0))] * count


def verdict(
    *ranking: tuple[object, float], good_samples: int = 3, excluded: frozenset = frozenset()
) -> Verdict:
    return decide(report(good(3)), pooled(good_samples), list(ranking), excluded, LIMITS)


# Pooling


def test_no_samples_give_no_pool() -> None:
    assert pool([]) is None


def test_the_pool_is_the_mean_weighted_by_quality_of_unit_length() -> None:
    joined = pool([sample(axis(0), 0.9), sample(axis(1), 0.3)])
    assert joined is not None
    expected = np.array([3, 1, 0, 0, 0, 0, 0, 0]) / np.sqrt(10)
    assert joined.embedding == pytest.approx(expected, abs=1e-6)
    assert joined.embedding.dtype == np.float32
    assert (joined.quality, joined.good_samples) == (pytest.approx(0.6), 2)


def test_flawed_samples_do_not_count_beside_flawless_ones() -> None:
    joined = pool(
        [sample(axis(0), 0.2, face_px=50), sample(axis(1), 0.9, ("blurred",), face_px=90)]
    )
    assert joined is not None
    assert joined.embedding == pytest.approx(axis(0))
    assert (joined.quality, joined.good_samples, joined.face_px) == (pytest.approx(0.2), 1, 50)


def test_flawed_samples_count_where_there_are_no_others_but_not_as_good() -> None:
    joined = pool([sample(axis(1), 0.9, ("blurred",)), sample(axis(1), 0.7, ("small",))])
    assert joined is not None
    assert joined.embedding == pytest.approx(axis(1))
    assert (joined.quality, joined.good_samples) == (pytest.approx(0.8), 0)


def test_only_the_first_few_samples_are_pooled_but_all_good_ones_are_counted() -> None:
    joined = pool([*good(POOLED), sample(axis(1), 0.8, face_px=200)])
    assert joined is not None
    assert joined.embedding == pytest.approx(axis(0))
    assert (joined.good_samples, joined.face_px) == (POOLED + 1, 60)


def test_the_pool_keeps_the_widest_face() -> None:
    joined = pool(
        [sample(axis(0), face_px=41), sample(axis(0), face_px=77), sample(axis(0), face_px=58)]
    )
    assert joined is not None and joined.face_px == 77


def test_samples_of_no_quality_still_have_a_direction() -> None:
    joined = pool([sample(axis(2), 0.0)])
    assert joined is not None and joined.embedding == pytest.approx(axis(2))


def test_samples_that_cancel_each_other_give_no_pool() -> None:
    assert pool([sample(axis(0)), sample(-axis(0))]) is None


# The table


def test_without_a_pool_nothing_can_be_said() -> None:
    said = decide(report(), None, [(A, 0.9)], frozenset(), LIMITS)
    assert (said.decision, said.identity_id, said.score) == (Decision.PENDING, None, None)


@pytest.mark.parametrize(
    ("score", "decision", "identity"),
    [
        (1.0, Decision.MATCHED, A),
        (0.4201, Decision.MATCHED, A),
        (0.42, Decision.MATCHED, A),
        (0.4199, Decision.ENROLLED, new_identity_id(uid(1))),
        (-1.0, Decision.ENROLLED, new_identity_id(uid(1))),
    ],
)
def test_the_best_similarity_decides(score: float, decision: Decision, identity: object) -> None:
    said = verdict((A, score))
    assert (said.decision, said.identity_id, said.score, said.second_score) == (
        decision,
        identity,
        score,
        None,
    )


def test_the_first_person_ever_is_enrolled_without_a_score() -> None:
    said = verdict()
    assert (said.decision, said.identity_id, said.score) == (
        Decision.ENROLLED,
        new_identity_id(uid(1)),
        None,
    )


def test_the_runner_up_is_reported() -> None:
    said = verdict((A, 0.7), (B, 0.2), (C, 0.1))
    assert (said.identity_id, said.score, said.second_score) == (A, 0.7, 0.2)


@pytest.mark.parametrize(("samples", "decision"), [(2, Decision.PENDING), (3, Decision.ENROLLED)])
def test_too_few_good_samples_enrol_nobody(samples: int, decision: Decision) -> None:
    said = verdict((A, 0.1), good_samples=samples)
    assert said.decision is decision
    assert (said.identity_id is None) == (decision is Decision.PENDING)


@pytest.mark.parametrize(("samples", "decision"), [(0, Decision.PENDING), (1, Decision.ENROLLED)])
def test_one_good_sample_of_a_photograph_enrols(samples: int, decision: Decision) -> None:
    said = decide(report(good(1), still=True), pooled(samples), [], frozenset(), LIMITS)
    assert said.decision is decision


def test_a_photograph_needs_one_good_sample_and_a_walker_three() -> None:
    assert (samples_needed(report(still=True)), samples_needed(report())) == (1, 3)


def test_a_companion_is_never_the_answer_however_similar() -> None:
    said = verdict((A, 0.95), (B, 0.6), excluded=frozenset({A}))
    assert (said.identity_id, said.score, said.second_score) == (B, 0.6, None)


def test_someone_like_companions_only_is_enrolled_as_another() -> None:
    said = verdict((A, 0.95), (B, 0.9), excluded=frozenset({A, B}))
    assert (said.decision, said.identity_id, said.score) == (
        Decision.ENROLLED,
        new_identity_id(uid(1)),
        None,
    )


def test_a_companion_between_the_two_does_not_count_as_runner_up() -> None:
    said = verdict((A, 0.9), (B, 0.8), (C, 0.1), excluded=frozenset({B}))
    assert (said.identity_id, said.second_score, said.certain) == (A, 0.1, True)


# Who was seen lately

LATELY = Thresholds(match=0.48, merge=0.5, certain=0.61, people=3000, recent=0.39)


def lately(*ranking: tuple[object, float], weak: frozenset = frozenset()) -> Verdict:
    """A was seen lately, the others were not."""
    said = decide(report(good(3)), pooled(), list(ranking), frozenset(), LATELY, weak, {A})
    assert said.candidate_id == said.identity_id or said.decision is Decision.ENROLLED
    return said


@pytest.mark.parametrize(
    ("who", "score", "decision"),
    [
        (A, 0.39, Decision.MATCHED),
        (A, 0.3899, Decision.ENROLLED),
        (B, 0.4799, Decision.ENROLLED),
        (B, 0.48, Decision.MATCHED),
    ],
)
def test_who_was_seen_lately_needs_less_similarity(
    who: object, score: float, decision: Decision
) -> None:
    assert lately((who, score)).decision is decision


def test_the_best_is_whoever_is_furthest_above_what_they_need() -> None:
    said = lately((B, 0.46), (A, 0.41))
    assert (said.identity_id, said.score, said.second_score) == (A, 0.41, 0.46)
    said = lately((B, 0.52), (A, 0.41))
    assert (said.identity_id, said.score, said.second_score) == (B, 0.52, 0.41)


def test_a_match_is_ambiguous_if_the_other_reaches_what_it_needs_too() -> None:
    assert lately((B, 0.9), (A, 0.38)).certain
    assert not lately((B, 0.9), (A, 0.39)).certain


def test_a_poor_picture_takes_more_of_who_was_seen_lately_too() -> None:
    weak = frozenset({A})
    assert lately((A, 0.43), weak=weak).decision is Decision.ENROLLED
    assert lately((A, 0.44), weak=weak).decision is Decision.MATCHED


def test_a_doubt_is_measured_by_what_the_nearest_needs() -> None:
    assert lately((B, 0.42), (A, 0.34)).doubt
    assert not lately((B, 0.42), (A, 0.32)).doubt


def test_the_reason_tells_of_how_many_somebody_is_one() -> None:
    said = lately((A, 0.41))
    assert said.reason == "similarity 0.41 reaches match 0.39 (among 1 seen lately, of 3000 known)"
    said = lately((B, 0.5))
    assert said.reason == "similarity 0.50 reaches match 0.48 (among 3000 known)"


# Certain, and learning


@pytest.mark.parametrize(
    ("best", "second", "good_samples", "certain"),
    [
        (0.55, None, 3, True),  # exactly certain
        (0.5499, None, 3, False),
        (0.9, 0.4199, 3, True),
        (0.9, 0.42, 3, False),  # two people match: ambiguous
        (0.9, None, 1, True),
        (0.9, None, 0, False),  # nothing but flawed samples
    ],
)
def test_only_strong_unambiguous_good_matches_are_certain(
    best: float, second: float | None, good_samples: int, certain: bool
) -> None:
    ranking = [(A, best)] + ([(B, second)] if second is not None else [])
    said = verdict(*ranking, good_samples=good_samples)
    assert (said.decision, said.identity_id) == (Decision.MATCHED, A)
    assert said.certain is certain


@pytest.mark.parametrize(
    ("best", "second", "good_samples", "teaches"),
    [
        (0.45, None, 3, True),  # exactly strong enough
        (0.4499, None, 3, False),
        (0.5, 0.39, 3, True),
        (0.5, 0.41, 3, False),  # somebody else is nearly as like it
        (0.9, 0.42, 3, False),  # two people match
        (0.9, None, 2, False),  # not seen well
    ],
)
def test_a_match_teaches_if_it_is_seen_well_and_nobody_else_is_nearly_as_like(
    best: float, second: float | None, good_samples: int, teaches: bool
) -> None:
    ranking = [(A, best)] + ([(B, second)] if second is not None else [])
    said = verdict(*ranking, good_samples=good_samples)
    assert (said.decision, said.learn) == (Decision.MATCHED, teaches)


@pytest.mark.parametrize("samples", [2, 3])
@pytest.mark.parametrize("score", [0.4, 0.1])
def test_pending_and_enrolled_are_never_certain(score: float, samples: int) -> None:
    assert not verdict((A, score), good_samples=samples).certain


# Doubts


@pytest.mark.parametrize(
    ("score", "doubt"),
    [
        (LIMITS.match, False),  # matched
        (LIMITS.match - 1e-4, True),
        (LIMITS.match - DOUBT, True),
        (LIMITS.match - DOUBT - 1e-4, False),
        (-1.0, False),
    ],
)
def test_whoever_is_enrolled_though_nearly_like_someone_is_a_doubt(
    score: float, doubt: bool
) -> None:
    said = verdict((A, score))
    assert (said.doubt, said.candidate_id) == (doubt, A)


def test_the_first_person_and_those_not_enrolled_are_no_doubt() -> None:
    assert not verdict().doubt
    assert not verdict((A, 0.4), good_samples=2).doubt


def test_a_companion_however_similar_is_no_doubt() -> None:
    said = verdict((A, 0.4), (B, 0.1), excluded=frozenset({A}))
    assert (said.decision, said.doubt) == (Decision.ENROLLED, False)


def matched(score: float = 0.7, learn: bool = True) -> Verdict:
    return Verdict(Decision.MATCHED, A, score, None, "made up", certain=learn, learn=learn)


def test_a_template_update_holds_the_pooled_embedding_under_an_id_of_the_sighting() -> None:
    learnt = template_update(
        report(good(3), n=5), matched(), PooledSamples(near(0, 0.6, 1), 0.7, 3, 60.0), 1
    )
    assert learnt is not None
    assert (learnt.template_id, learnt.identity_id, learnt.quality) == (template_id(uid(5)), A, 0.7)
    assert learnt.embedding == pytest.approx(near(0, 0.6, 1))


@pytest.mark.parametrize(
    ("held", "learns"), [(1, True), (TEMPLATES_MAX - 1, True), (TEMPLATES_MAX, False)]
)
def test_an_identity_learns_up_to_its_cap(held: int, learns: bool) -> None:
    assert (template_update(report(), matched(), pooled(), held) is not None) == learns


@pytest.mark.parametrize(
    ("score", "learns"), [(ADDS_NOTHING_NEW - 1e-4, True), (ADDS_NOTHING_NEW, False), (0.99, False)]
)
def test_what_adds_nothing_new_is_not_learnt(score: float, learns: bool) -> None:
    assert (template_update(report(), matched(score), pooled(), 1) is not None) == learns


def test_a_weak_match_is_not_learnt() -> None:
    assert template_update(report(), matched(learn=False), pooled(), 1) is None


def test_nothing_is_learnt_of_nobody() -> None:
    pending = Verdict(Decision.PENDING, None, 0.4, None, "made up")
    assert template_update(report(), pending, pooled(), 0) is None
    assert template_update(report(), matched(), None, 0) is None


def test_whoever_is_enrolled_gets_a_first_template() -> None:
    enrolled = verdict((A, 0.1))
    learnt = template_update(report(), enrolled, pooled(), 0)
    assert learnt is not None and learnt.identity_id == new_identity_id(uid(1))


@pytest.mark.parametrize(
    ("quality", "good_samples", "learns"),
    [
        (WEAK_QUALITY, ENROLLING_SAMPLES, True),
        (WEAK_QUALITY - 0.01, ENROLLING_SAMPLES, False),
        (WEAK_QUALITY, ENROLLING_SAMPLES - 1, False),
    ],
)
def test_a_good_look_takes_the_place_of_a_poor_template_though_it_adds_nothing_new(
    quality: float, good_samples: int, learns: bool
) -> None:
    look = PooledSamples(axis(0), quality, good_samples, 60.0)
    assert good_look(report(), look) is learns
    learnt = template_update(report(), matched(0.99), look, 1, poor=True)
    assert (learnt is not None) is learns


def test_what_is_not_clearly_the_same_person_takes_no_place() -> None:
    assert template_update(report(), matched(learn=False), pooled(), 1, poor=True) is None
    assert template_update(report(), matched(), pooled(), 1, alike=False, poor=True) is None


# Ripe, and ids


def test_a_track_is_ripe_when_final_or_old_enough() -> None:
    assert is_ripe(report(length_s=1, final=True))
    assert not is_ripe(report(length_s=RIPE_S - 0.001, final=False))
    assert is_ripe(report(length_s=RIPE_S, final=False))


def test_ids_follow_from_the_sighting_alone_and_differ_by_kind() -> None:
    made = [
        new_identity_id(uid(1)),
        new_identity_id(uid(2)),
        template_id(uid(1)),
        template_id(uid(2)),
        uid(1),
        uid(2),
    ]
    assert len(set(made)) == 6
    assert made[:4] == [
        new_identity_id(uid(1)),
        new_identity_id(uid(2)),
        template_id(uid(1)),
        template_id(uid(2)),
    ]


def test_ids_stay_the_same_over_releases() -> None:
    """They are in databases: a change here would enrol everyone a second time on a replay."""
    assert str(new_identity_id(uid(1))) == "3289cadb-89c4-5296-a026-62a44337467f"
    assert str(template_id(uid(1))) == "6fbdc940-299d-5575-a821-99091fd055e4"


def test_a_verdict_does_not_depend_on_anything_but_its_inputs() -> None:
    first, second = (
        decide(report(good(3)), pooled(), [(A, 0.1)], frozenset(), LIMITS) for _ in range(2)
    )
    assert first == second


# Someone known from one poor picture


WEAK = frozenset({A})


@pytest.mark.parametrize(
    ("score", "decision"),
    [
        (LIMITS.match + WEAK_EXTRA, Decision.MATCHED),
        (LIMITS.match + WEAK_EXTRA - 1e-4, Decision.ENROLLED),
        (LIMITS.match, Decision.ENROLLED),
        (-1.0, Decision.ENROLLED),
    ],
)
def test_someone_known_from_one_poor_picture_must_be_resembled_more(
    score: float, decision: Decision
) -> None:
    said = decide(report(good(3)), pooled(), [(A, score)], frozenset(), LIMITS, WEAK)
    assert (said.decision, said.identity_id == A) == (decision, decision is Decision.MATCHED)


def test_that_others_are_known_from_poor_pictures_changes_nothing() -> None:
    ranking = [(A, LIMITS.match), (B, 0.1)]
    assert (
        decide(
            report(good(3)), pooled(), ranking, frozenset(), LIMITS, frozenset({B, C})
        ).identity_id
        == A
    )


def test_a_companion_known_from_a_poor_picture_does_not_make_the_next_one_weak() -> None:
    ranking = [(A, 0.9), (B, LIMITS.match)]
    assert decide(report(good(3)), pooled(), ranking, frozenset({A}), LIMITS, WEAK).identity_id == B


def test_a_strong_match_with_someone_known_from_a_poor_picture_is_certain_and_teaches() -> None:
    said = decide(report(good(3)), pooled(), [(A, 0.6)], frozenset(), LIMITS, WEAK)
    assert (said.identity_id, said.certain, said.learn) == (A, True, True)


# What a decision rested on


@pytest.mark.parametrize(
    ("ranking", "excluded", "best", "second"),
    [
        ([], (), None, None),
        ([(A, 0.1)], (), A, None),
        ([(A, 0.37), (B, 0.3)], (), A, B),
        ([(A, 0.7), (B, 0.2), (C, 0.1)], (), A, B),
        ([(A, 0.9), (B, 0.8), (C, 0.1)], (A,), B, C),
        ([(A, 0.9), (B, 0.8), (C, 0.1)], (B,), A, C),
        ([(A, 0.9), (B, 0.8)], (A, B), None, None),
    ],
)
def test_the_two_people_it_was_most_like_are_kept_whatever_was_decided(
    ranking: list[tuple[object, float]], excluded: tuple[object, ...], best: object, second: object
) -> None:
    said = verdict(*ranking, excluded=frozenset(excluded))
    assert (said.candidate_id, said.second_id) == (best, second)
    scores = dict(ranking)
    assert (said.score, said.second_score) == (scores.get(best), scores.get(second))


@pytest.mark.parametrize(
    ("ranking", "good_samples", "words"),
    [
        ([(A, 0.61)], 3, "similarity 0.61 reaches match 0.42 (among 7 known)"),
        ([(A, 0.37)], 3, "best similarity 0.37 is below match 0.42"),
        ([(A, 0.12)], 3, "best similarity 0.12 is below match 0.42"),
        (
            [(A, 0.12)],
            2,
            "best similarity 0.12 is below match 0.42, but only 2 good samples of 3 needed to "
            "enrol",
        ),
        ([], 3, "nobody known"),
        ([], 0, "nobody known, but only 0 good samples of 3 needed to enrol"),
    ],
)
def test_the_reason_names_the_numbers_and_the_thresholds(
    ranking: list[tuple[object, float]], good_samples: int, words: str
) -> None:
    assert verdict(*ranking, good_samples=good_samples).reason == words


def test_the_reason_says_when_someone_is_known_from_one_poor_picture() -> None:
    reasons = [
        decide(report(good(3)), pooled(), [(A, score)], frozenset(), LIMITS, WEAK).reason
        for score in (0.45, 0.5, 0.1)
    ]
    assert reasons == [
        "best similarity 0.45 is below match 0.47 for someone known from one poor picture",
        "similarity 0.50 reaches match 0.47 (among 7 known)",
        "best similarity 0.10 is below match 0.47 for someone known from one poor picture",
    ]


def test_the_reason_for_a_photograph_asks_for_one_good_sample() -> None:
    said = decide(report(good(1), still=True), pooled(0), [], frozenset(), LIMITS)
    assert said.reason == "nobody known, but only 0 good samples of 1 needed to enrol"


def test_without_a_usable_sample_the_reason_says_so() -> None:
    said = decide(report(), None, [(A, 0.9)], frozenset(), LIMITS)
    assert (said.reason, said.candidate_id, said.second_id) == ("no usable sample", None, None)


# How well a track agrees with itself


@pytest.mark.parametrize("count", [0, 1, AGREEMENT_SAMPLES - 1])
def test_a_few_good_samples_say_nothing_of_their_agreement(count: int) -> None:
    joined = pool([*good(count), *[sample(axis(0), flaws=("small",))] * 8])
    assert joined is not None
    assert joined.agreement is None


@pytest.mark.parametrize("count", [AGREEMENT_SAMPLES, AGREEMENT_SAMPLES + 1, 8])
def test_samples_that_are_all_alike_agree_wholly(count: int) -> None:
    joined = pool(good(count))
    assert joined is not None
    assert joined.agreement == pytest.approx(1.0)


def test_agreement_is_the_cosine_between_every_other_sample_and_the_rest() -> None:
    joined = pool(
        [sample(axis(0)), sample(near(0, 0.6, 1)), sample(axis(0)), sample(near(0, 0.6, 1))]
    )
    assert joined is not None
    assert joined.agreement == pytest.approx(0.6)


def test_two_people_in_one_track_do_not_agree() -> None:
    joined = pool(
        [
            sample(axis(0)),
            sample(axis(1)),
            sample(axis(0)),
            sample(axis(1)),
            sample(axis(0)),
            sample(axis(1)),
        ]
    )
    assert joined is not None
    assert joined.agreement == pytest.approx(0.0)


def test_flawed_samples_do_not_count_for_agreement() -> None:
    joined = pool([*good(4), *[sample(axis(3), flaws=("blurred",))] * 4])
    assert joined is not None
    assert joined.agreement == pytest.approx(1.0)


def test_agreement_is_a_plain_number_for_the_database() -> None:
    joined = pool(good(4))
    assert joined is not None
    assert type(joined.agreement) is float


def test_halves_are_compared_without_what_all_faces_have_in_common() -> None:
    centre = 0.5 * axis(0)
    samples = [sample(near(0, 0.8, n)) for n in (1, 2, 1, 2)]
    plain, joined = pool(samples), pool(samples, centre)
    assert plain is not None and plain.agreement == pytest.approx(0.64)
    assert joined is not None and joined.agreement == pytest.approx(0.3**2 / (0.3**2 + 0.6**2))
    assert joined.embedding == pytest.approx(plain.embedding), "what is kept is not centred"


# However the gallery grows


@given(
    people=st.integers(0, 10**6),
    strangers=st.floats(1, 500),
    score=st.none() | st.floats(-1, 1),
    is_weak=st.booleans(),
    samples=st.integers(3, 8),
)
def test_whoever_is_seen_well_is_matched_or_enrolled_however_many_are_known(
    people: int, strangers: float, score: float | None, is_weak: bool, samples: int
) -> None:
    thresholds = MatchRule(Separation(81, 0.38, 0.13, "made up"), strangers).at(people)
    ranking = [] if score is None else [(A, score)]
    weak = WEAK if is_weak else frozenset()
    said = decide(report(good(3)), pooled(samples), ranking, frozenset(), thresholds, weak)
    assert said.decision in (Decision.MATCHED, Decision.ENROLLED)
    assert said.identity_id is not None


# Covered faces


def hidden(count: int) -> list[FaceSample]:
    """Samples of a face whose eyes or mouth are covered."""
    return [sample(axis(1), flaws=(COVERED,))] * count


def masked(*ranking: tuple[object, float]) -> Verdict:
    track = report([*hidden(8)])
    return decide(track, pool(track.samples), list(ranking), frozenset(), LIMITS)


@pytest.mark.parametrize(
    ("samples", "is_covered", "good_samples"),
    [
        ([*hidden(8)], True, 0),
        ([*hidden(4), *good(4)], True, 0),  # it is not noticed in every picture
        ([*hidden(3), *good(5)], False, 5),
        ([*hidden(1), *[sample(axis(0), flaws=("small",))] * 7], True, 0),
        ([sample(axis(0), flaws=("small",))] * 8, False, 0),
    ],
)
def test_a_track_is_covered_where_half_of_its_clear_samples_are(
    samples: list[FaceSample], is_covered: bool, good_samples: int
) -> None:
    joined = pool(samples)
    assert joined is not None
    assert (joined.covered, joined.good_samples) == (is_covered, good_samples)


def test_only_covered_samples_say_what_a_covered_face_looks_like() -> None:
    joined = pool([*good(4), *hidden(4)])
    assert joined is not None
    np.testing.assert_allclose(joined.embedding, axis(1), atol=1e-6)


def test_a_covered_face_enrols_nobody_however_well_it_is_seen() -> None:
    said = masked((A, 0.1))
    assert (said.decision, said.identity_id) == (Decision.PENDING, None)
    assert said.reason == (
        "best similarity 0.10 is below match 0.52, but the eyes or the mouth seem to be covered: "
        "such a face enrols nobody"
    )
    assert masked().reason.startswith("nobody known, but the eyes or the mouth")


def test_a_covered_face_is_matched_only_well_above_the_threshold_and_never_learnt() -> None:
    assert masked((A, 0.51)).decision is Decision.PENDING
    said = masked((A, 0.53))
    assert (said.decision, said.identity_id) == (Decision.MATCHED, A)
    assert (said.learn, said.certain) == (False, False)
    assert said.reason == "similarity 0.53 reaches match 0.52 (among 7 known)"


def test_a_covered_face_needs_as_much_for_who_was_seen_lately() -> None:
    lately = Thresholds(match=0.45, merge=0.45, certain=0.55, people=7, recent=0.42)
    track = report([*hidden(8)])
    said = decide(
        track, pool(track.samples), [(A, 0.5)], frozenset(), lately, recent=frozenset({A})
    )
    assert said.decision is Decision.PENDING
