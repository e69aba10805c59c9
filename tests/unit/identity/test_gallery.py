"""Everyone known, in memory."""

from uuid import UUID

import numpy as np
import pytest

from fixtures.build import DIM, axis, near, template, uid
from visitord.core.records import Template
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
