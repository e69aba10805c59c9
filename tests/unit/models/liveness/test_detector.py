"""One face sample: what can be said of it, and where nothing is said."""

from pathlib import Path

import numpy as np
import pytest

from fixtures.liveness import BLUE, GREY, RED, face, plain
from fixtures.standins import liveness_folder
from visitord.core.records import Detection, Image
from visitord.models.liveness.detector import NetworkLivenessDetector
from visitord.models.liveness.networks import load


@pytest.fixture
def liveness_detector(tmp_path: Path) -> NetworkLivenessDetector:
    return NetworkLivenessDetector(load(liveness_folder(tmp_path / "liveness")), 0.4, blocks=True)


def test_a_face_and_a_picture_of_one_are_told_apart_by_colours_in_the_right_order(
    liveness_detector: NetworkLivenessDetector,
) -> None:
    assert liveness_detector.score(plain(BLUE), face()) == pytest.approx(1, abs=0.01)
    assert liveness_detector.score(plain(RED), face()) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("image", "detection"),
    [
        pytest.param(plain(GREY), face(), id="grey or infrared"),
        pytest.param(plain(BLUE), face(size=49), id="small"),
        pytest.param(plain(BLUE), face(x=0), id="at the picture's edge"),
        pytest.param(plain(BLUE), face(y=10), id="a little below the upper edge"),
        pytest.param(plain(BLUE)[:240], face(), id="cut off below"),
    ],
)
def test_where_the_picture_does_not_allow_to_say_nothing_is_said(
    liveness_detector: NetworkLivenessDetector, image: Image, detection: Detection
) -> None:
    assert liveness_detector.score(image, detection) is None


@pytest.mark.parametrize("detection", [face(size=50), face(x=15), face(y=15)])
def test_just_enough_of_the_picture_is_enough(
    liveness_detector: NetworkLivenessDetector, detection: Detection
) -> None:
    assert liveness_detector.score(plain(BLUE), detection) is not None


def test_grey_means_grey_where_the_face_is(liveness_detector: NetworkLivenessDetector) -> None:
    """Infrared has a little colour, from the encoder; and a red wall makes no face colourful."""
    noisy = plain(GREY) + np.random.default_rng(1).integers(
        -2, 3, (360, 640, 3), dtype=np.int8
    ).astype(np.uint8)
    assert liveness_detector.score(noisy, face()) is None
    image = plain(RED)
    image[140:240, 220:320] = GREY
    assert liveness_detector.score(image, face()) is None
