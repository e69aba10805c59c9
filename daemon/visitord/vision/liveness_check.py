"""Has a track's face looked at for whether it is alive, as often as that is needed."""

from visitord.core.records import Candidate, Frame, Liveness
from visitord.models.pack import LivenessDetector

# Samples that are scored, at 8 ms each: so many, and so far apart.
SAMPLES_MAX = 5
EVERY_S = 0.3


class LivenessCheck:
    """Scores samples of one track.  Owned by its tracker."""

    def __init__(self, detector: LivenessDetector) -> None:
        self._detector = detector
        self._scores: list[float] = []
        self._scored_t = float("-inf")

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will be scored."""
        return len(self._scores) >= SAMPLES_MAX

    @property
    def holds_back(self) -> bool:
        """Whether the track must not be reported yet: it may turn out to be a picture."""
        return self._detector.blocks and not self.is_complete

    def is_due(self, t: float) -> bool:
        """Whether a sample is to be scored at t."""
        return not self.is_complete and t - self._scored_t >= EVERY_S

    def score(self, frame: Frame, candidate: Candidate) -> Liveness | None:
        """Score a sample if that is due; returns what all say together, None if nothing is new.

        Flawed ones are left out: on those the detector is mistaken.
        """
        if not self.is_due(frame.t) or not candidate.quality.is_clear:
            return None

        self._scored_t = frame.t
        score = self._detector.score(frame.image, candidate.detection)
        if score is None:
            return None
        self._scores.append(score)
        return self._detector.verdict(self._scores)
