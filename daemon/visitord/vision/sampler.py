"""Face samples, in two steps: a picture of a face that may become one, and what it looks like.

The second step is by far the dearer, and most pictures of a face would change nothing; which ones
take it is for `visitord.vision.samples` and `visitord.vision.tracker` to say.
"""

from collections.abc import Sequence

from visitord.capture.encoding import jpeg
from visitord.core.records import Candidate, Detection, FaceSample, Frame
from visitord.models.pack import Pack, filled, middle, portrait
from visitord.vision.quality import assess


class Sampler:
    """Makes face samples by a pack's networks.  Belongs to the thread that owns the pack."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    def candidate(self, frame: Frame, detection: Detection, *, refined: bool = False) -> Candidate:
        """A face aligned, and how good a picture of it this is.

        refined: whether its landmarks are refined already.
        """
        image = frame.image
        if not refined:
            detection = self._pack.refined(image, detection)
        kept = portrait(image, detection)
        crop = middle(kept)
        quality = assess(image, detection, crop)
        shown = filled(kept, image, detection)
        return Candidate(frame.at, frame.t, detection, quality, crop, shown)

    def described(self, candidates: Sequence[Candidate]) -> list[FaceSample]:
        """What each of them looks like to the recogniser."""
        if not candidates:
            return []
        embeddings = self._pack.embed([one.crop for one in candidates])
        return [
            FaceSample(
                at=one.at,
                embedding=embedding,
                quality=one.quality,
                face_px=one.detection.width_px,
                portrait=jpeg(one.portrait),
            )
            for one, embedding in zip(candidates, embeddings, strict=True)
        ]
