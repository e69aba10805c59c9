"""Where people who had walked were seen last: they may sit there, looking away for a while."""

from collections.abc import Sequence

from visitord.core.records import Observation
from visitord.vision.places import Place
from visitord.vision.track import SIMILARITY_MIN, Track

KEPT_S = 600.0  # no less than what makes a face static


class Seats:
    """Tells whether a track that begins goes on with somebody who had walked.

    A face that turns away ends its track, and the next one begins where it sits.  Owned by the
    tracker.
    """

    def __init__(self) -> None:
        self._left: list[Track] = []

    def leave(self, ended: Sequence[Track], t: float) -> None:
        """Remember those of the tracks that ended who had walked, and forget what is long ago."""
        recent = [track for track in self._left if 0 <= t - track.last_t <= KEPT_S]
        self._left = recent + [track for track in ended if track.walked]

    def holds(self, observation: Observation, t: float) -> bool:
        """Whether somebody who had walked and looks like it was seen there lately."""
        place = Place.of(observation.detection)
        return any(
            0 <= t - track.last_t <= KEPT_S
            and not place.is_far_from(track.place)
            and track.similarity(observation.sample) >= SIMILARITY_MIN
            for track in self._left
        )
