"""Whose reflection a face is, by who was seen beside it."""

import numpy as np
import pytest

from fixtures.build import DIM, axis, near, uid
from visitord.identity.reflections import REFLECTION, Companion, reflection

MATCH = 0.42


@pytest.mark.parametrize(
    ("cosine", "is_one"), [(0.95, True), (0.83, True), (0.81, False), (0.5, False)]
)
def test_a_face_hardly_to_be_told_from_one_beside_it_is_its_reflection(
    cosine: float, is_one: bool
) -> None:
    found = reflection(near(0, cosine, 1), [Companion(uid(1), axis(0))], None, MATCH)
    assert (found is not None) is is_one
    if found:
        assert (found.identity_id, found.similarity) == (uid(1), pytest.approx(cosine, abs=1e-5))


@pytest.mark.parametrize(("cosine", "is_one"), [(0.45, True), (0.4, False)])
def test_where_a_person_said_there_is_a_mirror_a_match_is_enough(
    cosine: float, is_one: bool
) -> None:
    beside = [Companion(uid(1), axis(0), mirrored=True)]
    assert (reflection(near(0, cosine, 1), beside, None, MATCH) is not None) is is_one


def test_of_several_it_is_the_most_alike() -> None:
    beside = [
        Companion(uid(n), near(0, cosine, n)) for n, cosine in ((1, 0.85), (2, 0.9), (3, 0.1))
    ]
    found = reflection(axis(0), beside, None, MATCH)
    assert found is not None
    assert found.identity_id == uid(2)


def test_without_anybody_beside_it_a_face_is_no_reflection() -> None:
    assert reflection(axis(0), [], None, MATCH) is None


def test_what_all_faces_have_in_common_does_not_count() -> None:
    """Alike at 0.9 as the network says, and at 0 without that."""
    centre = np.zeros(DIM, np.float32)
    centre[0] = 0.9**0.5
    one, other = near(0, 0.9**0.5, 1), near(0, 0.9**0.5, 2)
    assert float(one @ other) > REFLECTION
    assert reflection(one, [Companion(uid(1), other)], None, MATCH) is not None
    assert reflection(one, [Companion(uid(1), other)], centre, MATCH) is None
