"""Joins the faces of a camera's frames into tracks, in seconds, never in frames."""

from collections.abc import Mapping, Sequence

from visitord.core.records import Candidate, Detection, Frame, Observation, TrackReport
from visitord.models.pack import LivenessDetector
from visitord.vision.assignment import GAP_S, Followed, assign, followed
from visitord.vision.liveness_check import LivenessCheck
from visitord.vision.places import Place, StaticPlaces
from visitord.vision.quality import at_best
from visitord.vision.sampler import Sampler
from visitord.vision.seats import Seats
from visitord.vision.sighting_ids import sighting_id_of
from visitord.vision.tiling import Box
from visitord.vision.track import CHECKED_AGAIN_S, Track

LOST_S = 1.5  # a face unseen for so long ends its track
# And where pictures are rarer, or parts of them take turns, so many times as long as between looks.
LOST_INTERVALS = 2.5
PAUSE_S = 4.0  # a gap so long says nothing about how far apart pictures are
INTERVAL_GAIN = 0.3  # the share of the last gap in the interval
FRAMES_MIN = 2  # fewer are no sighting
STEADY_FRAMES = 4  # then it is known where a face goes
REPORTS_S = (1.0, 2.0, 4.0, 8.0, 15.0)  # ages at which a track reports before it ends
REPEAT_S = 10.0  # between reports beyond the last of these
# A face that has not moved for so long need not be looked at in every picture.
STATIONARY_S = 10.0
# One that has not moved for so long is a picture of a face, and so is what appears in its place.
STATIC_S = 600.0


class Tracker:
    """Follows the faces of one camera.  Owned by the thread that runs the camera's pipeline.

    Parameters
    ----------
    site
        The site's name; part of what sighting ids are made from.
    sampler
        Says what faces look like.
    liveness_detector
        The camera's, None where it does not ask for liveness.
    """

    def __init__(
        self, site: str, sampler: Sampler, liveness_detector: LivenessDetector | None = None
    ) -> None:
        self._site = site
        self._sampler = sampler
        self._liveness_detector = liveness_detector
        self._tracks: list[Track] = []
        self._static_places = StaticPlaces()
        self._seats = Seats()
        # Of the last frame, and between frames, smoothed; 0 while it is not known.
        self._last_t: float | None = None
        self._interval_s = 0.0
        self._turns = 1  # in how many frames each face is looked for once

    @property
    def active(self) -> bool:
        """Whether any track is still open."""
        return bool(self._tracks)

    @property
    def all_stationary(self) -> bool:
        """Whether no open track has moved lately."""
        return all(track.stationary_s >= STATIONARY_S for track in self._tracks)

    def is_steady(self, t: float) -> bool:
        """Whether all open tracks have been seen just before t, and for some time before that."""
        return all(
            t - track.last_t <= GAP_S and track.frames >= STEADY_FRAMES for track in self._tracks
        )

    def boxes(self, t: float) -> list[Box]:
        """Where each open track's face may be at t, in pixels, with half a face around it."""
        found: list[Box] = []
        for track in self._tracks:
            x, y = track.predicted(t)
            reach_px = track.place.side_px
            found.append((x - reach_px, y - reach_px, x + reach_px, y + reach_px))
        return found

    def expects(self, detection: Detection, t: float) -> bool:
        """Whether a face at t is within the box of an open track."""
        x, y = Place.of(detection).centre
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self.boxes(t))

    def update(self, frame: Frame, faces: Sequence[Detection], turns: int = 1) -> list[TrackReport]:
        """Take one frame's faces; returns the reports that are due, finals of lost tracks first.

        A faint one that belongs to no track is left out: it does not begin one.

        Parameters
        ----------
        frame
            The picture.
        faces
            Those found in it.
        turns
            In how many pictures each part of it is searched once.
        """
        self._turns = turns
        self._follow_interval(frame.t)
        reports = self.expire(frame.t)

        by_place = followed(self._tracks, faces, frame.t)
        seen: list[Track] = []
        doubtful: list[Detection] = []
        expected: dict[int, Track] = {}
        for index, face in enumerate(faces):
            follow = None if face.faint else by_place.get(index)
            if follow is not None and self._goes_on(follow, face, frame):
                seen.append(follow.track)
                continue
            if follow is not None:
                expected[len(doubtful)] = follow.track
            doubtful.append(face)
        seen += self._compare(frame, doubtful, expected, seen)

        sighting_ids = {track.sighting_id for track in seen}
        for track in seen:
            track.seen_with(sighting_ids)
            if self._is_due(track):
                if not track.is_well_known:
                    self._describe(track, final=False)
                reports.append(track.report(final=False))
                track.reported_s = track.age_s
        return reports

    def stay(self, t: float) -> None:
        """Note at t that nothing has moved since the last update: who was seen then is there."""
        for track in self._tracks:
            if track.last_t == self._last_t:
                track.stay(t)

    def report_photograph(self, frame: Frame, faces: Sequence[Detection]) -> list[TrackReport]:
        """Every face of a single photograph, as a finished track of its own.

        The faces' landmarks are refined already.
        """
        candidates = [self._sampler.candidate(frame, face, refined=True) for face in faces]
        tracks: list[Track] = []
        for candidate, observation in zip(candidates, self._observed(candidates), strict=True):
            track = self._begin(frame, observation)
            track.check_liveness(frame, candidate)
            tracks.append(track)

        sighting_ids = {track.sighting_id for track in tracks}
        for track in tracks:
            track.seen_with(sighting_ids)
        return [track.report(final=True, still=True) for track in tracks]

    def expire(self, t: float) -> list[TrackReport]:
        """End the tracks unseen for too long at t; call it also while no frames come."""
        patience_s = max(LOST_S, LOST_INTERVALS * self._turns * self._interval_s)
        lost = [track for track in self._tracks if t - track.last_t > patience_s]
        self._tracks = [track for track in self._tracks if track not in lost]
        self._seats.leave(lost, t)
        return self._finals(lost)

    def flush(self) -> list[TrackReport]:
        """End every track, as when the camera goes away."""
        ended = self._tracks
        self._tracks = []
        return self._finals(ended)

    def _follow_interval(self, t: float) -> None:
        """Follow how far apart frames are; a pause, as when nothing moved, says nothing of that."""
        if self._last_t is not None:
            gap_s = t - self._last_t
            if gap_s < PAUSE_S:
                gain = INTERVAL_GAIN if self._interval_s else 1.0
                self._interval_s += gain * (gap_s - self._interval_s)
        self._last_t = t

    def _begin(self, frame: Frame, observation: Observation) -> Track:
        """A new track."""
        sighting_id = sighting_id_of(self._site, frame, observation.detection)
        detector = self._liveness_detector
        check = LivenessCheck(detector) if detector is not None else None
        return Track(sighting_id, frame, observation, check)

    def _goes_on(self, follow: Followed, face: Detection, frame: Frame) -> bool:
        """Follow a track to a face that is where it was expected.

        Its picture is looked at if that can change something; now and then it must be alike.
        False if it is not, or may be another's: then the track is left as it is.
        """
        track = follow.track
        at_most = at_best(face)
        if not follow.alone:
            track.check_soon()
            is_wanted = at_most.is_good and track.samples.lack_good(at_most)
            if is_wanted or frame.t >= track.check_t or track.is_liveness_due(frame.t):
                return False
            self._follow(track, face, frame.t)  # a picture of it may show the other one
            return True

        is_check_due = frame.t >= track.check_t and at_most.is_clear
        is_of_use = is_check_due or track.may_use(at_most, frame.t)
        if not (is_of_use or track.is_liveness_due(frame.t)):
            self._follow(track, face, frame.t)
            return True

        candidate = self._sampler.candidate(frame, face)
        if is_check_due and candidate.quality.is_clear:
            (observation,) = self._observed([candidate])
            if track.is_unlike(observation.sample):
                return False
            self._extend(track, observation, frame.t)
        else:
            self._follow(track, candidate.detection, frame.t)
            track.offer(candidate, at_most, frame.t)
            if is_check_due:
                track.check_t = frame.t + CHECKED_AGAIN_S
        track.check_liveness(frame, candidate)
        return True

    def _compare(
        self,
        frame: Frame,
        faces: Sequence[Detection],
        expected: Mapping[int, Track],
        seen: Sequence[Track],
    ) -> list[Track]:
        """Tell by what they look like to which tracks faces belong, or begin new ones.

        Parameters
        ----------
        frame
            The picture.
        faces
            Those whose place does not tell.
        expected
            Which track's they are all the same if nothing speaks against it, by their index.
        seen
            The tracks that have their face in this picture already.
        """
        if not faces:
            return []
        tracks = [track for track in self._tracks if track not in seen]
        for known_by_poor in tracks:
            self._take(known_by_poor, known_by_poor.samples.take_best())

        candidates = [self._sampler.candidate(frame, face) for face in faces]
        observations = self._observed(candidates)
        known = assign(tracks, observations, frame.t, expected)
        compared: list[Track] = []
        for index, observation in enumerate(observations):
            track = known.get(index)
            if track is None and observation.detection.faint:
                continue
            if track is None:
                track = self._begin(frame, observation)
                track.static = self._static_places.holds(track.place)
                track.walked = not track.static and self._seats.holds(observation, frame.t)
                self._tracks.append(track)
            else:
                self._extend(track, observation, frame.t)
            track.check_liveness(frame, candidates[index])
            compared.append(track)
        return compared

    def _observed(self, candidates: Sequence[Candidate]) -> list[Observation]:
        """Candidates with what they look like."""
        samples = self._sampler.described(candidates)
        pairs = zip(candidates, samples, strict=True)
        return [Observation(candidate.detection, sample) for candidate, sample in pairs]

    def _describe(self, track: Track, *, final: bool) -> None:
        """Have what a track's next report can rest on described."""
        self._take(track, track.samples.take_due(final=final))

    def _take(self, track: Track, candidates: Sequence[Candidate]) -> None:
        """Give a track what candidates of it look like.

        One that is unlike it is left out, and the next picture of it is compared.
        """
        for candidate, sample in zip(candidates, self._sampler.described(candidates), strict=True):
            if track.is_unlike(sample):
                track.check_t = candidate.t
            else:
                track.take(sample, candidate.t)

    def _extend(self, track: Track, observation: Observation, t: float) -> None:
        """Follow a track by a sample of it."""
        self._follow(track, observation.detection, t)
        track.take(observation.sample, t)

    def _follow(self, track: Track, face: Detection, t: float) -> None:
        """Follow a track; it becomes static once it has not moved for long enough.

        Not one that walked: that is somebody who sits still now.
        """
        track.follow(face, t)
        if track.walked:
            track.static = False
        elif not track.static and track.stationary_s >= STATIC_S:
            track.static = True
            self._static_places.remember(track.place)

    def _is_due(self, track: Track) -> bool:
        """Whether a track that goes on is to be reported now."""
        if track.is_held_back:
            return False
        if any(track.reported_s < age_s <= track.age_s for age_s in REPORTS_S):
            return True
        return track.age_s - max(track.reported_s, REPORTS_S[-1]) >= REPEAT_S

    def _finals(self, ended: Sequence[Track]) -> list[TrackReport]:
        """Final reports, without flickers: what was seen once and never again is no sighting."""
        seen = [track for track in ended if track.frames >= FRAMES_MIN]
        for track in seen:
            self._describe(track, final=True)
        return [track.report(final=True) for track in seen]
