"""One face followed over the frames of one camera: where it is going, what it looks like, its best shots."""

import math
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.records import Detection, Shot, TrackReport

SHOTS_KEPT = 8
MOVED = 0.15  # of a face's size; detections of an unmoved face scatter by a few per cent
TOGETHER_FRAMES = 2  # a chance double detection of one face lasts a single frame


class Track:
    """Owned by its tracker.  Positions in pixels, times `t` in seconds of the camera's steady clock."""

    def __init__(self, sighting_id: UUID, camera: str, detection: Detection, shot: Shot, t: float) -> None:
        self.sighting_id = sighting_id
        self.camera = camera
        self.started_at: datetime = shot.at
        self.ended_at: datetime = shot.at
        self.first_t = self.last_t = t
        self.frames = 1
        self.detection = detection
        self.centre = centre(detection)
        self.velocity = np.zeros(2)  # pixels per second
        self._last = shot.embedding
        self._good_sum = np.zeros_like(shot.embedding)
        self._remember(shot)
        self.shots: list[Shot] = [shot]
        self._together: Counter[UUID] = Counter()
        self.reported_s = 0.0
        self._rest, self._rest_size, self._rest_t = self.centre, size(detection), t  # since when, and where, it rests
        self.static = False

    def rested_s(self) -> float:
        """For how long it has not moved by more than MOVED of its size."""
        return self.last_t - self._rest_t

    def rests_at(self, place: NDArray[np.float64], side: float) -> bool:
        """Whether its face is where, and as large as, that one."""
        near = float(np.linalg.norm(self.centre - place)) <= MOVED * side
        return near and abs(size(self.detection) - side) <= 2 * MOVED * side

    @property
    def age_s(self) -> float:
        return self.last_t - self.first_t

    def predicted(self, t: float) -> NDArray[np.float64]:
        """Where its centre is expected at t; momentum is trusted for half a second only."""
        return self.centre + self.velocity * min(t - self.last_t, 0.5)

    def similarity(self, shot: Shot) -> float:
        """Cosine of a look to the mean of the track's flawless looks; for a flawed look or track, also to the last.

        A flawless look must resemble the flawless ones: through a chain of poor looks, such as half faces at
        the picture's edge, one person would turn into the next.
        """
        last = float(self._last @ shot.embedding)
        length = float(np.linalg.norm(self._good_sum))
        if length == 0.0:
            return last
        mean = float(self._good_sum @ shot.embedding) / length
        return max(mean, last) if shot.quality.flaws else mean

    def extend(self, detection: Detection, shot: Shot, t: float) -> None:
        """Follow the face to where it is now."""
        dt = t - self.last_t
        new_centre = centre(detection)
        if dt > 1e-6:
            seen = (new_centre - self.centre) / dt
            self.velocity = seen if self.frames == 1 else 0.5 * self.velocity + 0.5 * seen
        self.detection, self.centre, self.last_t = detection, new_centre, t
        # By the steady clock: the wall clock may be set back meanwhile.
        self.ended_at = self.started_at + timedelta(seconds=max(0.0, t - self.first_t))
        if not self.rests_at(self._rest, self._rest_size):
            self._rest, self._rest_size, self._rest_t = self.centre, size(detection), t
            self.static = False
        self.frames += 1
        self._remember(shot)
        self.shots = sorted([*self.shots, shot], key=_rank)[:SHOTS_KEPT]

    def _remember(self, shot: Shot) -> None:
        self._last = shot.embedding
        if not shot.quality.flaws:
            self._good_sum = self._good_sum + shot.embedding * shot.quality.score

    def seen_with(self, others: set[UUID]) -> None:
        self._together.update(others - {self.sighting_id})

    def report(self, *, final: bool, still: bool = False) -> TrackReport:
        least = 1 if still else TOGETHER_FRAMES
        return TrackReport(
            sighting_id=self.sighting_id,
            camera=self.camera,
            started_at=self.started_at,
            ended_at=self.ended_at,
            shots=tuple(self.shots),
            frames=self.frames,
            together=frozenset(i for i, n in self._together.items() if n >= least),
            final=final,
            still=still,
            static=self.static,
        )


def size(detection: Detection) -> float:
    """The side of the square with the box's area, pixels."""
    return max(math.sqrt(max(detection.width_px * detection.height_px, 0.0)), 1.0)


def centre(detection: Detection) -> NDArray[np.float64]:
    box = detection.box.astype(np.float64)
    return (box[:2] + box[2:]) / 2


def _rank(shot: Shot) -> tuple[bool, float]:
    """Flawless shots first, then by quality."""
    return (bool(shot.quality.flaws), -shot.quality.score)
