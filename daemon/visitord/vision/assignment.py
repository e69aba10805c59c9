"""Which face of a frame belongs to which track: by where it is and by what it looks like."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from visitord.core.records import FaceSample, Observation
from visitord.vision.places import Place
from visitord.vision.track import Track

# How far, in face sizes, a face may be from where it was expected: at once, more for every second
# unseen, and at most.
REACH = 0.9
REACH_PER_S = 3.0
REACH_MAX = 3.0
GROWTH_MAX = 2.0  # a face is no more than so many times larger or smaller than it was
# Below this cosine two samples are not one person, whatever the boxes say (different people: mean
# 0.04 to 0.14, sd 0.09; the same face a moment later: above 0.5).
SIMILARITY_MIN = 0.28
# For a flawed sample so soon after the last one: then place counts more.
SIMILARITY_MIN_POOR = 0.15
LENIENT_S = 0.5
IMPOSSIBLE = 1e6


def assign(
    tracks: Sequence[Track], observations: Sequence[Observation], t: float
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
        cost[row] = [cost_of(track, place, observation.sample, t) for track in tracks]

    rows, columns = linear_sum_assignment(cost)
    return {
        int(row): tracks[int(column)]
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < IMPOSSIBLE
    }


def cost_of(track: Track, place: Place, sample: FaceSample, t: float) -> float:
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
    if similarity < _similarity_min(sample, unseen_s):
        return IMPOSSIBLE
    return float(distance_px / reach_px + 1.0 - similarity)


def _similarity_min(sample: FaceSample, unseen_s: float) -> float:
    """How alike a sample must be to a track that was unseen for so long."""
    lenient = sample.quality.flaws and unseen_s <= LENIENT_S
    return SIMILARITY_MIN_POOR if lenient else SIMILARITY_MIN
