"""One camera's pipeline with a scripted pack: when it looks, and when it saves itself the trouble."""

from collections.abc import Sequence

import numpy as np
from build import axis, detection, frame
from numpy.typing import NDArray

from visitord.records import Detection, Image, Thresholds, TrackReport
from visitord.vision.pipeline import Pipeline


class ScriptedPack:
    """Finds the faces it is told to, at their places, and counts how often it is asked."""

    name = fingerprint = licence = "scripted"
    dim = 8
    thresholds = Thresholds(0.4, 0.3, 0.4, 0.5, source="none")

    def __init__(self, *places: float) -> None:
        self.places = places
        self.looks = 0

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        self.looks += 1
        return [detection(x) for x in self.places]

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        return np.stack([axis(i) for i in range(len(crops))]) if crops else np.empty((0, self.dim), np.float32)


def film(pack: ScriptedPack, seconds: float, fps: float = 8) -> tuple[Pipeline, list[TrackReport]]:
    """A pipeline fed with restless pictures: something moves in each of them."""
    pipeline, reports, noise = Pipeline(pack, "main"), [], np.random.default_rng(1)
    for n in range(round(seconds * fps)):
        picture = noise.integers(60, 200, (240, 800, 3), dtype=np.uint8)
        reports += pipeline.process(frame(n / fps, image=picture))
    return pipeline, reports


def test_an_empty_scene_in_motion_is_searched_in_every_picture() -> None:
    pack = ScriptedPack()
    film(pack, 4)
    assert pack.looks == 32


def test_a_still_scene_is_searched_now_and_then_only() -> None:
    pack = ScriptedPack()
    pipeline = Pipeline(pack, "main")
    for n in range(160):
        pipeline.process(frame(n / 8, image=np.full((240, 800, 3), 90, np.uint8)))
    assert 20 < pack.looks < 60


def test_a_face_is_followed_to_its_end_though_nothing_else_moves() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 3)
    looks = pack.looks
    for n in range(80):
        pipeline.process(frame(3 + n / 8, image=np.full((240, 800, 3), 90, np.uint8)))
    assert pack.looks == looks + 80


def test_a_face_that_leaves_ends_its_track() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 3)
    pack.places = ()
    reports = [
        r for n in range(16) for r in pipeline.process(frame(3 + n / 8, image=np.zeros((240, 800, 3), np.uint8)))
    ]
    assert [r.final for r in reports] == [True]


def test_faces_too_small_to_tell_anything_are_left_out() -> None:
    pack = ScriptedPack()
    pack.detect = lambda image, still=False: [detection(100.0, size=17.0)]  # type: ignore[method-assign]
    pipeline, _ = film(pack, 2)
    assert pipeline.flush() == []
