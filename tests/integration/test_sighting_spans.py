"""A sighting lasts from the first to the last picture in which its face can be found."""

from collections.abc import Callable, Iterator
from itertools import chain

import pytest

from fixtures.build import after, frame
from fixtures.footage import FPS, room, walking
from visitord.core.records import Image
from visitord.models.opencv_zoo import ZooPack
from visitord.vision.pipeline import Pipeline

FIRST = 5 * FPS // 2  # when the background is learnt
LAST = FIRST + 2 * FPS - 1
LENGTH = LAST + FPS


def appearing() -> Iterator[Image]:
    """A face that is there at once for two seconds, then gone at once."""
    (shown,) = walking(room(1), "astronaut", -1, 1)
    pictures = list(room(LENGTH))
    return chain(pictures[:FIRST], [shown] * (LAST - FIRST + 1), pictures[LAST + 1 :])


def crossing() -> Iterator[Image]:
    """A face that crosses the picture in two seconds."""
    return walking(room(LENGTH), "astronaut", FIRST, LAST + 1)


@pytest.mark.parametrize("pictures", [appearing, crossing])
def test_two_seconds_of_a_face_are_a_sighting_of_two_seconds(
    pictures: Callable[[], Iterator[Image]], pack: ZooPack
) -> None:
    pipeline = Pipeline(pack, "main")
    reports = []
    seen_t = []
    for n, picture in enumerate(pictures()):
        t = n / FPS
        reports += pipeline.process(frame(t, image=picture))
        if FIRST <= n <= LAST and any(not face.faint for face in pack.detect(picture)):
            seen_t.append(t)
    reports += pipeline.flush()

    (final,) = [report for report in reports if report.final]
    assert seen_t[-1] - seen_t[0] > 1.4
    assert abs((final.started_at - after(seen_t[0])).total_seconds()) < 1.01 / FPS
    assert abs((final.ended_at - after(seen_t[-1])).total_seconds()) < 1.01 / FPS
