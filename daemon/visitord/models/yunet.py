"""YuNet, the OpenCV model zoo's face detector, run by onnxruntime.

For each place of a grid at three strides the network says how much that is a face, and where its
box and landmarks are, in strides from that place (`yunet_graph`).  What is made of that is the same
as what OpenCV's own FaceDetectorYN makes.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Detection, Image
from visitord.models.device import Device
from visitord.models.sessions import open_network

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

THREADS = 1  # a second one costs a fifth more of the CPU
STRIDES_PX = (8, 16, 32)
STEP_PX = STRIDES_PX[-1]  # the network takes sides that are multiples of this
ROW = 15  # x, y, width, height, five points, score


class YunetNetwork:
    """The network itself, for one thread at a time.

    It keeps the memory in which pictures are given to it: to get as much anew for each costs the
    system more than all else that is done to a picture before the network sees it.
    """

    def __init__(self, model: bytes) -> None:
        """Open YuNet, as `yunet_graph` prepares it; raises what onnxruntime does."""
        self._network = open_network(model, Device().providers, THREADS, any_size=True)
        self._memory = np.empty(0, np.float32)
        self.runs_on = self._network.runs_on

    def rows(self, image: Image, score: float, faces_max: int) -> NDArray[np.float32]:
        """The faces in a BGR picture, best first, (n, 15): x, y, width, height, points, score.

        Parameters
        ----------
        image
            Of any size; it is seen as it is.
        score
            The lowest of a face, 0 to 1.
        faces_max
            How many it keeps of those that overlap.
        """
        planes = self._planes(image)
        scores, numbers = self._network.run(planes)
        places = _places(*planes.shape[2:])
        faces = _faces(scores[0, 0], numbers[0], places, score)
        return faces[_apart(faces, faces_max)]

    def _planes(self, image: Image) -> NDArray[np.float32]:
        """The picture as the network takes it (1, 3, height, width), black where it goes on."""
        height, width = image.shape[:2]
        rows = _stepped(height)
        columns = _stepped(width)
        size = 3 * rows * columns
        if len(self._memory) < size:
            self._memory = np.empty(size, np.float32)

        planes = self._memory[:size].reshape(1, 3, rows, columns)
        planes[:, :, height:] = 0
        planes[:, :, :height, width:] = 0
        for plane, channel in zip(planes[0], cv2.split(image), strict=True):
            plane[:height, :width] = channel
        return planes


class Yunet:
    """Finds faces; for one thread at a time.

    detect_px: the longer side of the picture they are looked for in.
    """

    def __init__(self, network: YunetNetwork, detect_px: int = DETECT_WIDTH_PX) -> None:
        self.detect_px = min(detect_px, STILL_WIDTH_PX)
        self._network = network

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
        rows = self._network.rows(small, FAINT_SCORE, FACES_MAX)
        found = [_detection(row, scale, pad_px) for row in rows if _is_sane(row)]
        if still:
            found = [detection for detection in found if not detection.faint]
        return found


def points_of(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """The five landmarks (5, 2) of a row: eyes, tip of the nose, corners of the mouth."""
    return row[4:14].reshape(5, 2)


def _stepped(side_px: int) -> int:
    """A side of a picture, or the next longer one that the network takes."""
    return -(-side_px // STEP_PX) * STEP_PX


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where the network's places are: in strides from the top left (2, n), and how long those are.

    strides_px: (n,).
    """

    at: NDArray[np.float32]
    strides_px: NDArray[np.float32]


@functools.lru_cache(maxsize=16)  # windows come in few sizes
def _places(height: int, width: int) -> _Places:
    """Those of a picture of so many pixels."""
    at = []
    strides = []
    for stride in STRIDES_PX:
        rows, columns = np.indices((height // stride, width // stride), np.float32)
        at.append(np.stack([columns.ravel(), rows.ravel()]))
        strides.append(np.full(rows.size, stride, np.float32))
    return _Places(np.concatenate(at, axis=1), np.concatenate(strides))


def _faces(
    scores: NDArray[np.float32], numbers: NDArray[np.float32], places: _Places, least: float
) -> NDArray[np.float32]:
    """What the network takes for faces, (k, 15), overlapping ones included.

    Parameters
    ----------
    scores
        Of each place (n,), 0 to 1.
    numbers
        For each place (14, n), in strides: the box's middle, and the logarithms of its sides; five
        points.
    places
        Where that is.
    least
        The lowest score.
    """
    found = np.flatnonzero(scores >= least)
    at = places.at[:, found]
    seen = numbers[:, found]

    size = np.exp(seen[2:4])
    corner = at + seen[:2] - size / 2
    points = seen[4:] + np.tile(at, (5, 1))
    pixels = np.concatenate([corner, size, points]) * places.strides_px[found]
    return np.concatenate([pixels, scores[None, found]]).T


def _apart(faces: NDArray[np.float32], faces_max: int) -> NDArray[np.int64]:
    """Which faces to keep, best first: of those that overlap the best, and no endless ones."""
    kept = np.flatnonzero(np.isfinite(faces).all(axis=1))
    if len(kept) < 2:
        return kept
    boxes = faces[kept, :4].astype(np.int64).tolist()
    scores = faces[kept, -1].tolist()
    best = cv2.dnn.NMSBoxes(boxes, scores, 0.0, NMS_IOU, top_k=faces_max)
    return kept[np.asarray(best, np.int64)]


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
    """Whether a row can be a face: has an area."""
    return bool((row[2:4] >= FACE_MIN_PX).all())


def _detection(row: NDArray[np.float32], scale: float, pad_px: int) -> Detection:
    """A row in the original picture's pixels."""
    corner, size = row[:2], row[2:4]
    seen = np.vstack([corner, corner + size, points_of(row)])
    points = np.asarray(seen / scale - pad_px, np.float32)
    score = min(1.0, abs(float(row[14])))
    return Detection(points[:2].ravel(), points[2:], score, faint=score < SCORE)
