"""One camera's way from frame to track reports: motion gate, detect, quality, embed, track."""

from visitord.capture.photographs import jpeg
from visitord.core.records import Detection, FaceSample, Frame, Image, TrackReport
from visitord.models.pack import LivenessDetector, Pack, middle, portrait
from visitord.vision.motion import MotionGate
from visitord.vision.overlay import draw
from visitord.vision.quality import assess
from visitord.vision.tiling import distinct, is_cut, moving_regions, windows
from visitord.vision.tracker import Tracker
from visitord.vision.zones import WHOLE, Area

WHOLE_EVERY_S = 1.0
REST_LOOK_S = 0.9  # between looks at faces that do not move; shorter than what ends a track
MIN_FACE_PX = (
    18  # narrower faces keep hardly anything of a person (cosine 0.55 at 15 px, 0.73 at 20)
)


class Pipeline:
    """Owned by one thread; several pipelines of that thread may share the pack."""

    def __init__(
        self,
        pack: Pack,
        site: str,
        area: Area = WHOLE,
        liveness_detector: LivenessDetector | None = None,
    ) -> None:
        self._pack = pack
        self._area = area
        self._gate = MotionGate(area)
        self._site, self._liveness_detector = site, liveness_detector
        self._tracker = Tracker(site, liveness_detector)
        self._last: Frame | None = None
        self._gate_open = False
        self._shape = (0, 0)
        self._look_t = self._whole_t = float("-inf")

    def process(self, frame: Frame) -> list[TrackReport]:
        """Analyse one frame; returns the track reports that are due because of it."""
        self._last = frame
        self._gate_open = self._gate.is_open(frame)
        rests = self._tracker.resting and 0 <= frame.t - self._look_t < REST_LOOK_S
        if not self._gate_open and (rests or not self._tracker.active):
            return self._tracker.expire(frame.t)
        self._look_t = frame.t
        reports: list[TrackReport] = []
        if frame.image.shape[:2] != self._shape:  # what is known of places in the picture is void
            self._shape = frame.image.shape[:2]
            reports, self._tracker = (
                self._tracker.flush(),
                Tracker(self._site, self._liveness_detector),
            )
        return reports + self._tracker.update(frame, self._looks(frame, self._detect(frame)))

    def photograph(self, frame: Frame) -> list[TrackReport]:
        """Analyse a single picture that has no frames before or after it."""
        return self._tracker.still(
            frame, self._looks(frame, self._pack.detect(frame.image, still=True))
        )

    def expire(self, t: float) -> list[TrackReport]:
        """End tracks unseen for too long although no frames come; t as in Frame."""
        return self._tracker.expire(t)

    def flush(self) -> list[TrackReport]:
        """End all open tracks."""
        return self._tracker.flush()

    def snapshot(self, note: str = "") -> Image | None:
        """The last frame with the area, the motion, the faces and a note drawn on it; None before
        the first.
        """
        if self._last is None:
            return None
        image = self._last.image
        faces = [(d, self._usable(d, image)) for d in self._detect(self._last)]
        return draw(self._last, self._area, self._gate.moving, self._gate_open, faces, note)

    def _detect(self, frame: Frame) -> list[Detection]:
        """Faces where something moves or a face was, in full detail, and everywhere once a second."""
        image = frame.image
        height, width = image.shape[:2]
        whole = (0, 0, width, height)
        regions = self._tracker.boxes(frame.t)
        if self._gate.moving is not None:
            regions += moving_regions(self._gate.moving, height, width)
        places = windows(regions, height, width)
        if whole not in places and not 0 <= frame.t - self._whole_t < WHOLE_EVERY_S:
            places.append(whole)
        if whole in places:
            self._whole_t = frame.t
        faces: list[Detection] = []
        for window in places:
            x0, y0, x1, y1 = window
            found = (face.moved(x0, y0) for face in self._pack.detect(image[y0:y1, x0:x1]))
            faces += [face for face in found if not is_cut(face, window, height, width)]
        return distinct(faces)

    def _usable(self, face: Detection, image: Image) -> bool:
        """Whether a face is wide enough, and where the picture counts."""
        height, width = image.shape[:2]
        x, y = (face.box[:2] + face.box[2:]) / 2
        return face.width_px >= MIN_FACE_PX and self._area.counts(
            float(x) / width, float(y) / height
        )

    def _looks(
        self, frame: Frame, detections: list[Detection]
    ) -> list[tuple[Detection, FaceSample]]:
        """Each usable detection with its embedding and quality."""
        faces = [d for d in detections if self._usable(d, frame.image)]
        portraits = [portrait(frame.image, d) for d in faces]
        crops = [middle(p) for p in portraits]
        embeddings = self._pack.embed(crops)
        return [
            (
                face,
                FaceSample(
                    frame.at,
                    embedding,
                    assess(frame.image, face, crop),
                    face.width_px,
                    jpeg(picture),
                ),
            )
            for face, crop, embedding, picture in zip(
                faces, crops, embeddings, portraits, strict=True
            )
        ]
