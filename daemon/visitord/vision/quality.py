"""How good a picture of a face is, and the named reasons it may not become a reference."""

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Detection, Image, Quality
from visitord.models.pack import CROP_PX, upright

FACE = np.array(
    [(28, 36), (84, 36), (84, 102), (28, 102)], np.float64
)  # of an aligned crop: brows to below the mouth
CROP = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64) * CROP_PX


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
MIN_BRIGHTNESS, MAX_BRIGHTNESS = 35.0, 225.0
# Standard deviation of brightness, 0..255. At 31, 19 and 12 the cosine was 0.92, 0.86 and 0.78.
MIN_CONTRAST = 11.0
# The share of FACE within the picture. 20 faces cut off that far, on either side, above or below,
# kept a mean cosine of 0.9 to the whole face, and 0.75 to 0.83 a tenth of a face further in.
MIN_INSIDE = 0.98


def assess(image: Image, detection: Detection, crop: Image) -> Quality:
    """LivenessDetector a detection by its box, landmarks and aligned crop (112, 112, 3)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[16:96, 16:96]
    brightness, contrast = float(grey.mean()), float(grey.std())
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var()) / max(contrast**2, 1.0)
    turn, roll, plausible = _pose(detection)
    inside, seen = (_inside(image, detection, corners) for corners in (FACE, CROP))
    checks = (
        ("small", detection.width_px < MIN_PX),
        ("unsure", detection.score < MIN_SCORE),
        ("blurred", sharpness < MIN_SHARPNESS),
        ("dark", brightness < MIN_BRIGHTNESS),
        ("overexposed", brightness > MAX_BRIGHTNESS),
        ("flat", contrast < MIN_CONTRAST),
        ("profile", turn > MAX_TURN),
        ("tilted", roll > MAX_ROLL_DEG),
        ("landmarks", not plausible),
        ("cut off", inside < MIN_INSIDE),
    )
    size = np.clip(detection.width_px / CROP_PX, 0.05, 1) ** 0.5
    frontal = np.clip(1 - turn, 0.05, 1)
    crisp = np.clip(sharpness / 0.3, 0.05, 1) ** 0.25
    light = np.clip(contrast / 40, 0.2, 1)
    score = size * frontal**0.5 * crisp * light**0.5 * detection.score * seen
    return Quality(float(np.clip(score, 0, 1)), tuple(name for name, bad in checks if bad))


def _pose(detection: Detection) -> tuple[float, float, bool]:
    """(turn in eye distances, roll in degrees, whether the five points can be a face at all)."""
    right_eye, left_eye, nose, right_mouth, left_mouth = detection.landmarks.astype(np.float64)
    across = left_eye - right_eye
    distance = float(np.hypot(*across))
    if distance < 1e-3:
        return 1.0, 90.0, False
    along = across / distance
    down = np.array([-along[1], along[0]])
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    turn = abs(float((nose - eyes) @ along)) / distance
    nose_depth, mouth_depth = (
        float((nose - eyes) @ down) / distance,
        float((mouth - eyes) @ down) / distance,
    )
    mouth_width = float((left_mouth - right_mouth) @ along) / distance
    plausible = (
        0.1 < nose_depth < mouth_depth
        and 0.5 < mouth_depth < 2.2
        and 0.3 < mouth_width < 1.6
        and distance > 0.18 * detection.width_px
    )
    return turn, detection.roll_deg, plausible


def _inside(image: Image, detection: Detection, corners: NDArray[np.float64]) -> float:
    """The share of a rectangle (4, 2) of the aligned crop that the picture shows, 0..1."""
    height, width = image.shape[:2]
    back = cv2.invertAffineTransform(upright(detection.landmarks))
    there = (corners @ back[:, :2].T + back[:, 2]).astype(np.float32)
    picture = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    return float(cv2.intersectConvexConvex(there, picture)[0] / max(cv2.contourArea(there), 1e-6))
