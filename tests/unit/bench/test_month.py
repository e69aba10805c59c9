"""How the month's bench counts, by hand, and what it is made of."""

from uuid import UUID

import month
import numpy as np
import pytest
from faces import People, embeddings, samples
from month import Filed, Month, count

from visitord.identity.centring import centred
from visitord.models.sface import CENTRE

ANN, BEN, SAM = 0, 1, 2
A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


def test_everyone_under_an_identity_of_their_own_is_no_error() -> None:
    filed = [Filed(0, A, True), Filed(1, B, True), Filed(2, A, True)]
    day = count("1", [0, 1, 2], [ANN, BEN, ANN], [True] * 3, filed)
    assert (day.visits, day.identities) == (3, 2)
    assert (day.missed, day.unidentified, day.wrong, day.mixed, day.duplicates) == (0,) * 5


def test_a_visit_under_somebody_elses_identity_is_wrong_and_makes_it_mixed() -> None:
    filed = [Filed(0, A, True), Filed(1, A, True), Filed(2, A, True)]
    day = count("1", [0, 1, 2], [ANN, ANN, BEN], [True] * 3, filed)
    assert (day.wrong, day.mixed, day.identities) == (1, 1, 1)


def test_an_identity_is_whoever_has_most_visits_else_the_first_of_them() -> None:
    filed = [Filed(0, A, True), Filed(1, A, True), Filed(1, A, True)]
    assert count("1", [1], [ANN, BEN], [True] * 2, filed).wrong == 1
    assert count("1", [0], [ANN, BEN], [True] * 2, filed).wrong == 0


def test_identities_beyond_one_a_person_are_duplicates() -> None:
    filed = [Filed(0, A, True), Filed(1, B, True), Filed(2, C, True)]
    day = count("1", [0, 1, 2], [ANN, ANN, BEN], [True] * 3, filed)
    assert (day.duplicates, day.wrong, day.mixed) == (1, 0, 0)


def test_a_visit_whose_tracks_are_filed_apart_is_wrong_where_one_is_somebody_elses() -> None:
    filed = [Filed(0, A, True), Filed(1, B, True), Filed(1, A, True)]
    day = count("1", [0, 1], [ANN, BEN], [True] * 2, filed)
    assert (day.wrong, day.mixed, day.duplicates) == (1, 1, 0)


def test_only_what_is_seen_well_can_be_missed_and_it_is_though_a_job_settles_it_later() -> None:
    filed = [Filed(0, None, False), Filed(1, None, False), Filed(2, A, False)]
    day = count("1", [0, 1, 2], [ANN, BEN, SAM], [True, False, True], filed)
    assert (day.missed, day.unidentified) == (2, 2)


def test_a_day_counts_its_own_visits_and_how_the_site_stands() -> None:
    filed = [Filed(0, A, True), Filed(1, A, True), Filed(2, A, True), Filed(3, B, True)]
    day = count("2", [3], [ANN, ANN, BEN, SAM], [True] * 4, filed)
    assert (day.visits, day.wrong, day.mixed, day.identities) == (1, 0, 1, 2)


def test_the_same_seed_gives_the_same_month() -> None:
    one, other = (Month.made(3, 5, 20, seed=7) for _ in range(2))
    assert one.visits == other.visits
    for a, b in zip(one.tracks, other.tracks, strict=True):
        assert a.report.sighting_id == b.report.sighting_id
        assert np.array_equal(a.report.samples[0].embedding, b.report.samples[0].embedding)


def test_everyone_who_comes_once_does_and_comes_in_opening_hours() -> None:
    made = Month.made(4, 10, 200, seed=1)
    once = [visit.person for visit in made.visits if visit.person >= 10]
    assert sorted(once) == list(range(10, 210))
    assert all(month.OPENS_H <= visit.at.hour < month.CLOSES_H for visit in made.visits)


def test_who_comes_along_is_in_the_same_pictures() -> None:
    made = Month.made(4, 0, 200, seed=1)
    together = {t.report.sighting_id: t.report.together for t in made.tracks if t.report.together}
    assert together
    for one, others in together.items():
        assert all(one in together[other] for other in others)


def test_made_up_faces_are_spread_as_measured() -> None:
    rng = np.random.default_rng(2)
    people = People.made(1500, rng)
    one, other = (
        centred(embeddings(people.visits(np.arange(1500), rng)), CENTRE) for _ in range(2)
    )
    strangers = (one @ one.T)[np.triu_indices(1500, 1)]
    visits = (one * other).sum(axis=1)
    assert np.linalg.norm(one, axis=1) == pytest.approx(1, abs=1e-5)
    assert strangers.std() == pytest.approx(0.094, abs=0.005)
    assert np.percentile(strangers, [99, 99.9]) == pytest.approx([0.25, 0.34], abs=0.02)
    assert np.percentile(visits, [5, 50]) == pytest.approx([0.45, 0.66], abs=0.03)

    track = people.own[0]
    described = samples(track, 500, rng)
    pairs = (described[::2] * described[1::2]).sum(axis=1)
    assert np.median(pairs) == pytest.approx(0.97, abs=0.01)
