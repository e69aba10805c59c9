"""Faces found by the real network: in the picture's own pixels, however large it is."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.faces import people
from fixtures.paths import SHARED
from visitord.core.records import Image
from visitord.models import zoo_files
from visitord.models.catalog import DEFAULT, DETECTOR_FILE
from visitord.models.yunet import (
    FACES_MAX,
    FAINT_SCORE,
    NMS_IOU,
    SCORE,
    Yunet,
    YunetNetwork,
    _apart,
)

EVALUATION = SHARED / "eval" / "faces"


@pytest.fixture(scope="module")
def network(models_dir: Path) -> YunetNetwork:
    return YunetNetwork(zoo_files.network(models_dir / DEFAULT, DETECTOR_FILE))


@pytest.fixture(scope="module")
def yunet(network: YunetNetwork) -> Yunet:
    return Yunet(network)


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
    network = YunetNetwork(zoo_files.network(folder, DETECTOR_FILE))
    assert Yunet(network).detect(people()["hanks"].image)


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


@pytest.mark.parametrize("longest_px", [640, 333, 160])
def test_what_is_found_is_within_a_pixel_of_what_opencv_finds_with_the_published_file(
    network: YunetNetwork, models_dir: Path, longest_px: int
) -> None:
    file = str(models_dir / DEFAULT / DETECTOR_FILE)
    photographs = [portrait.image for portrait in people().values()]
    photographs += [cv2.imread(str(path)) for path in sorted(EVALUATION.rglob("*.png"))]
    faces = 0
    for photograph in photographs:
        scale = longest_px / max(photograph.shape[:2])
        image = np.asarray(cv2.resize(photograph, None, fx=scale, fy=scale), np.uint8)
        height, width = image.shape[:2]
        opencv = cv2.FaceDetectorYN.create(
            file, "", (width, height), FAINT_SCORE, NMS_IOU, FACES_MAX
        )
        expected = opencv.detect(image)[1]
        found = network.rows(image, FAINT_SCORE, FACES_MAX)
        if expected is None:
            assert not len(found)
            continue
        faces += len(expected)
        assert found[:, :14] == pytest.approx(expected[:, :14], abs=1.0)
        assert found[:, 14] == pytest.approx(expected[:, 14], abs=1e-3)

    assert faces >= len(people())


def test_a_picture_is_seen_as_it_is_whatever_was_seen_before(
    network: YunetNetwork, pair: Image
) -> None:
    small = np.asarray(cv2.resize(pair, (301, 203)), np.uint8)
    alone = network.rows(small, FAINT_SCORE, FACES_MAX)
    assert len(alone) == 2
    network.rows(pair, FAINT_SCORE, FACES_MAX)
    assert (network.rows(small, FAINT_SCORE, FACES_MAX) == alone).all()


def test_the_memory_for_pictures_is_that_of_the_largest(network: YunetNetwork, pair: Image) -> None:
    network.rows(np.zeros((1024, 1024, 3), np.uint8), FAINT_SCORE, FACES_MAX)
    memory = network._memory
    for width in range(100, 640, 60):
        network.rows(pair[:, :width], FAINT_SCORE, FACES_MAX)
    assert network._memory is memory
    assert memory.nbytes == 1024 * 1024 * 3 * 4


def test_of_faces_that_overlap_the_best_is_kept_and_no_endless_one() -> None:
    faces = np.zeros((4, 15), np.float32)
    faces[:, 2:4] = 40
    faces[:, 14] = [0.8, 0.9, 0.95, 0.6]
    faces[:, 0] = [0, 4, 0, 200]
    faces[2, 3] = np.inf
    assert _apart(faces, 10).tolist() == [1, 3]
    assert _apart(faces, 1).tolist() == [1]
    assert _apart(faces[:0], 10).tolist() == []
