"""Joins detections into tracks by where they are and what they look like, in seconds, never in frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from visitord.records import Detection, Frame, Shot, TrackReport
from visitord.vision.track import Track, centre, size

_NAMESPACE = UUID("6f6c5a3e-6d0b-5c55-9d0c-6a3f5a1b7d11")
_IMPOSSIBLE = 1e6
PAUSE_S = 4.0
STATIC_MAX = 50  # places remembered


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """lost_s: a face unseen for so long ends its track; where pictures are rarer, `lost_intervals` of them.

    reach and reach_per_s: how far, in face sizes, a face may be from where it was expected.
    min_similarity: below this cosine two looks are not one person, whatever the boxes say (different
    people: mean 0.04 to 0.14, sd 0.09; the same face a moment later: above 0.5).
    min_similarity_poor: the same for a flawed look within `lenient_s` of the last one: then place counts more.
    min_frames: fewer looks than this are no sighting.
    rest_s: a face that has not moved for so long need not be looked at in every picture.
    static_s: one that has not moved for so long is a picture of a face, and so is what appears in its place.
    reports_s: ages at which a track reports before it ends; beyond the last, once every `repeat_s`.
    """

    lost_s: float = 1.5
    lost_intervals: float = 2.5
    reach: float = 0.9
    reach_per_s: float = 3.0
    max_reach: float = 3.0
    min_similarity: float = 0.28
    min_similarity_poor: float = 0.15
    lenient_s: float = 0.5
    min_frames: int = 2
    reports_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)
    repeat_s: float = 10.0
    rest_s: float = 10.0
    static_s: float = 600.0


class Tracker:
    """Follows the faces of one camera.  Owned by the thread that runs the camera's pipeline."""

    def __init__(self, site: str, settings: TrackerSettings = TrackerSettings()) -> None:
        self._site = site
        self._settings = settings
        self._tracks: list[Track] = []
        self._last_t: float | None = None
        self._interval_s = 0.0  # between the last pictures, smoothed
        self._static: list[tuple[NDArray[np.float64], float]] = []  # places and sizes of faces that never move

    @property
    def active(self) -> bool:
        """Whether any track is still open."""
        return bool(self._tracks)

    @property
    def resting(self) -> bool:
        """Whether no open track has moved lately."""
        return all(track.rested_s() >= self._settings.rest_s for track in self._tracks)

    def boxes(self, t: float) -> list[tuple[float, float, float, float]]:
        """Where each open track's face may be at t, with half a face around it; pixels x0, y0, x1, y1."""
        places = [(track.predicted(t), size(track.detection)) for track in self._tracks]
        return [(x - r, y - r, x + r, y + r) for (x, y), r in places]

    def update(self, frame: Frame, looks: Sequence[tuple[Detection, Shot]]) -> list[TrackReport]:
        """Take one frame's faces; returns the reports that are due, finals of lost tracks first."""
        self._pace(frame.t)
        reports = self.expire(frame.t)
        pairs = self._assign(frame.t, looks)
        seen: list[Track] = []
        for index, (detection, shot) in enumerate(looks):
            track = pairs.get(index)
            if track is None:
                track = Track(self._sighting_id(frame, detection), frame.camera, detection, shot, frame.t)
                track.static = any(track.rests_at(*place) for place in self._static)
                self._tracks.append(track)
            else:
                track.extend(detection, shot, frame.t)
                if not track.static and track.rested_s() >= self._settings.static_s:
                    track.static = True
                    self._static = [*self._static[1 - STATIC_MAX :], (track.centre, size(detection))]
            seen.append(track)
        ids = {track.sighting_id for track in seen}
        for track in seen:
            track.seen_with(ids)
            if self._due(track):
                reports.append(track.report(final=False))
                track.reported_s = track.age_s
        return reports

    def still(self, frame: Frame, looks: Sequence[tuple[Detection, Shot]]) -> list[TrackReport]:
        """Every face of a single photograph as a finished track of its own."""
        tracks = [Track(self._sighting_id(frame, d), frame.camera, d, shot, frame.t) for d, shot in looks]
        ids = {track.sighting_id for track in tracks}
        for track in tracks:
            track.seen_with(ids)
        return [track.report(final=True, still=True) for track in tracks]

    def flush(self) -> list[TrackReport]:
        """End every track, as when the camera goes away."""
        ended, self._tracks = self._tracks, []
        return self._finals(ended)

    def _pace(self, t: float) -> None:
        """Follow how far apart pictures are; a pause, as when nothing moved, says nothing about that."""
        if self._last_t is not None and t - self._last_t < PAUSE_S:
            step_s = t - self._last_t
            self._interval_s += (0.3 if self._interval_s else 1.0) * (step_s - self._interval_s)
        self._last_t = t

    def _finals(self, tracks: list[Track]) -> list[TrackReport]:
        """Final reports, without flickers: what a detector saw once and never again is no sighting."""
        return [t.report(final=True) for t in tracks if t.frames >= self._settings.min_frames]

    def expire(self, t: float) -> list[TrackReport]:
        """End the tracks unseen for too long; call it also while no frames come."""
        patience_s = max(self._settings.lost_s, self._settings.lost_intervals * self._interval_s)
        lost = [track for track in self._tracks if t - track.last_t > patience_s]
        self._tracks = [track for track in self._tracks if track not in lost]
        return self._finals(lost)

    def _assign(self, t: float, looks: Sequence[tuple[Detection, Shot]]) -> dict[int, Track]:
        """The cheapest one-to-one assignment of looks to tracks (Kuhn 1955), without impossible pairs."""
        if not looks or not self._tracks:
            return {}
        cost = np.array([[self._cost(track, t, look) for track in self._tracks] for look in looks])
        rows, columns = linear_sum_assignment(cost)
        return {
            int(row): self._tracks[column]
            for row, column in zip(rows, columns, strict=True)
            if cost[row, column] < _IMPOSSIBLE
        }

    def _cost(self, track: Track, t: float, look: tuple[Detection, Shot]) -> float:
        """Distance in reaches plus dissimilarity; _IMPOSSIBLE where it cannot be the same face."""
        s = self._settings
        detection, shot = look
        dt = t - track.last_t
        new_size, old_size = size(detection), size(track.detection)
        if not 0.5 < new_size / old_size < 2.0:
            return _IMPOSSIBLE
        reach = min(s.reach + s.reach_per_s * dt, s.max_reach) * max(new_size, old_size)
        distance = float(np.linalg.norm(centre(detection) - track.predicted(t)))
        if distance > reach:
            return _IMPOSSIBLE
        similarity = track.similarity(shot)
        lenient = shot.quality.flaws and dt <= s.lenient_s
        if similarity < (s.min_similarity_poor if lenient else s.min_similarity):
            return _IMPOSSIBLE
        return float(distance / reach + 1.0 - similarity)

    def _due(self, track: Track) -> bool:
        s = self._settings
        if any(track.reported_s < mark <= track.age_s for mark in s.reports_s):
            return True
        return track.age_s - max(track.reported_s, s.reports_s[-1]) >= s.repeat_s

    def _sighting_id(self, frame: Frame, detection: Detection) -> UUID:
        """The same footage gives the same id, so that replaying it changes nothing."""
        box = ",".join(f"{v:.2f}" for v in detection.box)
        return uuid5(_NAMESPACE, "\n".join((self._site, frame.camera, frame.at.isoformat(), box)))
