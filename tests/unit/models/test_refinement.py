"""A tilted face's landmarks, against those of the same face upright, turned by the same angle."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.faces import people
from visitord.core.records import Detection, Image
from visitord.models import zoo_files
from visitord.models.catalog import DEFAULT, DETECTOR_FILE
from visitord.models.refinement import Refinement
from visitord.models.yunet import Yunet, YunetNetwork


@pytest.fixture(scope="module")
def network(models_dir: Path) -> YunetNetwork:
    return YunetNetwork(zoo_files.network(models_dir / DEFAULT, DETECTOR_FILE))


@pytest.fixture(scope="module")
def portrait() -> Image:
    """One face with room to turn it in."""
    image = people()["astronaut"].image
    return np.asarray(cv2.copyMakeBorder(image, *[120] * 4, cv2.BORDER_REPLICATE), np.uint8)


def found(network: YunetNetwork, image: Image) -> Detection:
    (detection,) = Yunet(network).detect(image)
    return detection


@pytest.mark.parametrize("roll_deg", [-35, 20, 35])
def test_landmarks_of_a_tilted_face_come_close_to_where_they_are(
    network: YunetNetwork, portrait: Image, roll_deg: float
) -> None:
    side = portrait.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -roll_deg, 1.0)
    tilted = np.asarray(cv2.warpAffine(portrait, turn, (side, side)), np.uint8)
    refinement = Refinement(network)
    upright = refinement.refined(portrait, found(network, portrait)).landmarks
    expected = upright @ turn[:, :2].T + turn[:, 2]
    eyes_px = float(np.linalg.norm(upright[1] - upright[0]))

    seen = found(network, tilted)
    refined = refinement.refined(tilted, seen)
    off = np.linalg.norm(refined.landmarks - expected, axis=1).mean() / eyes_px
    before = np.linalg.norm(seen.landmarks - expected, axis=1).mean() / eyes_px
    assert off < 0.75 * before
    assert (refined.box == seen.box).all() and refined.score == seen.score


def test_a_face_too_small_or_not_there_stays_as_it_is(
    network: YunetNetwork, portrait: Image
) -> None:
    refinement = Refinement(network)
    points = np.array([[6, 8], [14, 8], [10, 12], [7, 16], [13, 16]], np.float32)
    small = Detection(np.array([0, 0, 20, 24], np.float32), points, 0.9)
    assert refinement.refined(portrait, small) is small
    large = Detection(small.box * 5, points * 5, 0.9)
    assert refinement.refined(np.full((200, 200, 3), 90, np.uint8), large) is large
