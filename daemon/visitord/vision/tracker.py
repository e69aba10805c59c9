"""Joins detections into tracks by where they are and what they look like, in seconds, never in
frames.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from visitord.core.records import Detection, FaceSample, Frame, Liveness, TrackReport
from visitord.models.pack import LivenessDetector

LOST_S = 1.5  # a face unseen for so long ends its track
LOST_INTERVALS = 2.5  # and where pictures are rarer, so many times their interval
PAUSE_S = 4.0
REACH, REACH_PER_S, REACH_MAX = (
    0.9,
    3.0,
    3.0,
)  # how far, in face sizes, a face may be from where it was expected
# Below this cosine two looks are not one person, whatever the boxes say (different people: mean
# 0.04 to 0.14, sd 0.09; the same face a moment later: above 0.5).
SIMILARITY_MIN = 0.28
SIMILARITY_MIN_POOR, LENIENT_S = (
    0.15,
    0.5,
)  # for a flawed look so soon after the last one: then place counts more
FRAMES_MIN = 2  # fewer looks are no sighting
REPORTS_S = (1.0, 2.0, 4.0, 8.0, 15.0)  # ages at which a track reports before it ends
REPEAT_S = 10.0  # between reports beyond the last of these
REST_S = 10.0  # a face that has not moved for so long need not be looked at in every picture
# One that has not moved for so long is a picture of a face, and so is what appears in its place
STATIC_S = 600.0
STATIC_MAX = 50  # places remembered
SAMPLES_KEPT = 8
MOVED = 0.15  # of a face's size; detections of an unmoved face scatter by a few per cent
LIVE_LOOKS, LIVE_EVERY_S = (
    5,
    0.3,
)  # looks at whether a face is alive, 8 ms each: so many, and so far apart
TOGETHER_FRAMES = 2  # a chance double detection of one face lasts a single frame
_NAMESPACE = UUID("6f6c5a3e-6d0b-5c55-9d0c-6a3f5a1b7d11")
_IMPOSSIBLE = 1e6


class Track:
    """One face followed over the frames of one camera; owned by its tracker.

    Positions in pixels, times `t` in seconds of the camera's steady clock.
    """

    def __init__(
        self, sighting_id: UUID, camera: str, detection: Detection, sample: FaceSample, t: float
    ) -> None:
        self.sighting_id, self.camera = sighting_id, camera
        self.started_at: datetime = sample.at
        self.ended_at: datetime = sample.at
        self.first_t = self.last_t = t
        self.frames = 1
        self.detection = detection
        self.centre = centre(detection)
        self.velocity = np.zeros(2)  # pixels per second
        self._last = sample.embedding
        self._good_sum = np.zeros_like(sample.embedding)
        self._remember(sample)
        self.samples: list[FaceSample] = [sample]
        self._together: Counter[UUID] = Counter()
        self.reported_s = 0.0
        self._rest, self._rest_size, self._rest_t = (
            self.centre,
            size(detection),
            t,
        )  # since when, and where, it rests
        self.static = False
        self.liveness: Liveness | None = None
        self.live_scores: list[float] = []
        self.live_t = float("-inf")  # of the last look at that

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

    def similarity(self, sample: FaceSample) -> float:
        """Cosine of a look to the mean of the track's flawless looks; for a flawed look or track,
        also to the last.

        A flawless look must resemble the flawless ones: through a chain of poor looks, such as half
        faces at the picture's edge, one person would turn into the next.
        """
        last = float(self._last @ sample.embedding)
        length = float(np.linalg.norm(self._good_sum))
        if length == 0.0:
            return last
        mean = float(self._good_sum @ sample.embedding) / length
        return max(mean, last) if sample.quality.flaws else mean

    def extend(self, detection: Detection, sample: FaceSample, t: float) -> None:
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
        self._remember(sample)
        self.samples = sorted(
            [*self.samples, sample], key=lambda s: (bool(s.quality.flaws), -s.quality.score)
        )[:SAMPLES_KEPT]

    def _remember(self, sample: FaceSample) -> None:
        self._last = sample.embedding
        if not sample.quality.flaws:
            self._good_sum = self._good_sum + sample.embedding * sample.quality.score

    def seen_with(self, others: set[UUID]) -> None:
        self._together.update(others - {self.sighting_id})

    def report(self, *, final: bool, still: bool = False) -> TrackReport:
        least = 1 if still else TOGETHER_FRAMES
        return TrackReport(
            sighting_id=self.sighting_id,
            camera=self.camera,
            started_at=self.started_at,
            ended_at=self.ended_at,
            samples=tuple(self.samples),
            frames=self.frames,
            together=frozenset(i for i, n in self._together.items() if n >= least),
            final=final,
            still=still,
            static=self.static,
            liveness=self.liveness,
        )


def size(detection: Detection) -> float:
    """The side of the square with the box's area, pixels."""
    return max(math.sqrt(max(detection.width_px * detection.height_px, 0.0)), 1.0)


def centre(detection: Detection) -> NDArray[np.float64]:
    box = detection.box.astype(np.float64)
    return (box[:2] + box[2:]) / 2


class Tracker:
    """Follows the faces of one camera.  Owned by the thread that runs the camera's pipeline."""

    def __init__(self, site: str, liveness_detector: LivenessDetector | None = None) -> None:
        self._site, self._liveness_detector = site, liveness_detector
        self._tracks: list[Track] = []
        self._last_t: float | None = None
        self._interval_s = 0.0  # between the last pictures, smoothed
        self._static: list[
            tuple[NDArray[np.float64], float]
        ] = []  # places and sizes of faces that never move

    @property
    def active(self) -> bool:
        """Whether any track is still open."""
        return bool(self._tracks)

    @property
    def resting(self) -> bool:
        """Whether no open track has moved lately."""
        return all(track.rested_s() >= REST_S for track in self._tracks)

    def boxes(self, t: float) -> list[tuple[float, float, float, float]]:
        """Where each open track's face may be at t, with half a face around it; pixels x0, y0, x1,
        y1.
        """
        places = [(track.predicted(t), size(track.detection)) for track in self._tracks]
        return [(x - r, y - r, x + r, y + r) for (x, y), r in places]

    def update(
        self, frame: Frame, looks: Sequence[tuple[Detection, FaceSample]]
    ) -> list[TrackReport]:
        """Take one frame's faces; returns the reports that are due, finals of lost tracks first."""
        self._pace(frame.t)
        reports = self.expire(frame.t)
        pairs = self._assign(frame.t, looks)
        seen: list[Track] = []
        for index, (detection, sample) in enumerate(looks):
            track = pairs.get(index)
            if track is None:
                track = Track(
                    self._sighting_id(frame, detection), frame.camera, detection, sample, frame.t
                )
                track.static = any(track.rests_at(*place) for place in self._static)
                self._tracks.append(track)
            else:
                track.extend(detection, sample, frame.t)
                if not track.static and track.rested_s() >= STATIC_S:
                    track.static = True
                    self._static = [
                        *self._static[1 - STATIC_MAX :],
                        (track.centre, size(detection)),
                    ]
            self._look_alive(track, frame, detection, sample)
            seen.append(track)
        ids = {track.sighting_id for track in seen}
        for track in seen:
            track.seen_with(ids)
            if self._due(track):
                reports.append(track.report(final=False))
                track.reported_s = track.age_s
        return reports

    def still(
        self, frame: Frame, looks: Sequence[tuple[Detection, FaceSample]]
    ) -> list[TrackReport]:
        """Every face of a single photograph as a finished track of its own."""
        tracks = [
            Track(self._sighting_id(frame, d), frame.camera, d, sample, frame.t)
            for d, sample in looks
        ]
        ids = {track.sighting_id for track in tracks}
        for track, (detection, sample) in zip(tracks, looks, strict=True):
            self._look_alive(track, frame, detection, sample)
            track.seen_with(ids)
        return [track.report(final=True, still=True) for track in tracks]

    def flush(self) -> list[TrackReport]:
        """End every track, as when the camera goes away."""
        ended, self._tracks = self._tracks, []
        return self._finals(ended)

    def _pace(self, t: float) -> None:
        """Follow how far apart pictures are; a pause, as when nothing moved, says nothing about
        that.
        """
        if self._last_t is not None and t - self._last_t < PAUSE_S:
            step_s = t - self._last_t
            self._interval_s += (0.3 if self._interval_s else 1.0) * (step_s - self._interval_s)
        self._last_t = t

    def _finals(self, tracks: list[Track]) -> list[TrackReport]:
        """Final reports, without flickers: what a detector saw once and never again is no sighting."""
        return [t.report(final=True) for t in tracks if t.frames >= FRAMES_MIN]

    def expire(self, t: float) -> list[TrackReport]:
        """End the tracks unseen for too long; call it also while no frames come."""
        patience_s = max(LOST_S, LOST_INTERVALS * self._interval_s)
        lost = [track for track in self._tracks if t - track.last_t > patience_s]
        self._tracks = [track for track in self._tracks if track not in lost]
        return self._finals(lost)

    def _assign(self, t: float, looks: Sequence[tuple[Detection, FaceSample]]) -> dict[int, Track]:
        """The cheapest one-to-one assignment of looks to tracks (Kuhn 1955), without impossible
        pairs.
        """
        if not looks or not self._tracks:
            return {}
        cost = np.array([[self._cost(track, t, look) for track in self._tracks] for look in looks])
        rows, columns = linear_sum_assignment(cost)
        return {
            int(row): self._tracks[column]
            for row, column in zip(rows, columns, strict=True)
            if cost[row, column] < _IMPOSSIBLE
        }

    def _cost(self, track: Track, t: float, look: tuple[Detection, FaceSample]) -> float:
        """Distance in reaches plus dissimilarity; _IMPOSSIBLE where it cannot be the same face."""
        detection, sample = look
        dt = t - track.last_t
        new_size, old_size = size(detection), size(track.detection)
        if not 0.5 < new_size / old_size < 2.0:
            return _IMPOSSIBLE
        reach = min(REACH + REACH_PER_S * dt, REACH_MAX) * max(new_size, old_size)
        distance = float(np.linalg.norm(centre(detection) - track.predicted(t)))
        if distance > reach:
            return _IMPOSSIBLE
        similarity = track.similarity(sample)
        lenient = sample.quality.flaws and dt <= LENIENT_S
        if similarity < (SIMILARITY_MIN_POOR if lenient else SIMILARITY_MIN):
            return _IMPOSSIBLE
        return float(distance / reach + 1.0 - similarity)

    def _look_alive(
        self, track: Track, frame: Frame, detection: Detection, sample: FaceSample
    ) -> None:
        """LivenessDetector this look if the track needs it; on poor ones the liveness_detector is
        mistaken.
        """
        due = len(track.live_scores) < LIVE_LOOKS and frame.t - track.live_t >= LIVE_EVERY_S
        if self._liveness_detector and due and not sample.quality.flaws:
            track.live_t = frame.t
            if (score := self._liveness_detector.score(frame.image, detection)) is not None:
                track.live_scores.append(score)
                track.liveness = self._liveness_detector.verdict(track.live_scores)

    def _due(self, track: Track) -> bool:
        if (
            self._liveness_detector
            and self._liveness_detector.blocks
            and len(track.live_scores) < LIVE_LOOKS
        ):
            return False  # nobody may be announced who turns out to be a picture
        if any(track.reported_s < mark <= track.age_s for mark in REPORTS_S):
            return True
        return track.age_s - max(track.reported_s, REPORTS_S[-1]) >= REPEAT_S

    def _sighting_id(self, frame: Frame, detection: Detection) -> UUID:
        """The same footage gives the same id, so that replaying it changes nothing."""
        box = ",".join(f"{v:.2f}" for v in detection.box)
        return uuid5(_NAMESPACE, "\n".join((self._site, frame.camera, frame.at.isoformat(), box)))
