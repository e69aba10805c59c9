"""Small faces in a large picture, with the real models: where a pipeline looks closely, and what
that costs.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.build import frame
from fixtures.faces import align, people
from fixtures.footage import room
from visitord.core.records import Detection, Image, TrackReport
from visitord.models.opencv_zoo import ZooPack
from visitord.vision.pipeline import MIN_FACE_PX, Pipeline

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 8
START_S = 2.25  # the gate has warmed up


class Counted:
    """The real pack, with the size of every picture the detector was given."""

    def __init__(self, pack: ZooPack) -> None:
        self._pack = pack
        self.name, self.fingerprint, self.licence = pack.name, pack.fingerprint, pack.licence
        self.dim, self.separation, self.centre = pack.dim, pack.separation, pack.centre
        self.sizes: list[tuple[int, int]] = []

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        self.sizes.append((image.shape[1], image.shape[0]))
        return self._pack.detect(image, still=still)

    def refined(self, image: Image, detection: Detection) -> Detection:
        return self._pack.refined(image, detection)

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        return self._pack.embed(crops)


def watch(
    pack: Counted, seconds: float, paint: Callable[[Image, float], None]
) -> list[list[TrackReport]]:
    """The reports for each picture of a noisy room with what is painted into it; the last are those
    of a flush.
    """
    pipeline = Pipeline(pack, "main")
    reports: list[list[TrackReport]] = []
    for n, image in enumerate(room(round(seconds * FPS), WIDTH_PX, HEIGHT_PX)):
        paint(image, n / FPS)
        reports.append(pipeline.process(frame(n / FPS, image=image)))
    return [*reports, pipeline.flush()]


def portrait(person: str, face_px: int) -> Image:
    """A portrait with a face so wide; a portrait is about twice as wide as its face."""
    side = round(face_px * 2.0)
    return np.asarray(
        cv2.resize(people()[person].image, (side, side), interpolation=cv2.INTER_AREA), np.uint8
    )


def walker(
    person: str, face_px: int, start_s: float, px_per_s: float
) -> Callable[[Image, float], None]:
    """Someone from x 300 on at y 300."""
    picture = portrait(person, face_px)

    def paint(image: Image, t: float) -> None:
        x = round(300 + px_per_s * (t - start_s))
        if t >= start_s and x + len(picture) <= WIDTH_PX:
            image[300 : 300 + len(picture), x : x + len(picture)] = picture

    return paint


def test_a_small_face_in_a_large_picture_is_found_once_it_moves(pack: ZooPack) -> None:
    """30 px wide: 15 px in the picture the detector is given when it looks at the whole."""
    paint = walker("astronaut", 30, START_S, 60)
    still = next(iter(room(1, WIDTH_PX, HEIGHT_PX)))
    paint(still, START_S + 1)
    assert not [d for d in pack.detect(still) if d.score >= 0.8], (
        "otherwise this test proves nothing"
    )
    image = people()["astronaut"].image
    (face,) = pack.embed([align(image, pack.detect(image, still=True)[0])])

    counted = Counted(pack)
    reports = watch(counted, START_S + 3, paint)
    (report,) = reports[-1]
    assert report.frames >= 20, "seen in nearly each of 24 pictures"
    assert report.samples[0].face_px == pytest.approx(30, abs=5)
    assert min(float(s.embedding @ face) for s in report.samples[:3]) > pack.separation.least
    begun = counted.sizes[round(START_S * FPS) :]
    close_up = (160, 160)
    assert set(begun) <= {(640, 360), (WIDTH_PX, HEIGHT_PX), close_up}
    assert begun.count(close_up) >= FPS, "once it is known where the face goes"
    assert 2 <= begun.count((WIDTH_PX, HEIGHT_PX)) <= 5, "everywhere once a second"
    assert len(begun) <= 3 * FPS + 5, "hardly more looks than pictures"


def test_small_faces_in_two_corners_are_found_with_two_looks_a_picture(pack: ZooPack) -> None:
    left, right = portrait("astronaut", 30), portrait("t1-1", 30)

    def paint(image: Image, t: float) -> None:
        if t >= START_S:
            for picture, x, y in ((left, 60, 60), (right, 1150, 600)):
                x += round(30 * np.sin(4 * t))
                image[y : y + len(picture), x : x + len(picture)] = picture

    counted = Counted(pack)
    reports = watch(counted, START_S + 2, paint)
    assert len(reports[-1]) == 2
    assert min(r.frames for r in reports[-1]) >= 11
    assert len(counted.sizes[round(START_S * FPS) :]) <= 2 * 2 * FPS + 4
    assert (640, 360) in counted.sizes


def test_a_large_face_is_cut_by_no_window(pack: ZooPack) -> None:
    """Its edges move, its middle hardly does."""
    reports = watch(Counted(pack), START_S + 2, walker("astronaut", 200, START_S, 40))
    (report,) = reports[-1]
    assert report.frames >= 14
    assert not any("cut off" in s.quality.flaws for s in report.samples)


def test_an_empty_room_with_noise_costs_a_look_now_and_then(pack: ZooPack) -> None:
    counted = Counted(pack)
    watch(counted, 15, lambda image, t: None)
    assert 2 * FPS <= len(counted.sizes) <= 5 * FPS


@pytest.mark.parametrize(("face_px", "found"), [(MIN_FACE_PX + 5, True), (MIN_FACE_PX - 6, False)])
def test_faces_too_narrow_to_tell_anything_are_left_out_of_windows_too(
    pack: ZooPack, face_px: int, found: bool
) -> None:
    reports = watch(Counted(pack), START_S + 1.5, walker("astronaut", face_px, START_S, 60))
    assert bool(reports[-1]) is found
