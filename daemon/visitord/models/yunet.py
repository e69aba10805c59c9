"""YuNet, the OpenCV model zoo's face detector, run by OpenCV's own network module."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core import reading
from visitord.core.records import Detection, Image

# OpenCV warns about a setting of the network that no caller made.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

DETECT_WIDTH_PX = 640  # wider costs by its area and finds little more at a door
STILL_WIDTH_PX = 1024  # above this YuNet loses very large faces
STILL_PAD_PX = 40  # room around a tight portrait, without which landmarks are misplaced
SCORE = 0.7
# Down to this a face is faint: it carries on a track, but begins none. On five hard days (3,200
# faces of walkers) the median centred cosine of such samples to their person's other visits was
# 0.38 to 0.41, of those scored 0.7 to 0.8 it was 0.43, and strangers came no closer (99th
# percentile 0.37, and 0.36). Below a score of 0.5 it was 0.33.
FAINT_SCORE = 0.5
NMS_IOU = 0.3
FACES_MAX = 200
FACE_MIN_PX = 1  # of the sides of a box; less is an artefact


class Yunet:
    """Finds faces; for one thread at a time.

    detect_px: the longer side of the picture they are looked for in.
    """

    def __init__(self, file: Path, detect_px: int = DETECT_WIDTH_PX) -> None:
        self.detect_px = min(detect_px, STILL_WIDTH_PX)
        self._network = open_yunet(file, DETECT_WIDTH_PX, FAINT_SCORE, FACES_MAX)

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        """The faces in a BGR picture, best first.

        still: spend more on one photograph, which has no faint ones.
        """
        longest_px = self.detect_px
        pad_px = 0
        if still:
            longest_px = STILL_WIDTH_PX
            pad_px = STILL_PAD_PX
            image = _padded(image)

        small, scale = _shrunk(image, longest_px)
        height, width = small.shape[:2]
        self._network.setInputSize((width, height))
        rows = rows_of(self._network, small)
        found = [_detection(row, scale, pad_px) for row in rows if _is_sane(row)]
        if still:
            found = [detection for detection in found if not detection.faint]
        return sorted(found, key=lambda detection: -detection.score)


def open_yunet(file: Path, side_px: int, score: float, faces_max: int) -> cv2.FaceDetectorYN:
    """The network itself.

    Parameters
    ----------
    file
        The ONNX model.
    side_px
        Of the square pictures it is to get; `setInputSize` changes that.
    score
        The lowest of a face, 0 to 1.
    faces_max
        How many it keeps of those that overlap.

    Raises
    ------
    OSError
        When the file cannot be read.
    cv2.error
        When it is no such network.
    """
    # Not by its path: OpenCV crashes on one that is not UTF-8.
    content = np.frombuffer(reading.read(file, reading.MODEL_MAX_BYTES), np.uint8)
    nothing = np.empty(0, np.uint8)
    size = (side_px, side_px)
    return cv2.FaceDetectorYN.create("onnx", content, nothing, size, score, NMS_IOU, faces_max)


def rows_of(network: cv2.FaceDetectorYN, image: Image) -> NDArray[np.float32]:
    """The faces the network sees, (n, 15): x, y, width, height, five points, score."""
    rows: Any = network.detect(image)[1]
    if rows is None:
        return np.empty((0, 15), np.float32)
    return np.asarray(rows, np.float32)


def points_of(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """The five landmarks (5, 2) of a row: eyes, tip of the nose, corners of the mouth."""
    return row[4:14].reshape(5, 2)


def _padded(image: Image) -> Image:
    """The picture with its outermost pixels repeated on all sides."""
    top = bottom = left = right = STILL_PAD_PX
    padded = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)


def _shrunk(image: Image, longest_px: int) -> tuple[Image, float]:
    """The picture with its longer side at most `longest_px`, and by how much it was scaled."""
    height, width = image.shape[:2]
    scale = min(1.0, longest_px / max(width, height))
    if scale == 1.0:
        return image, scale
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), scale


def _is_sane(row: NDArray[np.float32]) -> bool:
    """Whether a row can be a face: of finite numbers, and with an area."""
    return bool(np.isfinite(row).all() and (row[2:4] >= FACE_MIN_PX).all())


def _detection(row: NDArray[np.float32], scale: float, pad_px: int) -> Detection:
    """A row in the original picture's pixels."""
    corner, size = row[:2], row[2:4]
    seen = np.vstack([corner, corner + size, points_of(row)])
    points = np.asarray(seen / scale - pad_px, np.float32)
    score = min(1.0, abs(float(row[14])))
    return Detection(points[:2].ravel(), points[2:], score, faint=score < SCORE)
