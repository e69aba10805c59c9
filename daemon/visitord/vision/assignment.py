"""Which face of a frame belongs to which track: by where it is and by what it looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from visitord.core.records import Detection, FaceSample, Observation
from visitord.vision.places import Place
from visitord.vision.track import SIMILARITY_MIN, Track

# How far, in face sizes, a face may be from where it was expected: at once, more for every second
# unseen, and at most.
REACH = 0.9
REACH_PER_S = 3.0
REACH_MAX = 3.0
GROWTH_MAX = 2.0  # a face is no more than so many times larger or smaller than it was
# For a flawed sample so soon after the last one: then place counts more.
SIMILARITY_MIN_POOR = 0.15
LENIENT_S = 0.5
IMPOSSIBLE = 1e6
# A face that is no further from where it was expected, in face sizes, and hardly larger or smaller,
# has not jumped.
STEP = 0.5
GROWTH_STEP = 1.3
# So near another, in face sizes, their boxes overlap; and it must be so much nearer to its own.
APART = 1.0
NEARER = 0.3
# What was unseen for longer may be another face by now; unless it has been there for long, and
# where it was.
GAP_S = 0.3
STAYED_S = 10.0


@dataclass(frozen=True, slots=True)
class Followed:
    """A track whose face is where it was expected.

    Attributes
    ----------
    track : Track
        The one.
    alone : bool
        Whether it could not be confused: no other face is near, nor expected there.
    """

    track: Track
    alone: bool


def followed(tracks: Sequence[Track], faces: Sequence[Detection], t: float) -> dict[int, Followed]:
    """The tracks that faces belong to by their places: where they were expected, without a jump.

    Parameters
    ----------
    tracks
        Those that are open.
    faces
        Those of one frame.
    t
        When that was taken, seconds.

    Returns
    -------
    dict
        By the index of the face.  Whose the others are is to be told by what they look like.
    """
    if not faces or not tracks:
        return {}

    places = [Place.of(face) for face in faces]
    offsets = np.array([[_offset(track, place, t) for track in tracks] for place in places])

    found: dict[int, Followed] = {}
    for row, column in np.argwhere(offsets <= STEP).tolist():
        track = tracks[column]
        others = np.concatenate(
            [np.delete(offsets[row], column), np.delete(offsets[:, column], row)]
        )
        nearest_other = others.min(initial=np.inf)
        is_nearer = offsets[row, column] + NEARER <= nearest_other
        if is_nearer and _goes_on(track, places[row], t):
            found[row] = Followed(track, bool(nearest_other >= APART))
    return found


def _offset(track: Track, place: Place, t: float) -> float:
    """How far a face is from where a track's is expected at t, in sizes of the larger one."""
    distance_px = float(np.linalg.norm(place.centre - track.predicted(t)))
    return distance_px / max(track.place.side_px, place.side_px)


def _goes_on(track: Track, place: Place, t: float) -> bool:
    """Whether a face there shows neither a gap in a track nor a jump in its size."""
    if not 1 / GROWTH_STEP < place.side_px / track.place.side_px < GROWTH_STEP:
        return False
    if t - track.last_t <= GAP_S:
        return True
    return track.stationary_s >= STAYED_S and place.is_at(track.place)


def assign(
    tracks: Sequence[Track],
    observations: Sequence[Observation],
    t: float,
    expected: Mapping[int, Track] | None = None,
) -> dict[int, Track]:
    """The cheapest one-to-one assignment (Kuhn 1955), without impossible pairs.

    Parameters
    ----------
    tracks
        Those that are open.
    observations
        The faces of one frame.
    t
        When that was taken, seconds.
    expected
        Tracks whose face an observation is by its place, by its index: then only a good sample that
        is unlike the track tells that it is another one.

    Returns
    -------
    dict
        Tracks by the index of their observation; an observation without one begins a track.
    """
    if not observations or not tracks:
        return {}

    cost = np.empty((len(observations), len(tracks)))
    for row, observation in enumerate(observations):
        place = Place.of(observation.detection)
        here = (expected or {}).get(row)
        cost[row] = [
            cost_of(track, place, observation.sample, t, is_expected=track is here)
            for track in tracks
        ]

    rows, columns = linear_sum_assignment(cost)
    return {
        int(row): tracks[int(column)]
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < IMPOSSIBLE
    }


def cost_of(
    track: Track, place: Place, sample: FaceSample, t: float, *, is_expected: bool = False
) -> float:
    """What it costs to hold a face for a track's.

    Parameters
    ----------
    track
        An open one.
    place
        Where the face is, and how large.
    sample
        What it looks like.
    t
        When it was seen, seconds.
    is_expected
        Whether the track's face was expected there.

    Returns
    -------
    float
        Distance in reaches plus dissimilarity; IMPOSSIBLE where it cannot be the same face.
    """
    unseen_s = t - track.last_t
    old_px = track.place.side_px
    new_px = place.side_px
    if not 1 / GROWTH_MAX < new_px / old_px < GROWTH_MAX:
        return IMPOSSIBLE

    reach_px = min(REACH + REACH_PER_S * unseen_s, REACH_MAX) * max(new_px, old_px)
    distance_px = float(np.linalg.norm(place.centre - track.predicted(t)))
    if distance_px > reach_px:
        return IMPOSSIBLE

    similarity = track.similarity(sample)
    is_unlike = similarity < _similarity_min(sample, unseen_s)
    if is_expected:
        is_unlike = track.is_unlike(sample)
    if is_unlike:
        return IMPOSSIBLE
    return float(distance_px / reach_px + 1.0 - similarity)


def _similarity_min(sample: FaceSample, unseen_s: float) -> float:
    """How alike a sample must be to a track that was unseen for so long."""
    lenient = not sample.quality.is_good and unseen_s <= LENIENT_S
    return SIMILARITY_MIN_POOR if lenient else SIMILARITY_MIN
