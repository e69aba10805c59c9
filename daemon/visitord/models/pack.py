"""What every model pack offers: find faces, and describe them so that they can be compared."""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Detection, Embedding, Image, Liveness, Separation

CROP_PX = 112  # the side of an aligned face, as ArcFace and SFace were trained
ALIGNED = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Where that has its landmarks (5, 2): eyes, tip of the nose, corners of the mouth."""
PORTRAIT_PX = 160  # the side of what is kept to be looked at, with a margin around it
MARGIN_PX = (PORTRAIT_PX - CROP_PX) // 2
FILL_BLUR_PX = 25  # enough that the outermost pixels make no stripes
_PORTRAIT_SIZE = (PORTRAIT_PX, PORTRAIT_PX)
# Their x and y, (160, 160, 2).
_PORTRAIT_PIXELS = np.dstack(np.meshgrid(*2 * [np.arange(PORTRAIT_PX, dtype=np.float64)]))
NATIVE = "recogniser by MXNet"  # what runs a pack that sees to its device itself


class Pack(Protocol):
    """A detector and a recogniser used together, for one thread at a time: the vision thread's.

    name: as `models.pack` has it.
    fingerprint: tells embeddings of different recognisers apart; only equal ones may be compared.
    dim: how many numbers an embedding has.
    separation: how well it tells people apart.
    centre: what all faces have in common (dim,), to be left out of comparisons; None where nothing.
    licence: under which terms it may be used.
    runs_on: what runs its networks in fact, in words.
    """

    name: str
    fingerprint: str
    dim: int
    separation: Separation
    centre: Embedding | None
    licence: str
    runs_on: str

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        """The faces in a BGR picture, best first.

        still: spend more on one photograph.  In a picture of a video faint ones may be among them,
        and their landmarks are to be `refined` before a face is aligned by them.
        """
        ...

    def refined(self, image: Image, detection: Detection) -> Detection:
        """A face found in a picture of a video, with landmarks as good as they can be had."""
        ...

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """Unit-length embeddings (n, dim) of aligned BGR crops (112, 112, 3)."""
        ...


class LivenessDetector(Protocol):
    """Tells faces from pictures of faces, for one camera.

    blocks: whether what it takes for a picture of a face is recorded as no person at all.
    """

    @property
    def blocks(self) -> bool: ...

    def score(self, image: Image, detection: Detection) -> float | None:
        """Of one face sample, 0 (a picture) to 1 (a face); None where it cannot say."""
        ...

    def verdict(self, scores: Sequence[float]) -> Liveness:
        """What a track's scores, at least one, say together."""
        ...


def upright(landmarks: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.float64]:
    """The transform (2, 3) that puts five landmarks where an aligned face has them, times scale.

    Of those that turn, scale and shift it is the one with the least squares: insightface's, without
    the half a second that importing its alignment takes.  Landmarks in one spot give no finite one.
    """
    # With points as complex numbers it is a factor and a shift.
    seen = landmarks.astype(np.float64) @ [1, 1j]
    wanted = ALIGNED @ [1, 1j]
    centre = seen.mean()
    around = seen - centre
    with np.errstate(invalid="ignore"):
        factor = np.vdot(around, wanted) / np.vdot(around, around).real
    shift = wanted.mean() - factor * centre

    turn = [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    return np.array(turn) * scale


def portrait(image: Image, detection: Detection) -> Image:
    """The aligned face, turned upright as insightface does, with a margin: (160, 160, 3).

    Black where the picture ends, as recognisers were trained; to be looked at, see `filled`.
    """
    return np.asarray(
        cv2.warpAffine(image, _to_portrait(detection), _PORTRAIT_SIZE, borderValue=0.0), np.uint8
    )


def filled(portrait: Image, image: Image, detection: Detection) -> Image:
    """The portrait of a face, with what lies beyond the edges of its picture filled softly.

    A face at an edge, or one that had to be turned, would have black wedges in its corners.

    Parameters
    ----------
    portrait : uint8 (160, 160, 3)
        Of the face.
    image : uint8 (h, w, 3)
        The picture that it was cut from.
    detection : Detection
        The face in that picture.
    """
    height, width = image.shape[:2]
    matrix = _to_portrait(detection)
    to_picture = cv2.invertAffineTransform(matrix)

    def is_inside(pixels: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which pixels (n, m, 2) of the portrait the picture shows."""
        places = cv2.transform(pixels, to_picture)
        return np.asarray(((places >= 0) & (places <= (width - 1, height - 1))).all(axis=2))

    if is_inside(_PORTRAIT_PIXELS[:: PORTRAIT_PX - 1, :: PORTRAIT_PX - 1]).all():
        return portrait

    beyond = cv2.BORDER_REPLICATE
    continued = cv2.warpAffine(image, matrix, _PORTRAIT_SIZE, borderMode=beyond)
    soft = cv2.blur(continued, (FILL_BLUR_PX, FILL_BLUR_PX))
    inside = is_inside(_PORTRAIT_PIXELS)[:, :, None]
    return np.where(inside, continued, soft).astype(np.uint8)


def _to_portrait(detection: Detection) -> NDArray[np.float64]:
    """The transform (2, 3) from the picture to the portrait."""
    matrix = upright(detection.landmarks)
    matrix[:, 2] += MARGIN_PX
    return matrix


def middle(portrait: Image) -> Image:
    """The aligned face (112, 112, 3) in its portrait."""
    return portrait[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; an all-zero row stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)
