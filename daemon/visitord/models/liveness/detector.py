"""What the looks at one face together say of it being alive."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from visitord.core.records import Detection, Image, Liveness
from visitord.models.liveness.networks import Networks, around

FACE_MIN_PX = 50.0  # narrower faces show too little of paper or pixels
# The networks were trained on the surroundings of the face; where a picture ends closer to it than
# this, they call ordinary portraits fake.
SURROUNDINGS_MIN = 1.3
# Mean difference between the strongest and the weakest colour, 0..255.  Colour photographs here: 41
# and more, pictures of pictures 22 and 25; grey pictures and infrared: about 0, and all of them are
# called fake.
COLOUR_MIN = 8.0


@dataclass(frozen=True, slots=True)
class NetworkLivenessDetector:
    """Of one camera.  threshold: below it a face counts as a picture.  blocks: such a one is
    nobody.
    """

    networks: Networks
    threshold: float
    blocks: bool

    def score(self, image: Image, detection: Detection) -> float | None:
        """0 (a picture of a face) to 1 (a face) for one look; None where the picture does not allow
        to say.
        """
        if detection.width_px < FACE_MIN_PX:
            return None
        height, width = around(image, detection, SURROUNDINGS_MIN).shape[:2]
        if (
            min(width / detection.width_px, height / detection.height_px) < SURROUNDINGS_MIN * 0.98
        ):  # for rounding
            return None
        face = around(image, detection, 1.0)
        if float((face.max(2) - face.min(2)).mean()) < COLOUR_MIN:
            return None
        return self.networks.score(image, detection)

    def verdict(self, scores: Sequence[float]) -> Liveness:
        """What at least one look says, or several by their median: one lucky look proves nothing."""
        return Liveness(median(scores), self.threshold, self.blocks)
