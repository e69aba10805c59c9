"""A track against a gallery: whom it is filed under, and what is learnt from it."""

from dataclasses import replace

import pytest

from fixtures.build import DIM, axis, near, report, sample, template, uid
from fixtures.visit_log import RULE
from visitord.core.records import Decision, Embedding, Separation, Template
from visitord.identity import decision
from visitord.identity.gallery import Gallery
from visitord.identity.thresholds import MatchRule
from visitord.service.deciding import DecidedTrack, decide_track

SAM, REGULAR = uid(101), uid(102)


def decided(
    embedding: Embedding, *known: Template, final: bool = True, companions: frozenset = frozenset()
) -> DecidedTrack | None:
    track = report([sample(embedding)] * 5, n=7, final=final)
    pooled = decision.pool(track.samples)
    return decide_track(track, pooled, companions, Gallery(DIM, known), RULE, "pack-1")


def test_a_stranger_is_enrolled_with_a_first_template() -> None:
    track = decided(axis(0))
    assert track is not None
    assert track.sighting.verdict.decision is Decision.ENROLLED
    assert track.person == decision.new_identity_id(uid(7))
    assert track.sighting.template is not None
    assert track.sighting.template.identity_id == track.person


def test_a_known_face_is_filed_under_its_owner() -> None:
    track = decided(near(0, 0.7, 1), template(1, 101, axis(0)), template(2, 102, axis(2)))
    assert track is not None
    assert (track.sighting.verdict.decision, track.person) == (Decision.MATCHED, SAM)


def test_what_is_unlike_the_first_template_is_matched_but_not_learnt() -> None:
    """Cosine 0.7 to the second template, 0.3 to the first."""
    first, second = template(1, 101, axis(0)), template(2, 101, axis(1))
    look = 0.3 * axis(0) + 0.7 * axis(1) + (1 - 0.09 - 0.49) ** 0.5 * axis(2)
    for known, learnt in (((first, second), False), ((second, first), True)):
        track = decided(look.astype("float32"), *known)
        assert track is not None
        assert track.person == SAM
        assert (track.sighting.template is not None) is learnt


def test_what_is_learnt_goes_to_the_one_of_those_merged_whom_it_looks_like() -> None:
    """The regular was merged into Sam, who stands for both."""
    merged = replace(template(2, 102, axis(1)), root_id=SAM)
    track = decided(near(1, 0.7, 2), template(1, 101, axis(0)), merged)
    assert track is not None
    assert (track.person, track.sighting.verdict.identity_id) == (SAM, REGULAR)


def test_a_good_look_replaces_the_only_template_where_that_is_poor_and_no_photograph() -> None:
    poor = replace(template(1, 101, axis(0)), quality=0.2)
    cases = [
        ((poor,), uid(1)),
        ((template(1, 101, axis(0)),), None),
        ((replace(poor, photograph=True),), None),
        ((poor, template(2, 101, axis(0))), None),
        ((poor, template(2, 102, axis(2))), uid(1)),
    ]
    for known, replaced in cases:
        track = decided(near(0, 0.9, 1), *known)
        assert track is not None
        assert (track.person, track.sighting.replaced) == (SAM, replaced)
        assert (track.sighting.template is not None) is (replaced is not None)


def test_a_look_that_is_no_clear_match_is_learnt_and_replaces_nothing() -> None:
    poor = replace(template(1, 101, axis(0)), quality=0.2)
    track = decided(near(0, 0.5, 1), poor)
    assert track is not None
    assert (track.person, track.sighting.replaced) == (SAM, None)
    assert track.sighting.template is not None


def test_who_was_in_the_same_picture_is_somebody_else() -> None:
    track = decided(axis(0), template(1, 101, axis(0)), companions=frozenset([SAM]))
    assert track is not None
    assert track.sighting.verdict.decision is Decision.ENROLLED


@pytest.mark.parametrize(("cosine", "certain"), [(0.54, False), (0.56, True)])
def test_a_track_that_goes_on_is_decided_only_when_that_is_certain(
    cosine: float, certain: bool
) -> None:
    track = decided(near(0, cosine, 1), template(1, 101, axis(0)), final=False)
    assert (track is not None) is certain


def test_how_similar_is_enough_depends_on_how_many_are_known() -> None:
    """Sam is known, and in the database so many others, of whom none is near."""
    rule = MatchRule(Separation(81, 0.38, 0.13, "for tests"))
    track = report([sample(near(0, 0.47, 1))] * 5, n=7)
    pooled = decision.pool(track.samples)
    decisions = {}
    for people in (1, 300, 30000):
        gallery = Gallery(DIM, [template(1, 101, axis(0))], people=people)
        found = decide_track(track, pooled, frozenset(), gallery, rule, "pack-1")
        assert found is not None
        decisions[people] = found.sighting.verdict.decision

    assert decisions == {1: Decision.MATCHED, 300: Decision.MATCHED, 30000: Decision.ENROLLED}


def test_who_was_seen_lately_is_found_though_others_are_more_alike() -> None:
    """At a site that knows 300: 0.41 is a match of one seen lately, 0.415 of nobody else."""
    others = [template(n, n, near(0, 0.415, 1 + n % 6)) for n in range(1, 300)]
    lately = template(300, 300, near(0, 0.41, 7))
    gallery = Gallery(DIM, [*others, lately])
    track = report([sample(axis(0))] * 5, n=7)
    pooled = decision.pool(track.samples)

    rule = MatchRule(Separation(81, 0.38, 0.13, source="made up"))
    for recent, person in ((frozenset({uid(300)}), uid(300)), (frozenset(), None)):
        decided = decide_track(track, pooled, frozenset(), gallery, rule, "pack-1", recent)
        assert decided is not None
        assert decided.person == (person or decision.new_identity_id(uid(7)))
