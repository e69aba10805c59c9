"""How alike two parts are."""

import numpy as np
import pytest

from fixtures.build import axis
from visitord.identity.agreement import agreement


def test_agreement_is_the_mean_of_best_partners_in_the_worse_direction() -> None:
    two, one = np.stack([axis(0), axis(1)]), axis(0)[None]
    assert agreement(two, one) == agreement(one, two) == pytest.approx(0.5)
    assert agreement(two, two[::-1]) == pytest.approx(1.0)
