"""Faces found by the real network: in the picture's own pixels, however large it is."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.faces import people
from visitord.core.records import Image
from visitord.models.catalog import DEFAULT, DETECTOR_FILE
from visitord.models.yunet import FAINT_SCORE, SCORE, Yunet


@pytest.fixture(scope="module")
def yunet(models_dir: Path) -> Yunet:
    return Yunet(models_dir / DEFAULT / DETECTOR_FILE)


@pytest.fixture(scope="module")
def pair() -> Image:
    """Two faces in a plain room, of 160 and 80 px."""
    image = np.full((480, 640, 3), 120, np.uint8)
    portrait = people()["hanks"].image
    image[100:340, 40:280] = cv2.resize(portrait, (240, 240))
    image[180:300, 420:540] = cv2.resize(portrait, (120, 120))
    return image


def test_a_network_is_opened_where_its_folders_name_is_not_utf_8(
    models_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.symlink_to(models_dir / DEFAULT)
    assert Yunet(folder / DETECTOR_FILE).detect(people()["hanks"].image)


@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize("scale", [1, 3])
def test_boxes_and_landmarks_are_in_the_pixels_of_the_picture(
    yunet: Yunet, pair: Image, scale: int, still: bool
) -> None:
    image = np.asarray(cv2.resize(pair, None, fx=scale, fy=scale), np.uint8)
    found = sorted(yunet.detect(image, still=still), key=lambda face: face.box[0])
    assert [face.landmarks.shape for face in found] == [(5, 2), (5, 2)]
    for face, (left, right) in zip(found, [(40, 280), (420, 540)], strict=True):
        assert left < face.box[0] / scale < face.box[2] / scale < right
        assert left < face.landmarks[:, 0].min() / scale
        assert face.landmarks[:, 0].max() / scale < right


def test_a_face_hard_to_see_is_faint_in_a_video_and_none_in_a_photograph(
    yunet: Yunet, pair: Image
) -> None:
    seen: dict[bool, list[float]] = {True: [], False: []}
    for blur_px in np.arange(4.0, 9.0, 0.25):
        blurred = np.asarray(cv2.GaussianBlur(pair, (0, 0), blur_px), np.uint8)
        for face in yunet.detect(blurred):
            seen[face.faint].append(face.score)
        assert not any(face.faint for face in yunet.detect(blurred, still=True))

    assert seen[True] and seen[False]
    assert FAINT_SCORE <= min(seen[True]) <= max(seen[True]) < SCORE <= min(seen[False])


def test_the_best_comes_first_and_an_empty_room_has_none(yunet: Yunet, pair: Image) -> None:
    scores = [face.score for face in yunet.detect(pair)]
    assert scores == sorted(scores, reverse=True)
    assert yunet.detect(np.full((480, 640, 3), 120, np.uint8)) == []
