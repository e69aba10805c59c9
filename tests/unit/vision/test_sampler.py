"""From a face in a picture to a face sample, with a scripted pack."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from fixtures.build import axis, detection, frame
from fixtures.pipelines import ScriptedPack
from visitord.core.records import Detection, Image
from visitord.vision.sampler import Sampler

VIEW = np.random.default_rng(3).integers(60, 200, (240, 320, 3), dtype=np.uint8)


class RefiningPack(ScriptedPack):
    """Moves landmarks by ten pixels, which shows whether they were refined."""

    def refined(self, image: Image, detection: Detection) -> Detection:
        return replace(detection, landmarks=detection.landmarks + np.float32(10))


@pytest.mark.parametrize(("refined", "moved_px"), [(False, 10), (True, 0)])
def test_landmarks_are_refined_before_a_face_is_aligned_unless_they_are_already(
    refined: bool, moved_px: int
) -> None:
    found = detection(100)
    candidate = Sampler(RefiningPack()).candidate(frame(2, image=VIEW), found, refined=refined)
    assert candidate.detection.landmarks == pytest.approx(found.landmarks + moved_px)
    assert candidate.portrait.shape == (160, 160, 3)
    assert (candidate.at, candidate.t) == (frame(2).at, 2)


def test_a_sample_keeps_the_portrait_and_its_quality() -> None:
    sampler = Sampler(ScriptedPack())
    candidate = sampler.candidate(frame(0, image=VIEW), detection(100))
    (sample,) = sampler.described([candidate])
    assert (sample.embedding == axis(0)).all()
    assert (sample.quality, sample.face_px) == (candidate.quality, 60)
    kept = cv2.imdecode(np.frombuffer(sample.portrait, np.uint8), cv2.IMREAD_COLOR)
    assert kept is not None
    assert kept.shape == candidate.portrait.shape


def test_nothing_is_asked_of_the_recogniser_for_nothing() -> None:
    pack = ScriptedPack()
    pack.embed = lambda crops: pytest.fail("it is asked")  # type: ignore[method-assign]
    assert Sampler(pack).described([]) == []
