"""Packs in insightface's layout: SCRFD finds faces, ArcFace describes them, run by insightface itself."""

import contextlib
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from insightface.app import FaceAnalysis
from numpy.typing import NDArray

from visitord.errors import ModelError
from visitord.records import Detection, Image, Thresholds
from visitord.vision.model_store import INSIGHT_LICENCE
from visitord.vision.pack import unit

DETECT_PX = 640
SCORE = 0.5


class InsightPack:
    """Any folder with one detection and one recognition model that insightface's FaceAnalysis understands."""

    thresholds = Thresholds(
        match=0.45,
        new=0.32,
        merge=0.45,
        certain=0.58,
        source="buffalo_l: different people reach cosine 0.41 once in a million pairs (its authors' figure); "
        "packs without a published figure start from the same numbers",
    )
    licence = INSIGHT_LICENCE

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # insightface prints what it finds
                only = ["detection", "recognition"]
                app = FaceAnalysis(str(folder), allowed_modules=only, providers=["CPUExecutionProvider"])
                app.prepare(ctx_id=-1, det_thresh=SCORE, det_size=(DETECT_PX, DETECT_PX))
        except AssertionError:
            raise ModelError(f"The model pack folder {folder} has no face detector that insightface knows.") from None
        except Exception as error:
            raise ModelError(f"The model pack folder {folder} cannot be loaded: {error}.") from None
        if "recognition" not in app.models:
            raise ModelError(f"The model pack folder {folder} has no face recogniser that insightface knows.")
        self._detector = app.det_model
        self._recogniser = app.models["recognition"]
        self.dim = int(self.embed([np.zeros((112, 112, 3), np.uint8)]).shape[1])
        digest = hashlib.sha256(Path(self._recogniser.model_file).read_bytes()).hexdigest()
        self.fingerprint = f"arcface-{digest[:12]}"

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        del still  # SCRFD needs no extra care for single photographs
        boxes, points = self._detector.detect(image)
        if points is None:
            raise ModelError(f"The detector of pack {self.name} gives no landmarks; choose one that does.")
        return [
            Detection(box[:4].astype(np.float32), landmarks.astype(np.float32), float(box[4]))
            for box, landmarks in zip(boxes, points, strict=True)
        ]

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.dim), np.float32)
        return unit(np.asarray(self._recogniser.get_feat(list(crops)), np.float32))
