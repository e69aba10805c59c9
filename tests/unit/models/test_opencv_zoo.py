"""The default pack, with its real networks, on real faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.faces import align, people
from visitord.identity.centring import centred
from visitord.models import catalog
from visitord.models.opencv_zoo import ZooPack


def test_the_default_pack_tells_real_people_apart(pack: ZooPack) -> None:
    embeddings = {}
    for name, portrait in people().items():
        (face, *others) = pack.detect(portrait.image, still=True)
        assert not others
        embeddings[name] = pack.embed([align(portrait.image, face)])[0]
    names = sorted(embeddings)
    matrix = centred(np.stack([embeddings[n] for n in names]), pack.centre)
    similar = matrix @ matrix.T - np.eye(len(names))
    assert similar.max() < pack.separation.least


def test_embeddings_have_unit_length_and_an_empty_batch_is_empty(pack: ZooPack) -> None:
    crops = [np.full((112, 112, 3), 90, np.uint8), np.zeros((112, 112, 3), np.uint8)]
    assert np.linalg.norm(pack.embed(crops), axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert pack.embed([]).shape == (0, pack.dim)


def test_a_tilted_head_is_still_the_same_person(pack: ZooPack) -> None:
    image = cv2.copyMakeBorder(
        people()["astronaut"].image, 120, 120, 120, 120, cv2.BORDER_REPLICATE
    )
    side = image.shape[0]
    turned = cv2.warpAffine(
        image, cv2.getRotationMatrix2D((side / 2, side / 2), 35, 1.0), (side, side)
    )
    found = [pack.refined(picture, pack.detect(picture)[0]) for picture in (image, turned)]
    upright, tilted = pack.embed([align(p, f) for p, f in zip((image, turned), found, strict=True)])
    assert float(upright @ tilted) > 0.7


def test_detect_px_has_an_upper_bound(models_dir: Path) -> None:
    pack = ZooPack(models_dir / catalog.DEFAULT, 1, detect_px=1920)
    assert pack.detector.detect_px == 1024, "above it very large faces get lost"


def test_landmarks_of_a_face_in_a_video_are_refined_when_that_is_asked_and_not_before(
    pack: ZooPack,
) -> None:
    image = people()["astronaut"].image
    (found,) = pack.detect(image)
    (still,) = pack.detect(image, still=True)
    assert pack.refined(image, found).landmarks == pytest.approx(still.landmarks, abs=6)
    assert not np.array_equal(pack.refined(image, found).landmarks, found.landmarks)
