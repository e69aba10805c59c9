"""The default pack: YuNet finds faces, SFace describes them (both from the OpenCV model zoo)."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx.utils
import onnxruntime
from numpy.typing import NDArray

from visitord.core.errors import ModelError
from visitord.core.records import Detection, Image
from visitord.models import thresholds
from visitord.models.catalog import DETECTOR_FILE, RECOGNISER_FILE, ZOO_LICENCE
from visitord.models.device import Device
from visitord.models.pack import CROP_PX, unit, upright

cv2.utils.logging.setLogLevel(
    cv2.utils.logging.LOG_LEVEL_ERROR
)  # it warns about a setting nobody made

DETECT_WIDTH_PX = (
    640  # wider costs in proportion to the area and finds little more at door distance
)
STILL_WIDTH_PX = 1024  # above this YuNet loses very large faces
STILL_PAD_PX = 40  # room around a tight portrait, without which landmarks are misplaced
SCORE = 0.7
NMS_IOU = 0.3
REFINE_ROUNDS = 5
REFINE_MIN_PX = 24
REFINE_PX = 160  # side of the patch in which a face is looked at again
REFINE_SCALE = 0.78  # of the aligned face in its middle
REFINE_SCORE = 0.5
REFINED_DEG = 2.0  # less roll left than this is good enough


class Yunet:
    """YuNet through OpenCV's DNN module, from the default pack's folder."""

    def __init__(self, folder: Path, detect_px: int = DETECT_WIDTH_PX) -> None:
        self._detect_px = min(detect_px, STILL_WIDTH_PX)
        self._detector = cv2.FaceDetectorYN.create(
            str(folder / DETECTOR_FILE), "", (DETECT_WIDTH_PX, DETECT_WIDTH_PX), SCORE, NMS_IOU, 200
        )
        self._refiner = cv2.FaceDetectorYN.create(
            str(folder / DETECTOR_FILE), "", (REFINE_PX, REFINE_PX), REFINE_SCORE, NMS_IOU, 20
        )

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        pad = STILL_PAD_PX if still else 0
        source = (
            cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REPLICATE) if pad else image
        )
        height, width = source.shape[:2]
        scale = min(1.0, (STILL_WIDTH_PX if still else self._detect_px) / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(source, size, interpolation=cv2.INTER_AREA) if scale < 1 else source
        self._detector.setInputSize(size)
        rows = self._detector.detect(small)[1]
        rows = np.empty((0, 15), np.float32) if rows is None else rows
        sane = np.isfinite(rows).all(axis=1) & (rows[:, 2:4] >= 1).all(axis=1)
        found = [self._refined(image, _detection(row, scale, pad)) for row in rows[sane]]
        return sorted(found, key=lambda d: -d.score)

    def _refined(self, image: Image, detection: Detection) -> Detection:
        """The detection with its landmarks found again on the face turned upright.

        YuNet places the landmarks of a tilted head as if it were upright (off by 0.14 of the eye
        distance at 30° of roll, 0.25 at 45°), and an embedding of a crop aligned by them is of no
        use. Each round turns the face by what is left; on footage of two tilted heads it brought
        the same person's mean cosine from 0.00 to 0.73 and the two people's from 0.41 to 0.16. An
        upright face is done after one round.
        """
        for _ in range(REFINE_ROUNDS):
            if detection.width_px < REFINE_MIN_PX:
                break
            matrix = upright(detection.landmarks, REFINE_SCALE)
            matrix[:, 2] += (REFINE_PX - CROP_PX * REFINE_SCALE) / 2
            patch = cv2.warpAffine(
                image, matrix, (REFINE_PX, REFINE_PX), borderMode=cv2.BORDER_REPLICATE
            )
            landmarks = _central_landmarks(self._refiner.detect(patch)[1])
            if landmarks is None:
                break
            back = cv2.invertAffineTransform(matrix)
            found = (landmarks @ back[:, :2].T + back[:, 2]).astype(np.float32)
            detection = Detection(detection.box, found, detection.score)
            across, down = landmarks[1] - landmarks[0]  # from eye to eye
            if abs(math.degrees(math.atan2(down, across))) < REFINED_DEG:
                break
        return detection


class ZooPack(Yunet):
    """YuNet, and SFace through onnxruntime."""

    name = "opencv-zoo"
    dim = 128
    thresholds = thresholds.ZOO
    licence = ZOO_LICENCE

    def __init__(
        self,
        folder: Path,
        threads: int = 0,
        device: Device | None = None,
        detect_px: int = DETECT_WIDTH_PX,
    ) -> None:
        recogniser = (folder / RECOGNISER_FILE).read_bytes()
        self.fingerprint = f"sface-{hashlib.sha256(recogniser).hexdigest()[:12]}"
        try:
            super().__init__(folder, detect_px)
            self._recogniser = session(_sound(recogniser), threads, device or Device())
        except Exception as error:
            raise ModelError(
                f"The models in {folder} cannot be loaded ({error}); run: visitord models install opencv-zoo."
            ) from None
        self.runs_on = (
            f"detector on the CPU (OpenCV), recogniser on {self._recogniser.get_providers()[0]}"
        )

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        # One at a time: on CPUs without wide SIMD units a batch costs as much as its faces one by
        # one.
        rows = [
            self._recogniser.run(
                None, {"data": crop[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)}
            )[0]
            for crop in crops
        ]
        return unit(np.concatenate([np.empty((0, self.dim), np.float32), *rows]))


def _central_landmarks(rows: np.ndarray | None) -> NDArray[np.float32] | None:
    """Landmarks (5, 2) of the face in the middle of an upright patch; None when there is none."""
    if rows is None:
        return None
    middle = REFINE_PX / 2
    off = np.hypot(rows[:, 0] + rows[:, 2] / 2 - middle, rows[:, 1] + rows[:, 3] / 2 - middle)
    nearest = int(np.argmin(off))
    return (
        rows[nearest, 4:14].reshape(5, 2).astype(np.float32)
        if off[nearest] < 0.2 * REFINE_PX
        else None
    )


def _detection(row: NDArray[np.float32], scale: float, pad: int) -> Detection:
    """A YuNet row (x, y, w, h, five points, score) in the original picture's pixels."""
    points = np.vstack([row[:2], row[:2] + row[2:4], row[4:14].reshape(5, 2)])
    points = np.asarray(points / scale - pad, np.float32)
    return Detection(points[:2].ravel(), points[2:], min(1.0, abs(float(row[14]))))


def session(model: str | bytes, threads: int, device: Device) -> onnxruntime.InferenceSession:
    """A model, or the file it is in, in onnxruntime; threads 0: one per core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # SFace's int8 file stores quantise/dequantise pairs that a CPU runs faster folded away; the
    # output is the same.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "0"
    )  # twice the CPU, where cores are busy
    return onnxruntime.InferenceSession(model, options, providers=device.providers)


def _sound(model: bytes) -> bytes:
    """SFace without the weights it lists as graph inputs and no longer has; runtimes refuse it
    until they are gone.
    """
    sound = onnx.utils.Extractor(onnx.load_model_from_string(model)).extract_model(
        ["data"], ["fc1"]
    )
    return bytes(sound.SerializeToString())
