"""How often a pipeline looks: rarely at what is stationary, always where something moves."""

import numpy as np
import pytest

from fixtures.build import after, frame
from fixtures.pipelines import ScriptedPack, restless
from visitord.vision.pipeline import Pipeline

STILL = np.full((240, 640, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("fps", "looks_per_s"), [(8, 1.0), (12, 1.0), (2, 1.0), (1, 1.0), (0.5, 0.5)]
)
def test_a_stationary_face_is_looked_at_once_a_second_and_its_track_goes_on(
    fps: float, looks_per_s: float
) -> None:
    """Nothing moves: at 12 s it has been stationary for more than ten seconds."""
    pack = ScriptedPack(100.0)
    pipeline = Pipeline(pack, "main")
    reports = [
        r for n in range(round(12 * fps)) for r in pipeline.process(frame(n / fps, image=STILL))
    ]
    looks = pack.looks
    reports += [
        r
        for n in range(round(60 * fps))
        for r in pipeline.process(frame(12 + n / fps, image=STILL))
    ]
    assert (
        0.95 <= (pack.looks - looks) / (60 * looks_per_s) <= 1.25
    )  # the gate opens every five seconds too
    assert len({r.sighting_id for r in reports + pipeline.flush()}) == 1


def test_a_face_that_is_not_stationary_yet_is_looked_at_in_every_picture() -> None:
    pack = ScriptedPack(100.0)
    pipeline = Pipeline(pack, "main")
    for n in range(80):
        pipeline.process(frame(n / 8, image=STILL))
    (report,) = pipeline.flush()
    assert (report.frames, pack.looks >= 80) == (80, True)


def test_a_stationary_face_is_looked_at_in_every_picture_again_as_soon_as_something_moves() -> None:
    pack = ScriptedPack(100.0)
    pipeline = Pipeline(pack, "main")
    for n in range(200):
        pipeline.process(frame(n / 8, image=STILL))
    looks = pack.looks
    restless(pipeline, 4, start=25)
    assert pack.looks - looks >= 32


def test_one_face_that_moves_keeps_the_others_under_watch() -> None:
    """Although the gate sees nothing move."""
    pack = ScriptedPack(100.0, 400.0)
    pipeline = Pipeline(pack, "main")
    for n in range(200):
        pack.places = (100.0, 400.0 + 40 * (n // 8 % 2))
        pipeline.process(frame(n / 8, image=STILL))
    assert pack.looks >= 200


def test_a_stationary_face_that_goes_is_gone_within_a_few_seconds() -> None:
    """Although the gate sees nothing, and looks are a second apart."""
    pack = ScriptedPack(100.0)
    pipeline = Pipeline(pack, "main")
    for n in range(200):
        pipeline.process(frame(n / 8, image=STILL))
    pack.places = ()
    finals = [
        (n / 8, r)
        for n in range(80)
        for r in pipeline.process(frame(25 + n / 8, image=STILL))
        if r.final
    ]
    ((after_s, report),) = finals
    assert after_s <= 4
    assert (report.ended_at - report.started_at).total_seconds() == pytest.approx(25.0, abs=0.9)


@pytest.mark.parametrize("left_n", range(200, 208))
def test_a_sighting_ends_with_the_last_picture_before_a_stationary_face_goes(left_n: int) -> None:
    """Looks are a second apart, but until something moves it must be there."""
    pack = ScriptedPack(100.0)
    pipeline = Pipeline(pack, "main")
    for n in range(left_n):
        pipeline.process(frame(n / 8, image=STILL))
    pack.places = ()
    finals = [report for report in restless(pipeline, 4, start=left_n / 8) if report.final]
    (report,) = finals
    assert report.ended_at == after((left_n - 1) / 8)


def test_a_stationary_face_that_was_not_found_is_not_taken_to_stay() -> None:
    pack = ScriptedPack(100.0)
    pipeline = Pipeline(pack, "main")
    for n in range(160):
        pipeline.process(frame(n / 8, image=STILL))
    pack.places = ()
    looks = pack.looks
    for n in range(160, 180):
        pipeline.process(frame(n / 8, image=STILL))
        if pack.looks > looks:
            break
    (before,) = pipeline.flush()
    assert before.ended_at == after((n - 1) / 8)


def test_somebody_who_walks_in_sits_still_and_turns_away_is_seen_all_the_time() -> None:
    """A minute to the seat, and twelve on it, moving by two per cent of the face."""
    pack = ScriptedPack()
    pipeline = Pipeline(pack, "main")
    reports = []
    for n in range(2 * 780):
        pack.places = (100 + 5 * min(n / 2, 60) + n % 2 * 1.2,)
        reports += pipeline.process(frame(n / 2, image=STILL))
    pack.places = ()
    for n in range(2 * 780, 2 * 790):
        reports += pipeline.process(frame(n / 2, image=STILL))

    assert not any(report.static for report in reports)
    (final,) = [report for report in reports if report.final]
    assert (final.ended_at - final.started_at).total_seconds() == pytest.approx(780, abs=2)
