"""One camera's pipeline with a scripted pack: when it looks, and when it does not."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from fixtures.build import detection, frame
from fixtures.pipelines import ScriptedPack, corner, restless
from fixtures.scripted import ManualClock
from visitord.core.records import Detection, Image, TrackReport
from visitord.vision.pipeline import Pipeline
from visitord.vision.search_time import SearchTime
from visitord.vision.zones import WHOLE, Area, Polygon


def film(
    pack: ScriptedPack, seconds: float, area: Area = WHOLE
) -> tuple[Pipeline, list[TrackReport]]:
    """A pipeline fed with restless pictures."""
    pipeline = Pipeline(pack, "main", area)
    return pipeline, restless(pipeline, seconds)


def test_an_empty_scene_in_motion_is_searched_in_every_picture() -> None:
    pack = ScriptedPack()
    film(pack, 4)
    assert 32 <= pack.looks <= 34  # now and then two windows


def test_a_still_scene_is_searched_now_and_then_only() -> None:
    pack = ScriptedPack()
    pipeline = Pipeline(pack, "main")
    for n in range(160):
        pipeline.process(frame(n / 8, image=np.full((240, 640, 3), 90, np.uint8)))
    assert 20 < pack.looks < 60


def test_a_face_is_followed_to_its_end_though_nothing_else_moves() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 3)
    looks = pack.looks
    for n in range(80):
        pipeline.process(frame(3 + n / 8, image=np.full((240, 640, 3), 90, np.uint8)))
    assert looks + 40 < pack.looks < looks + 80  # once a second when it has been stationary for ten


def test_a_face_that_leaves_ends_its_track() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 3)
    pack.places = ()
    reports = [
        r
        for n in range(16)
        for r in pipeline.process(frame(3 + n / 8, image=np.zeros((240, 640, 3), np.uint8)))
    ]
    assert [r.final for r in reports] == [True]


def test_faces_too_small_to_tell_anything_are_left_out() -> None:
    pack = ScriptedPack()
    pack.detect = lambda image, still=False: [detection(100.0, size=17.0)]  # type: ignore[method-assign]
    pipeline, _ = film(pack, 2)
    assert pipeline.flush() == []


# Faint faces


def test_a_faint_face_is_not_even_described_where_none_is_expected() -> None:
    pack, described = ScriptedPack(), []
    pack.detect = lambda image, still=False: [detection(100.0, faint=True)]  # type: ignore[method-assign]
    embed = pack.embed
    pack.embed = lambda crops: (described.append(len(crops)), embed(crops))[1]  # type: ignore[method-assign]
    pipeline, _ = film(pack, 2)
    assert not any(described)
    assert pipeline.flush() == []


def test_a_face_that_turns_faint_is_followed() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 0.5)
    detect = pack.detect
    pack.places = (100.0, 400.0)
    pack.detect = lambda image, still=False: [  # type: ignore[method-assign]
        replace(face, score=0.5, faint=True) for face in detect(image, still=still)
    ]
    restless(pipeline, 1, start=0.5)
    (report,) = pipeline.flush()
    assert report.frames == 12


# Where the picture counts: faces of 60 pixels at y 100 to 160 of 240, in a picture 640 wide

LEFT: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
NARROW: Polygon = (
    (0.18, 0.0),
    (0.22, 0.0),
    (0.22, 1.0),
    (0.18, 1.0),
)  # x 115 to 141: the middle of a face at 100


@pytest.mark.parametrize(
    ("area", "count"),
    [
        (Area(), 3),
        (Area(ignore=(LEFT,)), 2),
        (Area(only=(LEFT,)), 1),
        (Area(ignore=(NARROW,)), 2),
        (Area(only=(NARROW,)), 1),
        (Area(ignore=(NARROW,), only=(LEFT,)), 0),
    ],
)
def test_only_faces_where_the_picture_counts_make_tracks(area: Area, count: int) -> None:
    pack, found = ScriptedPack(100.0, 292.0, 500.0), []
    embed = pack.embed
    pack.embed = lambda crops: (found.append(len(crops)), embed(crops))[1]  # type: ignore[method-assign]
    pipeline, _ = film(pack, 1, area)
    assert max(found, default=0) == count, "the others are not even embedded"
    assert len(pipeline.flush()) == count


@pytest.mark.parametrize(
    ("place", "counts"), [(100.0, False), (288.0, False), (292.0, True), (500.0, True)]
)
def test_the_centre_of_a_face_decides_whether_it_counts(place: float, counts: bool) -> None:
    pipeline, _ = film(ScriptedPack(place), 1, Area(ignore=(LEFT,)))
    assert len(pipeline.flush()) == counts


def test_somebody_who_goes_where_the_picture_does_not_count_has_left() -> None:
    pack = ScriptedPack(340.0)
    pipeline, _ = film(pack, 3, Area(ignore=(LEFT,)))
    pack.places = (200.0,)
    finals = [r for r in restless(pipeline, 3, start=3) if r.final]
    assert [(r.ended_at - r.started_at).total_seconds() for r in finals] == [2.875]


def test_a_photograph_is_masked_too() -> None:
    reports = Pipeline(ScriptedPack(100.0, 500.0), "main", Area(ignore=(LEFT,))).photograph(
        frame(0.0, image=np.full((240, 640, 3), 90, np.uint8))
    )
    assert len(reports) == 1


# A camera that changes the size of its pictures


def test_a_change_of_size_ends_the_open_tracks_and_later_ones_work() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 3)
    changed = restless(pipeline, 3, start=3, shape=(200, 600))
    assert [r.final for r in changed].count(True) == 1
    assert changed[0].final
    assert (changed[0].frames, changed[0].ended_at) == (24, frame(2.875).at)
    (later,) = pipeline.flush()
    assert (later.frames, later.started_at) == (24, frame(3.0).at)
    assert later.sighting_id != changed[0].sighting_id


def test_a_change_of_size_without_anybody_there_is_nothing() -> None:
    pack = ScriptedPack()
    pipeline, _ = film(pack, 3)
    assert restless(pipeline, 1, start=3, shape=(120, 160)) == []


# The snapshot


def test_there_is_no_snapshot_before_the_first_picture() -> None:
    assert Pipeline(ScriptedPack(100.0), "main").snapshot() is None


def test_a_snapshot_shows_the_last_picture_and_disturbs_no_track() -> None:
    pack = ScriptedPack(100.0)
    pipeline, _ = film(pack, 2)
    image = pipeline.snapshot()
    assert image is not None
    assert image.shape[0] > 240
    assert image.shape[1] == 640
    restless(pipeline, 1, start=2)
    (track,) = pipeline.flush()
    assert track.frames == 24


def test_a_snapshot_of_a_closed_gate_shows_the_newest_picture() -> None:
    """Also one that was not searched, because nothing moved in it."""
    pipeline = Pipeline(ScriptedPack(), "main")
    for n in range(60):
        pipeline.process(frame(n / 8, image=np.full((240, 640, 3), 90 if n < 59 else 93, np.uint8)))
    image = pipeline.snapshot()
    assert image is not None
    assert np.all(image[-1, -1] == 93)


# Many moving places


@pytest.mark.parametrize(("window_s", "most"), [(0.001, 6), (0.02, 3), (1.0, 2)])
def test_as_many_places_are_searched_as_there_is_time_for(window_s: float, most: int) -> None:
    """Six balls that jump about in a large picture, and a sixteenth of a second."""
    pack, clock = ScriptedPack(), ManualClock()
    detect = pack.detect

    def slow(image: Image, *, still: bool = False) -> list[Detection]:
        clock.seconds += window_s
        return detect(image, still=still)

    pack.detect = slow  # type: ignore[method-assign]
    pipeline = Pipeline(pack, "main", search_time=SearchTime(clock, 1 / 16))
    searched = []
    for n in range(48):
        image = np.full((1080, 1920, 3), 90, np.uint8)
        for x, y in product((100, 900, 1700), (100, 900)):
            left = x + n * 29 % 80
            image[y : y + 60, left : left + 60] = 255 if n > 24 else 90
        before = pack.looks
        pipeline.process(frame(n / 8, image=image))
        searched.append(pack.looks - before)

    assert most <= max(searched[24:]) <= most + 1, "the whole picture is one more"


# Close-ups


def test_a_face_that_is_followed_is_shown_to_the_detector_in_small_parts_of_the_picture() -> None:
    pack, shown = ScriptedPack(100.0), []
    detect = pack.detect

    def noted(image: Image, *, still: bool = False) -> list[Detection]:
        shown.append(image.shape[:2])
        return detect(image, still=still)

    pack.detect = noted  # type: ignore[method-assign]
    pipeline = Pipeline(pack, "main")
    image = np.full((720, 1280, 3), 90, np.uint8)
    for n in range(32):
        pipeline.process(frame(n / 8, image=image))
    (report,) = pipeline.flush()
    assert report.frames == 32
    small = [shape for shape in shown if shape == (180, 180)]
    assert len(small) >= 32 / 2
    assert len(shown) - len(small) <= 32 / 2 + 4


def test_a_large_face_is_shown_to_the_detector_no_larger_than_it_must_be() -> None:
    """And what is found in the smaller copy is where it is in the picture."""
    seen = detection(400.0, 300.0, size=192)
    pack, shown = ScriptedPack(), []

    def detect(image: Image, *, still: bool = False) -> list[Detection]:
        shown.append(image.shape[:2])
        if image.shape[:2] != (288, 288):
            left, top = corner(image)
            return [seen.moved(-left, -top)]
        return [detection(96.0, 96.0, size=96)]  # in the middle of what is shown

    pack.detect = detect  # type: ignore[method-assign]
    pipeline = Pipeline(pack, "main")
    image = np.full((720, 1280, 3), 90, np.uint8)
    for n in range(16):
        pipeline.process(frame(n / 8, image=image))
    (report,) = pipeline.flush()
    assert report.frames == 16
    assert shown.count((288, 288)) >= 8
    assert report.samples[0].face_px == pytest.approx(192)
