"""Which samples of a track are scored for liveness, and what they say together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from fixtures.liveness import face
from fixtures.reports import START, axis, report
from fixtures.tracking import ScriptedTracker
from visitord.core.records import (
    Detection,
    Frame,
    Image,
    Liveness,
    Observation,
    Picture,
    TrackReport,
)
from visitord.vision.liveness_check import SAMPLES_MAX


class Scripted:
    """Gives these scores one after the other, then none."""

    def __init__(self, *scores: float | None, blocks: bool = False) -> None:
        self.scores, self.blocks = list(scores), blocks
        self.asked: list[float] = []

    def score(self, image: Image, detection: Detection) -> float | None:
        self.asked.append(float(image[0, 0, 0]))
        return self.scores.pop(0) if self.scores else None

    def verdict(self, scores: Sequence[float]) -> Liveness:
        return Liveness(float(np.median(scores)), 0.4, self.blocks)


def follow(
    liveness_detector: Scripted, seconds: float, flaws: tuple[str, ...] = ()
) -> list[TrackReport]:
    """What is reported of a face that stays, eight pictures a second, as bright as its number."""
    tracker, reports = ScriptedTracker("main", liveness_detector), list[TrackReport]()
    for n in range(round(seconds * 8)):
        frame = Frame("door", Picture.of(np.full((9, 9, 3), n % 256, np.uint8)), START, n / 8)
        (sample,) = report(axis(0), n / 8).samples[:1]
        sample = replace(sample, quality=replace(sample.quality, flaws=flaws))
        reports += tracker.show(frame, [Observation(face(), sample)])
    return reports + tracker.flush()


def test_few_samples_are_scored_and_their_median_counts() -> None:
    liveness_detector = Scripted(0.9, 0.1, 0.2, 0.3, 0.8)
    *_, last = follow(liveness_detector, 12)
    assert liveness_detector.asked == [0, 3, 6, 9, 12], "every third of a second, then no more"
    assert last.liveness == Liveness(0.3, 0.4, False)
    assert not last.liveness.real and not last.blocked


def test_poor_samples_are_not_scored() -> None:
    liveness_detector = Scripted(0.1)
    *_, last = follow(liveness_detector, 3, flaws=("blurred",))
    assert liveness_detector.asked == []
    assert last.liveness is None


def test_samples_that_say_nothing_are_not_counted() -> None:
    liveness_detector = Scripted(None, 0.1, None, 0.2)
    *_, last = follow(liveness_detector, 3)
    assert last.liveness == Liveness(pytest.approx(0.15), 0.4, False)


def test_a_camera_that_blocks_says_nothing_until_a_track_has_its_verdict() -> None:
    flagging, blocking = (follow(Scripted(*[0.9] * 5, blocks=b), 3) for b in (False, True))
    assert (flagging[0].ended_at - START).total_seconds() == 1.0
    assert (blocking[0].ended_at - START).total_seconds() == 1.5, "after five samples"
    assert not blocking[0].final
    waits_in_vain = follow(Scripted(blocks=True), 40)
    assert [r.final for r in waits_in_vain] == [True], (
        "later samples may still tell that it is a picture"
    )
    assert waits_in_vain[0].liveness is None and not waits_in_vain[0].blocked, (
        "unknown is not blocked"
    )
    assert SAMPLES_MAX == 5
