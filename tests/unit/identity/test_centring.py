"""What is left of a face without what all faces have in common."""

import numpy as np
import pytest

from fixtures.build import axis, near
from visitord.identity.centring import centred


def test_without_a_centre_embeddings_are_as_they_are() -> None:
    faces = np.stack([axis(0), near(0, 0.6, 1)])
    assert centred(faces, None) is faces


def test_the_centre_is_subtracted_and_the_length_is_one_again() -> None:
    left = centred(near(0, 0.6, 1), 0.6 * axis(0))
    assert left == pytest.approx(axis(1), abs=1e-6)
    rows = centred(np.stack([near(0, 0.6, 1), axis(0)]), 0.6 * axis(0))
    assert rows == pytest.approx(np.stack([axis(1), axis(0)]), abs=1e-6)
    assert rows.dtype == np.float32


def test_the_centre_itself_has_no_direction() -> None:
    assert not centred(axis(0), axis(0)).any()
