"""One camera's way from frame to track reports: motion gate, detect, track, sample, describe."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, tzinfo

import cv2
import numpy as np

from visitord.core.records import Detection, Frame, Image, TrackReport
from visitord.models.pack import LivenessDetector, Pack
from visitord.vision.motion import MotionGate
from visitord.vision.overlay import draw
from visitord.vision.sampler import Sampler
from visitord.vision.search import Choice, Search
from visitord.vision.search_time import SearchTime
from visitord.vision.stills import find_faces
from visitord.vision.tiling import Window, distinct, is_cut
from visitord.vision.tracker import Tracker
from visitord.vision.zones import WHOLE, Area

# Between searches while no face moves; shorter than what ends a track.
STATIONARY_EVERY_S = 0.9
# Narrower faces keep hardly anything of a person (cosine 0.55 at 15 px, 0.73 at 20).
MIN_FACE_PX = 18


class Pipeline:
    """Owned by one thread; several pipelines of that thread may share the pack.

    Parameters
    ----------
    pack
        Finds faces and describes them.
    site
        The site's name.
    area
        Where the picture counts.
    liveness_detector
        The camera's, None where it does not ask for liveness.
    search_time
        Says for how many windows there is time; None: pictures wait for one another, as in a
        replay.
    """

    def __init__(
        self,
        pack: Pack,
        site: str,
        area: Area = WHOLE,
        liveness_detector: LivenessDetector | None = None,
        search_time: SearchTime | None = None,
    ) -> None:
        self._pack = pack
        self._site = site
        self._area = area
        self._liveness_detector = liveness_detector
        self._gate = MotionGate(area)
        self._sampler = Sampler(pack)
        self._tracker = Tracker(site, self._sampler, liveness_detector)
        # The last frame, whether the gate was open for it, and height and width while searching.
        self._last: Frame | None = None
        self._gate_open = False
        self._shape = (0, 0)
        self._search = Search()
        self._search_time = search_time
        self._choice = Choice([])
        # When faces were searched for last.
        self._search_t = float("-inf")

    @property
    def choice(self) -> Choice:
        """What was searched of the last picture, and how much had to wait."""
        return self._choice

    def process(self, frame: Frame) -> list[TrackReport]:
        """Analyse one frame; returns the track reports that are due because of it."""
        self._last = frame
        self._choice = Choice([])
        self._gate_open = self._gate.is_open(frame)
        if not self._is_search_due(frame.t):
            self._tracker.stay(frame.t)
            return self._tracker.expire(frame.t)

        self._search_t = frame.t
        reports = self._follow_shape(frame)
        found = [face for face in self._detect(frame) if self._may_be_one(face, frame.t)]
        faces = self._usable(frame, found)
        return reports + self._tracker.update(frame, faces, self._choice.turns)

    def photograph(self, frame: Frame) -> list[TrackReport]:
        """Analyse a single picture that has no frames before or after it."""
        found = find_faces(self._pack, frame.image)
        return self._tracker.report_photograph(frame, self._usable(frame, found))

    def expire(self, t: float) -> list[TrackReport]:
        """End tracks unseen for too long although no frames come; t as in Frame."""
        return self._tracker.expire(t)

    def flush(self) -> list[TrackReport]:
        """End all open tracks."""
        return self._tracker.flush()

    def snapshot(self, note: str = "", zone: tzinfo = UTC) -> Image | None:
        """The last frame with all that is seen in it, and a note, drawn on it; None before it.

        zone: the time zone of the times in it.
        """
        if self._last is None:
            return None

        frame = self._last
        found = [face for face in self._detect(frame) if self._may_be_one(face, frame.t)]
        faces = [(face, self._is_usable(face, frame.image)) for face in found]
        return draw(frame, self._area, self._gate.moving, self._gate_open, faces, note, zone)

    def _is_search_due(self, t: float) -> bool:
        """Whether faces are searched for: something moves, or there are some to be followed.

        While none of them moves either, now and then is enough.
        """
        if self._gate_open:
            return True
        if not self._tracker.active:
            return False
        was_just_searched = 0 <= t - self._search_t < STATIONARY_EVERY_S
        return not (self._tracker.all_stationary and was_just_searched)

    def _follow_shape(self, frame: Frame) -> list[TrackReport]:
        """With a change of the picture's size, what is known of places in it is void."""
        height, width = frame.image.shape[:2]
        if (height, width) == self._shape:
            return []

        self._shape = (height, width)
        reports = self._tracker.flush()
        self._tracker = Tracker(self._site, self._sampler, self._liveness_detector)
        self._search = Search()
        return reports

    def _detect(self, frame: Frame) -> list[Detection]:
        """Faces where something moves or one was, in full detail, and everywhere once a second.

        What there is no time for waits for one of the next pictures.
        """
        most = None
        if self._search_time is not None:
            most = self._search_time.windows
        image = frame.image
        height, width = image.shape[:2]
        followed = self._tracker.boxes(frame.t)
        shape = (height, width)
        steady = self._tracker.is_steady(frame.t)
        self._choice = self._search.choose(
            frame.t, shape, followed, self._gate.moving, most, steady=steady
        )
        if self._choice.close_ups:
            close_ups = self._choice.close_ups
            return distinct(
                [face for one in close_ups for face in self._faces_in(image, one.window, one.scale)]
            )

        measured: AbstractContextManager[None] = nullcontext()
        if self._search_time is not None:
            measured = self._search_time.spent_on(len(self._choice.windows))
        with measured:
            windows = self._choice.windows
            return distinct([face for window in windows for face in self._faces_in(image, window)])

    def _faces_in(self, image: Image, window: Window, scale: float = 1.0) -> list[Detection]:
        """The faces in a part of a picture, but for those that its edges cut.

        scale: how many times its size in the picture it is shown to the detector.
        """
        x0, y0, x1, y1 = window
        part = image[y0:y1, x0:x1]
        if scale < 1:
            size = (round((x1 - x0) * scale), round((y1 - y0) * scale))
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)

        height, width = image.shape[:2]
        faces = [found.scaled(1 / scale).moved(x0, y0) for found in self._pack.detect(part)]
        return [face for face in faces if not is_cut(face, window, height, width)]

    def _may_be_one(self, face: Detection, t: float) -> bool:
        """Whether it counts as a face: a faint one does where a track expects its own at t."""
        return not face.faint or self._tracker.expects(face, t)

    def _is_usable(self, face: Detection, image: Image) -> bool:
        """Whether a face is wide enough, and where the picture counts."""
        if face.width_px < MIN_FACE_PX:
            return False
        height, width = image.shape[:2]
        x, y = (face.box[:2] + face.box[2:]) / 2
        return self._area.counts(float(x) / width, float(y) / height)

    def _usable(self, frame: Frame, faces: list[Detection]) -> list[Detection]:
        """Those that are wide enough, and where the picture counts."""
        return [face for face in faces if self._is_usable(face, frame.image)]
