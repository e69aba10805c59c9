"""What a picture of a stream costs, beside a naive loop and beside decoding alone.

The naive loop detects and describes every face of every picture: OpenCV's FaceDetectorYN at the
width that visitord looks at, and SFace in onnxruntime, both as their files are published.  The
second one is given the runtimes that visitord runs its networks in.  Ours is a replay: decoding,
motion gate, search, tracks, samples; without the database.  Each network runs on one thread.
"""

import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from models import published_sface
from numpy.typing import NDArray

from speed.footage import Footage
from speed.likeness import Look, right
from speed.rounds import Times, cpu_s, ratio
from speed.setting import Setting
from speed.table import Goal, Line
from visitord.core.config import CameraConfig
from visitord.core.records import Detection, Image, TrackReport
from visitord.models.catalog import DEFAULT, DETECTOR_FILE
from visitord.models.opencv_zoo import ZooPack
from visitord.models.pack import middle, portrait, unit
from visitord.models.yunet import DETECT_WIDTH_PX, FACES_MAX, NMS_IOU, SCORE
from visitord.service import replay

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
FPS = CameraConfig.model_fields["fps"].default  # pictures a second that are analysed
NAIVE, LENT, OURS, BARE = "naive loop", "naive loop, our runtimes", "visitord", "decoding alone"
GOALS: dict[str, dict[str, Goal | None]] = {
    "busy": {NAIVE: Goal(6, at_least=True), LENT: Goal(3, at_least=True), BARE: Goal(2.5)},
    "empty": {NAIVE: Goal(10, at_least=True), LENT: None, BARE: Goal(1.2)},
}

Detect = Callable[[Image], list[Detection]]
Describe = Callable[[Image], NDArray[np.float32]]


class Collector:
    """Takes track reports in the recorder's place."""

    def __init__(self) -> None:
        self.finals: list[TrackReport] = []

    def handle(self, report: TrackReport) -> None:
        """Keep a report that ends its track."""
        if report.final:
            self.finals.append(report)


def decoded(path: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    """Every picture of a file with its time, decoded as a replay has it decoded."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield float(frame.time or 0.0), frame


def bare(path: Path) -> int:
    """Decode every picture, and nothing else; returns how many there are."""
    return sum(1 for _ in decoded(path))


def naive(path: Path, detect: Detect, describe: Describe) -> list[Look]:
    """Every face of every picture, described."""
    looks = []
    for t, frame in decoded(path):
        image = frame.to_ndarray(format="bgr24")
        for face in detect(image):
            looks.append(Look(t, describe(middle(portrait(image, face)))))
    return looks


def ours(path: Path, pack: ZooPack) -> list[Look]:
    """What visitord keeps of the faces."""
    recorder = Collector()
    clip = replay.Clip(path, "bench", START, 0.0, still=False)
    for _ in replay.play([clip], pack, recorder, "bench", FPS):  # type: ignore[arg-type]
        pass
    samples = [sample for report in recorder.finals for sample in report.samples]
    return [Look((sample.at - START).total_seconds(), sample.embedding) for sample in samples]


def opencv_detector(folder: Path) -> Detect:
    """FaceDetectorYN as its users have it, in a picture that is made as small as ours."""
    file = str(folder / DETECTOR_FILE)
    network = cv2.FaceDetectorYN.create(file, "", (1, 1), SCORE, NMS_IOU, FACES_MAX)

    def detect(image: Image) -> list[Detection]:
        scale = DETECT_WIDTH_PX / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        network.setInputSize((small.shape[1], small.shape[0]))
        _, rows = network.detect(small)
        return [] if rows is None else [_detection(row / scale, float(row[-1])) for row in rows]

    return detect


def _detection(row: NDArray[np.float32], score: float) -> Detection:
    """A row of FaceDetectorYN's, in pixels of the whole picture."""
    box = np.concatenate([row[:2], row[:2] + row[2:4]]).astype(np.float32)
    return Detection(box, row[4:14].reshape(5, 2).astype(np.float32), score)


def onnxruntime_recogniser(folder: Path) -> Describe:
    """SFace in onnxruntime, as its file is published."""
    session = published_sface(folder)

    def describe(crop: Image) -> NDArray[np.float32]:
        planes = crop[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        return unit(session.run(None, {"data": planes})[0])[0]

    return describe


def lent(pack: ZooPack) -> tuple[Detect, Describe]:
    """Our detector without its refinement, and our recogniser, for a naive loop."""
    found = pack.detector._yunet

    def detect(image: Image) -> list[Detection]:
        return [face for face in found.detect(image) if not face.faint]

    return detect, lambda crop: pack.embed([crop])[0]


def lines(kind: str, setting: Setting) -> list[Line]:
    """Ratios on the `busy` or the `empty` clip."""
    cv2.setNumThreads(1)
    # FaceDetectorYN warns of what no user can change.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    folder = setting.models / DEFAULT
    clip = setting.footage(kind)
    looks: dict[str, list[Look]] = {}
    took = run(clip, folder, ZooPack(folder, threads=1), setting.rounds, looks)
    return lines_of(kind, clip, took, looks)


def run(
    clip: Footage, folder: Path, pack: ZooPack, rounds: int, looks: dict[str, list[Look]]
) -> Times:
    """CPU seconds of each for a whole clip; what each saw last is put into `looks`."""
    detect, describe = lent(pack)
    plain = partial(naive, clip.path, opencv_detector(folder), onnxruntime_recogniser(folder))
    ways: dict[str, Callable[[], list[Look]]] = {
        NAIVE: plain,
        OURS: partial(ours, clip.path, pack),
        LENT: partial(naive, clip.path, detect, describe),
    }

    def look(name: str) -> None:
        looks[name] = ways[name]()

    work = {name: partial(look, name) for name in ways}
    return cpu_s({**work, BARE: partial(bare, clip.path)}, rounds, warm=False)


def lines_of(kind: str, clip: Footage, took: Times, looks: dict[str, list[Look]]) -> list[Line]:
    """What the times say."""

    def said(name: str) -> str:
        text = f"{name}: {statistics.median(took[name]) / clip.pictures * 1000:.1f} ms a picture"
        if name not in looks:
            return text
        text += (
            f", {len(looks[name])} faces kept" if name == OURS else f", {len(looks[name])} faces"
        )
        if kind == "busy":
            text += f", {right(clip.walks, looks[name])} of {len(clip.walks)} visits told apart"
        return text

    goals = GOALS[kind]
    found = []
    for name in (NAIVE, LENT):
        gain = ratio(took[name], took[OURS])
        found.append(Line(f"{name} ÷ ours, {kind}", gain, "×", goals[name], said(OURS), said(name)))

    over_bare = ratio(took[OURS], took[BARE])
    measure = f"ours ÷ {BARE}, {kind}"
    return [*found, Line(measure, over_bare, "×", goals[BARE], said(OURS), said(BARE))]
