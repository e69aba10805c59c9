"""Whether something hides the eyes or the mouth of a face: sunglasses, a mask.

Two linear discriminants look at an aligned crop, one at the eyes and one at what lies below the
nose: at how bright the parts of it are beside the rest of the face, at how much changes within
them, below the nose also at how much their colour differs from the nose's, and at how brightness
is spread around the eyes.  Dark lenses hide the bright skin around an eye, which ordinary glasses
do not; a mask has neither lips nor nostrils.  Everything is relative to the face itself, so that
neither a dark skin nor a dark room is a cover.

`bench/covering.py` fits their weights to covers drawn onto photographs; docs/accuracy.md has what
they find and what they take for a cover.
"""

from functools import cache
from importlib import resources
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Image

# From which a discriminant, the logarithm of the odds, says that there is a cover.  Of covers drawn
# on people it was not fitted to, sunglasses alone and with a cap, masks alone and with a cap, it
# finds 92, 87, 100 and 95 in 100, at 0 it finds 96, 89, 100 and 97, at 1.5 89, 83, 100 and 95; of
# 1,236 flawless samples of uncovered walkers it takes none for covered, at any of these.
LEAST = 0.5

CELLS = 14  # along each side of a crop, of 8 pixels
_EYE_CELLS = (slice(4, 9), slice(2, 12))
_MOUTH_CELLS = (slice(7, 14), slice(2, 12))
_FACE = (slice(16, 96), slice(16, 96))  # of a crop, without hair and background
_NOSE = (slice(64, 72), slice(36, 76))
_DARK = 8.0  # added to brightness, 0..255, so that noise in the dark does not count
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_EDGE_QUANTILES = (0.25, 0.5, 0.75, 0.95)

Features = NDArray[np.float32]


class Discriminant(NamedTuple):
    """The logarithm of the odds is bias + weights @ features."""

    bias: float
    weights: Features


def is_covered(crop: Image) -> bool:
    """Whether eyes or mouth of an aligned face, uint8 (112, 112, 3), are hidden."""
    return max(odds(crop)) >= LEAST


def odds(crop: Image) -> tuple[float, float]:
    """Of a cover over the eyes, and over the mouth: the logarithm of its odds."""
    seen = _Seen(crop)
    eyes, mouth = discriminants()
    return (
        eyes.bias + float(eyes.weights @ seen.eyes()),
        mouth.bias + float(mouth.weights @ seen.mouth()),
    )


@cache
def discriminants() -> tuple[Discriminant, Discriminant]:
    """Of the eyes and of the mouth, as they were fitted."""
    return _discriminant("covered_eyes.txt"), _discriminant("covered_mouth.txt")


def _discriminant(name: str) -> Discriminant:
    with (resources.files("visitord.vision") / "data" / name).open(encoding="ascii") as file:
        numbers = np.loadtxt(file, np.float32)
    return Discriminant(float(numbers[0]), numbers[1:])


def features(crop: Image) -> tuple[Features, Features]:
    """What the discriminants of the eyes and of the mouth look at."""
    seen = _Seen(crop)
    return seen.eyes(), seen.mouth()


class _Seen:
    """An aligned crop as the discriminants see it: float32 (112, 112) each.

    light: the logarithm of its brightness.  across, down: how much that changes.
    """

    def __init__(self, crop: Image) -> None:
        grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
        self._crop = crop
        self._light = np.log(grey + _DARK)
        smooth = cv2.GaussianBlur(self._light, (0, 0), 1)
        self._smooth = smooth - np.float32(np.median(self._light[_FACE]))
        self._across = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0))
        self._down = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 0, 1))

    def eyes(self) -> Features:
        """Of the cells around the eyes, and of each eye's surroundings."""
        cells = [_cells(channel, _EYE_CELLS) for channel in self._channels()]
        each = np.stack([self._surroundings(eye) for eye in _eyes()])
        return np.concatenate([*cells, each.mean(axis=0), each.max(axis=0)]).astype(np.float32)

    def mouth(self) -> Features:
        """Of the cells from the tip of the nose down."""
        lab = cv2.cvtColor(self._crop, cv2.COLOR_BGR2LAB).astype(np.float32)[..., 1:]
        colour = np.linalg.norm(lab - np.median(lab[_NOSE], axis=(0, 1)), axis=2)
        channels = (*self._channels(), np.sqrt(_grid(colour)))
        cells = [_cells(channel, _MOUTH_CELLS) for channel in channels]
        return np.concatenate(cells).astype(np.float32)

    def _channels(self) -> tuple[Features, Features, Features]:
        """Brightness, and its changes across and down, (CELLS, CELLS) each."""
        return (
            _grid(self._smooth),
            np.sqrt(_grid(self._across)),
            np.sqrt(_grid(self._down)),
        )

    def _surroundings(self, eye: NDArray[np.bool_]) -> Features:
        """How brightness, beside the nose's, and its changes are spread around an eye, (10,)."""
        light = self._light[eye] - np.median(self._light[_below_eyes()])
        changes = np.hypot(self._across[eye], self._down[eye])
        spread = np.quantile(light, _QUANTILES)
        edges = np.sqrt(np.quantile(changes, _EDGE_QUANTILES))
        return np.concatenate([spread, edges, [light.std()]]).astype(np.float32)


def _grid(channel: Features) -> Features:
    """The means of a channel's cells, (CELLS, CELLS)."""
    small = cv2.resize(channel, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _cells(grid: Features, part: tuple[slice, slice]) -> Features:
    """Some cells of a grid, those of one side and their mirrors as one."""
    cells = grid[part]
    both = (cells + cells[:, ::-1]) / 2
    return np.asarray(both[:, : both.shape[1] // 2].ravel(), np.float32)


@cache
def _eyes() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the eyes and their surroundings are in a crop, (112, 112) each."""
    return _ellipse(38.3, 53, 11, 8), _ellipse(73.5, 53, 11, 8)


@cache
def _below_eyes() -> NDArray[np.bool_]:
    """The nose and the cheeks beside it in a crop, (112, 112)."""
    return _ellipse(56, 68, 20, 9)


def _ellipse(x: float, y: float, width: float, height: float) -> NDArray[np.bool_]:
    """The pixels of a crop within an ellipse of these half axes."""
    down, across = np.mgrid[0:112, 0:112]
    within: NDArray[np.bool_] = ((across - x) / width) ** 2 + ((down - y) / height) ** 2 < 1
    return within
