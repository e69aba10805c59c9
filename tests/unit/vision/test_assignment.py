"""Which face belongs to which track.  Faces are 60 px; different people have cosine 0."""

import pytest

from fixtures.build import axis, detection, frame, near, sample
from visitord.core.records import Observation
from visitord.vision.assignment import IMPOSSIBLE, assign, cost_of, followed
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


# By place alone


@pytest.mark.parametrize(
    ("x", "size", "t", "is_followed"),
    [
        (100, 60.0, 0.125, True),
        (129, 60.0, 0.125, True),
        (131, 60.0, 0.125, False),  # more than half a face away
        (100, 80.0, 0.125, False),  # much larger
        (100, 60.0, 0.5, False),  # unseen for a while
    ],
)
def test_a_face_is_followed_by_its_place_unless_it_jumped(
    x: float, size: float, t: float, is_followed: bool
) -> None:
    one = track(100)
    found = followed([one], [detection(x, size=size)], t)
    assert [follow.track for follow in found.values()] == [one] * is_followed
    assert all(follow.alone for follow in found.values())


@pytest.mark.parametrize(
    ("gap_px", "count", "alone"), [(61, 2, True), (50, 2, False), (15, 0, True)]
)
def test_faces_that_overlap_are_not_alone_and_those_in_one_place_are_told_by_their_looks(
    gap_px: float, count: int, alone: bool
) -> None:
    places = (100, 100 + gap_px)
    found = followed([track(x) for x in places], [detection(x) for x in places], 0.125)
    assert len(found) == count
    assert all(follow.alone is alone for follow in found.values())


def test_two_faces_where_one_was_expected_are_told_by_their_looks() -> None:
    assert followed([track(100)], [detection(95), detection(108)], 0.125) == {}


def test_where_a_face_was_expected_only_a_good_sample_tells_that_it_is_somebody_else() -> None:
    one = track(100)
    other, poor = face(100, who=1), Observation(detection(100), sample(axis(1), flaws=("dark",)))
    assert assign([one], [other], 0.125, {0: one}) == {}
    assert assign([one], [poor], 0.125, {0: one}) == {0: one}
    assert assign([one], [poor], 0.125) == {}
