"""How good a picture of a face is, and the named reasons it may not become a reference."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import COVERED, Detection, Image, Quality
from visitord.models.pack import CROP_PX, upright
from visitord.vision.covering import is_covered

# Corners in pixels of an aligned crop: from the brows to below the mouth, and all of it.
FACE = np.array([(28, 36), (84, 36), (84, 102), (28, 102)], np.float64)
CROP = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64) * CROP_PX
# Rows and columns of a crop: the face without hair and background.
_INNER = slice(16, 96)

# Below (or beyond) these a picture has a flaw. Box width: embeddings of faces shrunk to 20, 30, 40
# and 60 px keep cosine 0.73, 0.88, 0.94 and 0.96 to the full-size one, so references start at 40.
MIN_PX = 40.0
MIN_SCORE = 0.8
# Variance of the Laplacian (Pech-Pacheco 2000) of the aligned 112 px crop over the variance of its
# brightness, so that a flat light is not taken for blur. Blurring 16 faces by 1, 1.5 and 2 px gave
# 0.042, 0.019 and 0.011, at a cosine of 0.95, 0.87 and 0.77 to the sharp face.
MIN_SHARPNESS = 0.018
# How far the nose tip leaves the middle between the eyes, in eye distances. Turned to 0.4 and 0.6
# to 0.7, a face kept cosine 0.71 and 0.65 to its frontal self; further out one eye disappears.
MAX_TURN = 0.7
MAX_ROLL_DEG = 35.0  # YuNet's landmarks are off by a quarter of the eye distance at 45°
MIN_BRIGHTNESS = 35.0
MAX_BRIGHTNESS = 225.0
# Standard deviation of brightness, 0..255. At 31, 19 and 12 the cosine was 0.92, 0.86 and 0.78.
MIN_CONTRAST = 11.0
# The share of FACE within the picture. 20 faces cut off that far, on either side, above or below,
# kept a mean cosine of 0.9 to the whole face, and 0.75 to 0.83 a tenth of a face further in.
MIN_INSIDE = 0.98


# A cover makes the detector unsure, which then is no flaw of its own; in a picture with any other
# flaw no cover is told from none.
_OF_A_COVER = {"unsure"}


@dataclass(frozen=True, slots=True)
class Light:
    """How a crop is lit and focused.

    Attributes
    ----------
    brightness : float
        Mean, 0..255.
    contrast : float
        Standard deviation of the brightness.
    sharpness : float
        Variance of the Laplacian over the variance of the brightness.
    """

    brightness: float
    contrast: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is held.

    Attributes
    ----------
    turn : float
        How far the nose tip leaves the middle between the eyes, in eye distances.
    roll_deg : float
        How far the line between the eyes is from level.
    plausible : bool
        Whether the five landmarks can be a face at all.
    """

    turn: float
    roll_deg: float
    plausible: bool


def assess(image: Image, detection: Detection, crop: Image) -> Quality:
    """How well a face can be recognised from a picture of it.

    Parameters
    ----------
    image : uint8 (h, w, 3)
        The picture.
    detection : Detection
        The face in it.
    crop : uint8 (112, 112, 3)
        The same face, aligned.
    """
    light = _light(crop)
    pose = _pose(detection)
    face_inside = _inside(image, detection, FACE)
    crop_inside = _inside(image, detection, CROP)

    checks = (
        ("small", detection.width_px < MIN_PX),
        ("unsure", detection.score < MIN_SCORE),
        ("blurred", light.sharpness < MIN_SHARPNESS),
        ("dark", light.brightness < MIN_BRIGHTNESS),
        ("overexposed", light.brightness > MAX_BRIGHTNESS),
        ("flat", light.contrast < MIN_CONTRAST),
        ("profile", pose.turn > MAX_TURN),
        ("tilted", pose.roll_deg > MAX_ROLL_DEG),
        ("landmarks", not pose.plausible),
        ("cut off", face_inside < MIN_INSIDE),
    )
    flaws = tuple(name for name, bad in checks if bad)
    if _OF_A_COVER.issuperset(flaws) and is_covered(crop):
        flaws = (COVERED,)
    return Quality(_score(detection, light, pose, crop_inside), flaws)


def at_best(detection: Detection) -> Quality:
    """How good a picture of a face can be at best, by what its detection says.

    One that the detector is unsure of may be of a covered face.

    Parameters
    ----------
    detection : Detection
        As the detector gave it; its landmarks need not be refined.
    """
    flaws: tuple[str, ...] = ()
    if detection.width_px < MIN_PX:
        flaws = ("small",)
    elif detection.score < MIN_SCORE:
        flaws = (COVERED,)
    return Quality(_size(detection) * detection.score, flaws)


def _size(detection: Detection) -> float:
    """What the width of a face contributes to its score, 0..1."""
    return float(np.clip(detection.width_px / CROP_PX, 0.05, 1) ** 0.5)


def _score(detection: Detection, light: Light, pose: Pose, inside: float) -> float:
    """0..1, the product of what makes a picture good; inside: the share of its crop, 0..1."""
    size = _size(detection)
    frontal = np.clip(1 - pose.turn, 0.05, 1) ** 0.5
    crisp = np.clip(light.sharpness / 0.3, 0.05, 1) ** 0.25
    lit = np.clip(light.contrast / 40, 0.2, 1) ** 0.5
    score = size * frontal * crisp * lit * detection.score * inside
    return float(np.clip(score, 0, 1))


def _light(crop: Image) -> Light:
    """Of the face in an aligned crop, uint8 (112, 112, 3)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[_INNER, _INNER]
    contrast = float(grey.std())
    edges = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    return Light(float(grey.mean()), contrast, edges / max(contrast**2, 1.0))


def _pose(detection: Detection) -> Pose:
    """How the head is held, by five landmarks."""
    points = detection.landmarks.astype(np.float64)
    right_eye, left_eye, nose, right_mouth, left_mouth = points
    across = left_eye - right_eye
    distance = float(np.hypot(*across))
    if distance < 1e-3:
        return Pose(turn=1.0, roll_deg=90.0, plausible=False)

    # Axes of the face, (2,) of unit length: from eye to eye, and from the eyes down to the mouth.
    along = across / distance
    down = np.array([-along[1], along[0]])
    eyes = (right_eye + left_eye) / 2
    mouth = (right_mouth + left_mouth) / 2

    # In eye distances.
    turn = abs(float((nose - eyes) @ along)) / distance
    nose_depth = float((nose - eyes) @ down) / distance
    mouth_depth = float((mouth - eyes) @ down) / distance
    mouth_width = float((left_mouth - right_mouth) @ along) / distance
    plausible = (
        0.1 < nose_depth < mouth_depth
        and 0.5 < mouth_depth < 2.2
        and 0.3 < mouth_width < 1.6
        and distance > 0.18 * detection.width_px
    )
    return Pose(turn, detection.roll_deg, plausible)


def _inside(image: Image, detection: Detection, corners: NDArray[np.float64]) -> float:
    """The share of a rectangle (4, 2) of the aligned crop that the picture shows, 0..1."""
    height, width = image.shape[:2]
    back = cv2.invertAffineTransform(upright(detection.landmarks))
    there = (corners @ back[:, :2].T + back[:, 2]).astype(np.float32)
    picture = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    shown, _ = cv2.intersectConvexConvex(there, picture)
    return float(shown / max(cv2.contourArea(there), 1e-6))
