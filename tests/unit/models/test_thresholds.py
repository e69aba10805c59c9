"""How well packs tell people apart, and where that is from."""

import numpy as np
import pytest

from visitord.identity.thresholds import dims_of
from visitord.models import sface, thresholds
from visitord.models.opencv_zoo import ZooPack


def test_the_separation_of_a_pack_has_a_source() -> None:
    assert thresholds.of("opencv-zoo") is ZooPack.separation
    assert "0.41 once in a million" in thresholds.of("buffalo_l").source
    assert "visitorctl calibrate" in thresholds.of("own").source


def test_the_published_figure_gives_the_dimensions() -> None:
    assert thresholds.RESNET.dims == pytest.approx(dims_of(0.41, 1e-6), abs=0.5)


def test_the_default_packs_centre_is_what_its_embeddings_have_in_common() -> None:
    assert (sface.CENTRE.shape, sface.CENTRE.dtype) == ((sface.DIM,), np.float32)
    assert float(sface.CENTRE @ sface.CENTRE) == pytest.approx(0.07, abs=0.005)
    assert not sface.CENTRE.flags.writeable
