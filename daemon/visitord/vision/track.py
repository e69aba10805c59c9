"""One face, followed."""

from collections import Counter
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import (
    Candidate,
    Detection,
    FaceSample,
    Frame,
    Liveness,
    Observation,
    Quality,
    TrackReport,
)
from visitord.vision.appearance import Appearance
from visitord.vision.liveness_check import LivenessCheck
from visitord.vision.places import Place
from visitord.vision.samples import GOOD, Samples

# Below this cosine two samples are not one person, whatever the boxes say (different people: mean
# 0.04 to 0.14, sd 0.09; the same face a moment later: above 0.5).
SIMILARITY_MIN = 0.28
# A face is compared with what it looked like so often, although nothing says that it is another;
# while others are near; and after a picture that was too poor to tell.
CHECKED_EVERY_S = 2.0
CHECKED_NEAR_S = 1.0
CHECKED_AGAIN_S = 0.4
RECENT_S = 1.0
EXAMINED_EVERY_S = 0.2  # once there are good samples enough
TOGETHER_FRAMES = 2  # a chance double detection of one face lasts a single frame
MOMENTUM_S = 0.5  # for so long is a face expected to go on as it moved
VELOCITY_GAIN = 0.5  # the share of the last step in the velocity
TIME_STEP_MIN_S = 1e-6


class Track:
    """One face followed over the frames of one camera.  Owned by its tracker.

    Positions in pixels, times `t` in seconds of the camera's steady clock.

    detection, place: where it was seen last.  frames: in how many it was seen.  first_t, last_t:
    when, first and last.  static: it is a picture of a face.  walked: it has crossed several face
    widths, so that it is none.  reported_s: its age when it was last reported.  samples: of what it
    looks like.  compared_t: of when the last picture is that was compared with that.  check_t: from
    when on that is to be done again.

    Parameters
    ----------
    sighting_id
        Of the sighting that it becomes.
    frame
        The first that it is in.
    observation
        The face in it.
    liveness_check
        Says whether it is alive, None where its camera does not ask.
    """

    def __init__(
        self,
        sighting_id: UUID,
        frame: Frame,
        observation: Observation,
        liveness_check: LivenessCheck | None = None,
    ) -> None:
        sample = observation.sample
        t = frame.t
        self.sighting_id = sighting_id
        self.camera = frame.camera
        self.started_at: datetime = sample.at
        self.ended_at: datetime = sample.at
        self.first_t = t
        self.last_t = t
        self.frames = 1

        self.detection: Detection = observation.detection
        self.place = Place.of(observation.detection)
        self._velocity: NDArray[np.float64] = np.zeros(2)  # pixels a second
        # Where it began, and whether it was far from there when it was seen last.
        self._first_place = self.place
        self._is_far = False
        self.walked = False
        # Where it has been without moving, and since when.
        self._stationary_place = self.place
        self._stationary_t = t

        self._appearance = Appearance(sample)
        self.samples = Samples(sample)
        self.compared_t = t
        self.check_t = t + CHECKED_EVERY_S
        self._examined_t = t
        # In how many frames each other track was seen too.
        self._together: Counter[UUID] = Counter()

        self.static = False
        self._liveness_check = liveness_check
        self._liveness: Liveness | None = None
        self.reported_s = 0.0

    @property
    def age_s(self) -> float:
        """For how long it has been followed."""
        return self.last_t - self.first_t

    @property
    def stationary_s(self) -> float:
        """For how long it has not moved by more than its detections scatter."""
        return self.last_t - self._stationary_t

    @property
    def is_held_back(self) -> bool:
        """Whether it must not be reported yet: it may turn out to be a picture of a face."""
        return self._liveness_check is not None and self._liveness_check.holds_back

    @property
    def is_well_known(self) -> bool:
        """Whether good samples of it are enough, and the last one is of just now."""
        is_recent = self.last_t - self.compared_t < RECENT_S
        return is_recent and self.samples.good >= GOOD

    def predicted(self, t: float) -> NDArray[np.float64]:
        """Where its centre is expected at t, (2,); momentum is trusted for a moment only."""
        return self.place.centre + self._velocity * min(t - self.last_t, MOMENTUM_S)

    def similarity(self, sample: FaceSample) -> float:
        """How alike a sample is to the face followed; see `Appearance.similarity`."""
        return self._appearance.similarity(sample)

    def is_unlike(self, sample: FaceSample) -> bool:
        """Whether a sample cannot be of the face followed, which is where it was expected.

        A flawed one says nothing of that, nor one of a face of which all samples were.
        """
        if not sample.quality.is_good or not self.samples.good:
            return False
        return self.similarity(sample) < SIMILARITY_MIN

    def take(self, sample: FaceSample, t: float) -> None:
        """Take a further sample of the face, from a picture of it at t."""
        self._appearance.add(sample)
        self.samples.add(sample)
        self.compared_t = max(t, self.compared_t)
        every_s = CHECKED_EVERY_S if sample.quality.is_clear else CHECKED_AGAIN_S
        self.check_t = max(self.check_t, t + every_s)

    def check_soon(self) -> None:
        """Have it compared more often than while nothing says that it may be another face."""
        self.check_t = min(self.check_t, self.compared_t + CHECKED_NEAR_S)

    def follow(self, detection: Detection, t: float) -> None:
        """Follow the face to where it is at t."""
        place = Place.of(detection)
        self._accelerate(place, t)
        self.detection = detection
        self.place = place
        self.last_t = t
        self.stay(t)
        self.frames += 1

        # Twice in a row: a single step may be another face, taken for this one.
        was_far = self._is_far
        self._is_far = place.is_far_from(self._first_place)
        if was_far and self._is_far:
            self.walked = True

        if not place.is_at(self._stationary_place):
            self._stationary_place = place
            self._stationary_t = t
            self.static = False

    def stay(self, t: float) -> None:
        """Note that it is still there at t, whether or not it was looked for."""
        # By the steady clock: the wall clock may be set back meanwhile.
        self.ended_at = self.started_at + timedelta(seconds=max(0.0, t - self.first_t))

    def _accelerate(self, place: Place, t: float) -> None:
        """Adapt the velocity to a step to that place."""
        step_s = t - self.last_t
        if step_s <= TIME_STEP_MIN_S:
            return
        seen = (place.centre - self.place.centre) / step_s
        if self.frames == 1:
            self._velocity = seen
        else:
            self._velocity = (1 - VELOCITY_GAIN) * self._velocity + VELOCITY_GAIN * seen

    def may_use(self, at_best: Quality, t: float) -> bool:
        """Whether a picture of it at t that is so good at best may become a candidate."""
        if t - self._examined_t < EXAMINED_EVERY_S and self.samples.good >= GOOD:
            return False
        return self.samples.may_use(at_best)

    def offer(self, candidate: Candidate, at_best: Quality, t: float) -> None:
        """Have a picture of it at t become a candidate if it is of use."""
        self._examined_t = t
        self.samples.offer(candidate, at_best)

    def is_liveness_due(self, t: float) -> bool:
        """Whether its camera asks for a picture of it at t, to see whether it is alive."""
        return self._liveness_check is not None and self._liveness_check.is_due(t)

    def check_liveness(self, frame: Frame, candidate: Candidate) -> None:
        """Have a picture of it looked at for that, where its camera asks and it is due."""
        if self._liveness_check is None:
            return
        verdict = self._liveness_check.score(frame, candidate)
        if verdict is not None:
            self._liveness = verdict

    def seen_with(self, sighting_ids: AbstractSet[UUID]) -> None:
        """Note the tracks that were seen in the same frame, this one among them or not."""
        self._together.update(sighting_ids - {self.sighting_id})

    def report(self, *, final: bool, still: bool = False) -> TrackReport:
        """What is known of it.  final: it has ended.  still: it comes from a single photograph."""
        frames_min = 1 if still else TOGETHER_FRAMES
        together = frozenset(
            other for other, frames in self._together.items() if frames >= frames_min
        )

        return TrackReport(
            sighting_id=self.sighting_id,
            camera=self.camera,
            started_at=self.started_at,
            ended_at=self.ended_at,
            samples=self.samples.described,
            frames=self.frames,
            together=together,
            final=final,
            still=still,
            static=self.static,
            liveness=self._liveness,
        )
