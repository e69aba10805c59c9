"""Packs in insightface's layout: SCRFD finds faces, ArcFace describes them, run by insightface
itself.
"""

import contextlib
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from insightface.app import FaceAnalysis
from numpy.typing import NDArray

from visitord.core.errors import ModelError
from visitord.core.records import Detection, Image
from visitord.models import thresholds
from visitord.models.catalog import INSIGHT_LICENCE
from visitord.models.device import CPU, Device
from visitord.models.pack import unit

DETECT_PX = 640
SMALL_PX = 128  # a face that fills a photograph is found in a small copy of it
SCORE = 0.5
BATCH = 16  # faces described in one run: bounds memory, and a GPU gains little beyond


class InsightPack:
    """Any folder with one detection and one recognition model that insightface's FaceAnalysis
    understands.

    detect_px: the side of the square in which faces are looked for.  Raises ModelError.
    """

    licence = INSIGHT_LICENCE

    def __init__(
        self,
        name: str,
        folder: Path,
        device: Device | None = None,
        detect_px: int = DETECT_PX,
        threads: int = 0,
    ) -> None:
        self.name, self.thresholds = name, thresholds.of(name)
        device = device or Device()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "0"
        )  # twice the CPU, where cores are busy
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # insightface prints what it finds
                only = ["detection", "recognition"]
                runs = {"providers": device.providers, "sess_options": options}
                app = FaceAnalysis(str(folder), allowed_modules=only, **runs)
                ctx_id = -1 if device.provider == CPU else device.index
                app.prepare(ctx_id=ctx_id, det_thresh=SCORE, det_size=(detect_px, detect_px))
        except AssertionError:
            raise ModelError(
                f"The model pack folder {folder} has no face detector that insightface knows."
            ) from None
        except Exception as error:
            raise ModelError(f"The model pack folder {folder} cannot be loaded: {error}.") from None
        if "recognition" not in app.models:
            raise ModelError(
                f"The model pack folder {folder} has no face recogniser that insightface knows."
            )
        self._detector = app.det_model
        self._recogniser = app.models["recognition"]
        self._still_sizes = list(dict.fromkeys([(SMALL_PX, SMALL_PX), (detect_px, detect_px)]))
        self._batch = 1 if isinstance(self._recogniser.input_shape[0], int) else BATCH
        self.runs_on = ", ".join(
            f"{what} on {model.session.get_providers()[0]}"
            for what, model in (("detector", self._detector), ("recogniser", self._recogniser))
        )
        self.dim = int(self.embed([np.zeros((112, 112, 3), np.uint8)]).shape[1])
        digest = hashlib.sha256(Path(self._recogniser.model_file).read_bytes()).hexdigest()
        self.fingerprint = f"arcface-{digest[:12]}"

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        boxes, points = self._detector.detect(
            image, input_size=self._still_sizes if still else None
        )
        if points is None:
            raise ModelError(
                f"The detector of pack {self.name} gives no landmarks; choose one that does."
            )
        return [
            Detection(box[:4].astype(np.float32), landmarks.astype(np.float32), float(box[4]))
            for box, landmarks in zip(boxes, points, strict=True)
        ]

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.dim), np.float32)
        batches = (list(crops[n : n + self._batch]) for n in range(0, len(crops), self._batch))
        return unit(
            np.concatenate(
                [np.asarray(self._recogniser.get_feat(batch), np.float32) for batch in batches]
            )
        )
