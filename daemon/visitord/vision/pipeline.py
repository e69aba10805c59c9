"""One camera's way from frame to track reports: motion gate, detect, quality, embed, track."""

from visitord.records import Detection, Frame, Shot, TrackReport
from visitord.vision.motion import MotionGate
from visitord.vision.pack import Pack, align
from visitord.vision.quality import assess
from visitord.vision.tracker import Tracker

MIN_FACE_PX = 18  # narrower faces keep hardly anything of a person (cosine 0.55 at 15 px, 0.73 at 20)


class Pipeline:
    """Owned by one thread; several pipelines of that thread may share the pack."""

    def __init__(self, pack: Pack, site: str) -> None:
        self._pack = pack
        self._gate = MotionGate()
        self._tracker = Tracker(site)

    def process(self, frame: Frame) -> list[TrackReport]:
        """Analyse one frame; returns the track reports that are due because of it."""
        gate_open = self._gate.is_open(frame)
        if not gate_open and not self._tracker.active:
            return []
        return self._tracker.update(frame, self._looks(frame, self._pack.detect(frame.image)))

    def photograph(self, frame: Frame) -> list[TrackReport]:
        """Analyse a single picture that has no frames before or after it."""
        return self._tracker.still(frame, self._looks(frame, self._pack.detect(frame.image, still=True)))

    def expire(self, t: float) -> list[TrackReport]:
        """End tracks unseen for too long although no frames come; t as in Frame."""
        return self._tracker.expire(t)

    def flush(self) -> list[TrackReport]:
        """End all open tracks."""
        return self._tracker.flush()

    def _looks(self, frame: Frame, detections: list[Detection]) -> list[tuple[Detection, Shot]]:
        """Each usable detection with its embedding and quality."""
        faces = [d for d in detections if d.width_px >= MIN_FACE_PX]
        crops = [align(frame.image, d) for d in faces]
        embeddings = self._pack.embed(crops)
        return [
            (face, Shot(frame.at, embedding, assess(frame.image, face, crop), face.width_px))
            for face, crop, embedding in zip(faces, crops, embeddings, strict=True)
        ]
