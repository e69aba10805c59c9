"""What a track's face samples together say of it being a live face."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from visitord.core.records import Detection, Image, Liveness
from visitord.models.liveness.networks import Networks, around

FACE_MIN_PX = 50.0  # narrower faces show too little of paper or pixels
# The networks were trained on the surroundings of the face; where a picture ends closer to it than
# this, in face boxes, they call ordinary portraits fake.
SURROUNDINGS_MIN = 1.3
ROUNDING = 0.98  # of the surroundings, whose edges are whole pixels
# Mean difference between the strongest and the weakest colour, 0..255.  Colour photographs here: 41
# and more, pictures of pictures 22 and 25; grey pictures and infrared: about 0, and all of them are
# called fake.
COLOUR_MIN = 8.0


@dataclass(frozen=True, slots=True)
class NetworkLivenessDetector:
    """Of one camera.

    threshold: the score below which a face counts as a picture.
    blocks: whether one that does is recorded as no person at all.
    """

    networks: Networks
    threshold: float
    blocks: bool

    def score(self, image: Image, detection: Detection) -> float | None:
        """0 (a picture of a face) to 1 (a face) for one sample; None where it shows too little."""
        if detection.width_px < FACE_MIN_PX:
            return None
        if not _has_surroundings(image, detection) or not _has_colour(image, detection):
            return None
        return self.networks.score(image, detection)

    def verdict(self, scores: Sequence[float]) -> Liveness:
        """What one score or the median of several says: one lucky sample proves nothing."""
        return Liveness(median(scores), self.threshold, self.blocks)


def _has_surroundings(image: Image, detection: Detection) -> bool:
    """Whether the picture goes on around the face as far as the networks need."""
    height, width = around(image, detection, SURROUNDINGS_MIN).shape[:2]
    least = min(width / detection.width_px, height / detection.height_px)
    return bool(least >= SURROUNDINGS_MIN * ROUNDING)


def _has_colour(image: Image, detection: Detection) -> bool:
    """Whether the face itself is in colour: a red wall makes no face colourful."""
    face = around(image, detection, 1.0)
    return float((face.max(2) - face.min(2)).mean()) >= COLOUR_MIN
