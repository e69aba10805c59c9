"""Which face belongs to which track.  Faces are 60 px; different people have cosine 0."""

import pytest

from fixtures.build import axis, detection, frame, near, sample
from visitord.core.records import Observation
from visitord.vision.assignment import IMPOSSIBLE, assign, cost_of
from visitord.vision.places import Place
from visitord.vision.sighting_ids import sighting_id_of
from visitord.vision.track import Track


def face(x: float, who: int = 0, t: float = 0.0, size: float = 60.0) -> Observation:
    return Observation(detection(x, size=size), sample(axis(who), t=t))


def track(x: float, who: int = 0) -> Track:
    begun = face(x, who)
    return Track(sighting_id_of("main", frame(0.0), begun.detection), frame(0.0), begun)


def test_without_faces_or_tracks_there_is_nothing_to_assign() -> None:
    assert assign([], [face(100)], 0.1) == {}
    assert assign([track(100)], [], 0.1) == {}


def test_each_face_belongs_to_the_track_of_that_person() -> None:
    left, right = track(100, 0), track(160, 1)
    faces = [face(130, 1), face(130, 0), face(400, 2)]
    assert assign([left, right], faces, 0.1) == {0: right, 1: left}


@pytest.mark.parametrize(
    ("other", "t", "cost"),
    [
        (face(100), 0.0, 0.0),
        (face(127), 0.0, 0.5),  # 27 px of the 54 that 0.9 of a face's size are
        (face(155), 0.0, IMPOSSIBLE),  # out of reach
        (face(155), 1.0, 55 / 180),  # which grows to three sizes
        (face(100, size=121), 0.0, IMPOSSIBLE),  # more than twice as large
        (face(100, who=1), 0.0, IMPOSSIBLE),  # somebody else
        (Observation(detection(100), sample(near(0, 0.5, 1))), 0.0, 0.5),
    ],
)
def test_the_cost_grows_with_distance_and_unlikeness(
    other: Observation, t: float, cost: float
) -> None:
    place = Place.of(other.detection)
    assert cost_of(track(100), place, other.sample, t) == pytest.approx(cost, abs=1e-6)
