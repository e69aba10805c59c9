"""Everyone known, in memory."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.build import DIM, axis, near, template, uid
from visitord.core.records import Template
from visitord.identity.centring import centred
from visitord.identity.gallery import Gallery


def test_an_empty_gallery_ranks_nobody() -> None:
    assert Gallery(DIM).rank(axis(0)) == []
    assert len(Gallery(DIM)) == 0


def test_an_identity_is_as_similar_as_its_best_template() -> None:
    known = [
        template(1, 10, near(0, 0.3, 1)),
        template(2, 10, near(0, 0.9, 1)),
        template(3, 10, near(0, 0.5, 1)),
    ]
    assert Gallery(DIM, known).rank(axis(0)) == [(uid(10), pytest.approx(0.9))]


def test_identities_come_best_first() -> None:
    known = [template(n, n, near(0, c, 1)) for n, c in ((1, 0.2), (2, 0.8), (3, -0.5), (4, 0.6))]
    assert [i for i, _ in Gallery(DIM, known).rank(axis(0))] == [uid(2), uid(4), uid(1), uid(3)]


def test_equally_similar_identities_come_in_order_of_id_whatever_was_added_first() -> None:
    for order in ((3, 1, 2), (1, 2, 3)):
        known = [template(n, n, axis(0)) for n in order]
        assert [i for i, _ in Gallery(DIM, known).rank(axis(0))] == [uid(1), uid(2), uid(3)]


def test_whoever_is_asked_for_is_ranked_however_many_are_more_like_the_face() -> None:
    known = [template(n, n, near(0, c, 1)) for n, c in ((1, 0.2), (2, 0.8), (3, -0.5), (4, 0.6))]
    gallery = Gallery(DIM, known)
    wanted = {uid(3), uid(1), uid(2), uid(9)}
    assert [i for i, _ in gallery.rank(axis(0), 1, wanted)] == [uid(2), uid(1), uid(3)]
    assert [s for _, s in gallery.rank(axis(0), 1, wanted)] == pytest.approx([0.8, 0.2, -0.5])


def test_an_opposite_face_is_ranked_with_minus_one() -> None:
    assert Gallery(DIM, [template(1, 1, -axis(0))]).rank(axis(0)) == [(uid(1), pytest.approx(-1.0))]


def test_everyone_is_still_found_after_the_gallery_has_grown() -> None:
    count = 70  # beyond several doublings
    angles = np.linspace(0, np.pi, count)
    gallery = Gallery(2)
    for n, angle in enumerate(angles):
        gallery.add(template(n, n, np.array([np.cos(angle), np.sin(angle)], np.float32)))
    ranking = gallery.rank(np.array([1.0, 0.0], np.float32))
    assert [i for i, _ in ranking] == [uid(n) for n in range(count)]
    assert [s for _, s in ranking] == pytest.approx(np.cos(angles), abs=1e-6)
    assert len(gallery) == count


def test_templates_are_counted_by_identity() -> None:
    gallery = Gallery(
        DIM, [template(1, 10, axis(0)), template(2, 11, axis(1)), template(3, 10, axis(2))]
    )
    assert (len(gallery.held(uid(10))), len(gallery.held(uid(11))), len(gallery.held(uid(12)))) == (
        2,
        1,
        0,
    )
    gallery.add(template(4, 12, axis(3)))
    assert gallery.count_of([uid(10), uid(12), uid(99)]) == len(gallery.held(uid(10))) + 1
    assert (len(gallery.held(uid(12))), len(gallery)) == (1, 4)


def test_a_template_of_another_packs_size_is_refused_and_changes_nothing() -> None:
    gallery = Gallery(DIM, [template(1, 10, axis(0))])
    with pytest.raises(ValueError, match=str(DIM)):
        gallery.add(template(2, 11, axis(0, DIM * 2)))
    assert gallery.rank(axis(0)) == [(uid(10), 1.0)]


def weak(gallery: Gallery) -> set[UUID]:
    return {uid(n) for n in range(20) if gallery.weak(uid(n), 0.4)}


def poor(n: int, owner: int, quality: float) -> Template:
    return Template(uid(n), uid(owner), uid(owner), axis(n % DIM), quality)


def test_who_has_a_single_poor_template_is_weak() -> None:
    gallery = Gallery(DIM, [poor(1, 10, 0.3), poor(2, 11, 0.4), poor(3, 12, 0.3), poor(4, 12, 0.2)])
    assert weak(gallery) == {uid(10)}


def test_a_second_template_ends_weakness_and_a_poor_first_one_begins_it() -> None:
    gallery = Gallery(DIM, [poor(1, 10, 0.3)])
    gallery.add(poor(2, 10, 0.1))
    gallery.add(poor(3, 11, 0.1))
    assert weak(gallery) == {uid(11)}


def test_a_refused_template_makes_nobody_weak() -> None:
    gallery = Gallery(DIM, [template(1, 10, axis(0))])
    with pytest.raises(ValueError, match=str(DIM)):
        gallery.add(Template(uid(2), uid(11), uid(11), axis(0, DIM * 2), 0.1))
    assert weak(gallery) == set()
    gallery.add(poor(3, 12, 0.1))
    assert weak(gallery) == {uid(12)}


def test_the_mean_of_somebodys_templates_counts_as_one() -> None:
    """Templates at 60 degrees: halfway between them a look is at 30 degrees to both."""
    halfway = np.asarray((axis(0) + near(0, 0.5, 1)) / np.sqrt(3), np.float32)
    gallery = Gallery(DIM, [template(1, 10, axis(0))])
    assert gallery.rank(halfway) == [(uid(10), pytest.approx(np.sqrt(0.75)))]
    gallery.add(template(2, 10, near(0, 0.5, 1)))
    assert gallery.rank(halfway) == [(uid(10), pytest.approx(1.0))]


@given(st.integers(0, 10**6), st.booleans())
def test_scores_are_those_of_the_best_template_or_of_the_mean_without_the_centre(
    seed: int, has_centre: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = unit(rng.normal(size=(20, DIM)))
    owners = rng.integers(0, 6, 20)
    centre = np.asarray(0.1 * rng.normal(size=DIM), np.float32) if has_centre else None
    gallery = Gallery(DIM, centre=centre)
    for n, (row, owner) in enumerate(zip(rows, owners, strict=True)):
        gallery.add(template(n, int(owner), row))

    look = unit(rng.normal(size=DIM))
    apart = centred(rows, centre).astype(np.float64)
    towards = centred(look, centre)
    for identity_id, score in gallery.rank(look):
        own = apart[owners == identity_id.int]
        mean = own.sum(axis=0) / np.linalg.norm(own.sum(axis=0))
        assert score == pytest.approx(max((own @ towards).max(), mean @ towards), abs=1e-5)


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def test_templates_that_cancel_each_other_have_no_mean_and_do_no_harm() -> None:
    gallery = Gallery(DIM, [template(1, 10, axis(0)), template(2, 10, -axis(0))])
    assert gallery.rank(axis(1)) == [(uid(10), pytest.approx(0.0))]


def test_templates_are_held_as_the_network_gave_them() -> None:
    gallery = Gallery(DIM, [template(1, 10, near(0, 0.6, 1))], centre=0.3 * axis(0))
    (held,) = gallery
    assert (held.embedding == near(0, 0.6, 1)).all()
    assert (gallery.held(uid(10)) == near(0, 0.6, 1)).all()


def test_people_are_counted_here_and_elsewhere() -> None:
    known = [template(1, 10, axis(0)), template(2, 10, axis(1)), template(3, 11, axis(2))]
    assert Gallery(DIM).people == 0
    assert Gallery(DIM, known).people == 2
    assert Gallery(DIM, known, people=300).people == 300
    assert Gallery(DIM, known, people=300).update({uid(11)}, []).people == 300


def test_a_face_is_compared_with_the_first_template_alone() -> None:
    gallery = Gallery(DIM, [template(1, 10, axis(0)), template(2, 10, axis(1))], 0.3 * axis(2))
    like_the_first = near(0, 0.8, 3)
    score = float(centred(like_the_first, 0.3 * axis(2)) @ centred(axis(0), 0.3 * axis(2)))
    assert gallery.resembles_first(uid(10), like_the_first, score - 1e-3)
    assert not gallery.resembles_first(uid(10), like_the_first, score + 1e-3)
    assert not gallery.resembles_first(uid(10), axis(1), 0.5)
    assert gallery.resembles_first(uid(99), axis(1), 0.5), "who has no template yet"
