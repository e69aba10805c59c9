"""Packs in insightface's layout: SCRFD finds faces, ArcFace describes them, insightface asks both.

Input: BGR pictures of any size, looked at in a square of 640 px, or as configured; for ArcFace
aligned faces of 112 × 112 px, BGR uint8.

Output: boxes, five landmarks and scores; embeddings of mostly 512 numbers.

Licence: insightface's own packs for non-commercial research only; of another folder, its maker's.
"""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from insightface.app import FaceAnalysis
from numpy.typing import NDArray

from visitord.core import reading
from visitord.core.errors import ModelError
from visitord.core.records import Detection, Embedding, Image
from visitord.models import thresholds
from visitord.models.catalog import INSIGHT_LICENCE
from visitord.models.device import CPU, Device
from visitord.models.pack import CROP_PX, unit
from visitord.models.runtime import Network, Session, open_network
from visitord.models.sessions import runs_on, session_options

DETECT_PX = 640
SMALL_PX = 128  # a face that fills a photograph is found in a small copy of it
SCORE = 0.5
NO_CARD = -1
BATCH = 16  # faces described in one run: bounds memory, and a GPU gains little beyond


class InsightPack:
    """Any folder with one detection and one recognition model that insightface understands."""

    licence = INSIGHT_LICENCE

    def __init__(
        self,
        name: str,
        folder: Path,
        device: Device | None = None,
        detect_px: int = DETECT_PX,
        threads: int = 0,
    ) -> None:
        """Load both networks.

        Parameters
        ----------
        name
            By which is known how well it tells people apart.
        folder
            Where its .onnx files are.
        device
            What both are to run on, by default the CPU.
        detect_px
            The side of the square in which faces are looked for.
        threads
            Cores that they may use; 0: all of them.

        Raises
        ------
        ModelError
            When one of the two is not there, or does not load.
        """
        device = device or Device()
        app = _loaded(folder, device, detect_px, threads)
        self._detector = app.det_model
        self._recogniser = app.models["recognition"]
        sides_px = dict.fromkeys([SMALL_PX, detect_px])
        self._still_sizes = [(side_px, side_px) for side_px in sides_px]
        self._batch = BATCH
        if isinstance(self._recogniser.input_shape[0], int):
            self._batch = 1  # the network was made for one face at a time

        # insightface opens all in onnxruntime, which on a CPU is not the fastest for a recogniser.
        file = Path(self._recogniser.model_file)
        detector = runs_on(self._detector.session)
        recogniser = runs_on(self._recogniser.session)
        if device.provider == CPU:
            network = _reopened(file, device, threads)
            self._recogniser.session = Session(network)
            recogniser = network.runs_on

        digest = reading.sha256(file, reading.MODEL_MAX_BYTES)
        self.name = name
        self.separation = thresholds.of(name)
        self.centre: Embedding | None = None
        self.fingerprint = f"arcface-{digest[:12]}"
        self.runs_on = f"detector on {detector}, recogniser on {recogniser}"
        self.dim = int(self.embed([np.zeros((CROP_PX, CROP_PX, 3), np.uint8)]).shape[1])

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        sizes = self._still_sizes if still else None
        boxes, points = self._detector.detect(image, input_size=sizes)
        if points is None:
            raise ModelError(
                f"The detector of pack {self.name} gives no landmarks; choose one that does."
            )
        return [_detection(*found) for found in zip(boxes, points, strict=True)]

    def refined(self, image: Image, detection: Detection) -> Detection:  # noqa: ARG002
        return detection  # SCRFD's landmarks are as good for tilted heads

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.dim), np.float32)
        rows = []
        for start in range(0, len(crops), self._batch):
            batch = list(crops[start : start + self._batch])
            rows.append(np.asarray(self._recogniser.get_feat(batch), np.float32))
        return unit(np.concatenate(rows))


def _detection(box: NDArray[np.float32], landmarks: NDArray[np.float32]) -> Detection:
    """A face as insightface gives it: two corners and the score (5,), and five points (5, 2)."""
    return Detection(box[:4].astype(np.float32), landmarks.astype(np.float32), float(box[4]))


def _reopened(file: Path, device: Device, threads: int) -> Network:
    """A recogniser that insightface could load, in the runtime for it; raises ModelError."""
    try:
        return open_network(reading.read(file, reading.MODEL_MAX_BYTES), device, threads)
    except Exception as error:
        raise ModelError(f"The recogniser {file} cannot be loaded: {error}.") from None


def _loaded(folder: Path, device: Device, detect_px: int, threads: int) -> FaceAnalysis:
    """insightface with the folder's two networks; raises ModelError."""
    try:
        # insightface prints what it finds.
        with contextlib.redirect_stdout(io.StringIO()):
            app = FaceAnalysis(
                str(folder),
                allowed_modules=["detection", "recognition"],
                providers=list(device.providers),
                sess_options=session_options(threads),
            )
            card = device.index
            if device.provider == CPU:
                card = NO_CARD
            app.prepare(ctx_id=card, det_thresh=SCORE, det_size=(detect_px, detect_px))
    except AssertionError:
        raise _lacks(folder, "face detector") from None
    except Exception as error:
        raise ModelError(f"The model pack folder {folder} cannot be loaded: {error}.") from None

    if "recognition" not in app.models:
        raise _lacks(folder, "face recogniser")
    return app


def _lacks(folder: Path, what: str) -> ModelError:
    """One of the two networks is missing."""
    return ModelError(f"The model pack folder {folder} has no {what} that insightface knows.")
