"""Draws how alike the people of a site are: a histogram of scores, with thresholds as lines."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Image
from visitord.identity.calibration import Sample

WIDTH_PX, HEIGHT_PX = 900, 500
LEFT_PX, RIGHT_PX = 70, 880  # of the axes
TOP_PX, BOTTOM_PX = 95, 430
BIN = 0.02  # cosine similarity

ORANGE = (30, 130, 240)  # blue, green, red
BLUE = (190, 110, 30)
BLACK = (30, 30, 30)
GREEN = (60, 140, 0)
KINDS = {"different people": ORANGE, "same person": BLUE}
LINES = (BLACK, GREEN)

Colour = tuple[int, int, int]
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Axes:
    """From `lowest` to `rightmost` across, from no share to `highest` upwards."""

    lowest: float
    rightmost: float
    highest: float

    def at(self, score: float, share: float = 0.0) -> Point:
        """The pixel of a score and a share of scores."""
        across = (score - self.lowest) / (self.rightmost - self.lowest)
        x = LEFT_PX + (RIGHT_PX - LEFT_PX) * across
        y = BOTTOM_PX - (BOTTOM_PX - TOP_PX) * share / self.highest
        return round(x), round(y)


def draw(sample: Sample, thresholds: Mapping[str, float]) -> bytes:
    """A PNG of 900 by 500 pixels.

    Parameters
    ----------
    sample : Sample
        Scores of different people and of one person; either may be empty.
    thresholds : mapping
        At most two, by what the legend calls them.
    """
    scores = dict(zip(KINDS, (sample.different, sample.same), strict=True))
    everything = np.concatenate([*scores.values(), list(thresholds.values()), [0.0]])
    lowest = math.floor(everything.min() * 10) / 10
    edges = np.arange(lowest, 1.03, BIN)
    shares = {kind: _shares(values, edges) for kind, values in scores.items()}
    highest = max(0.1, *(share.max() for share in shares.values()))
    axes = _Axes(lowest, float(edges[-1]), math.ceil(highest * 10) / 10)

    picture: Image = np.full((HEIGHT_PX, WIDTH_PX, 3), 255, np.uint8)
    for kind, heights in shares.items():
        picture = _bars(picture, axes, edges, heights, KINDS[kind])

    counted = [f"{kind}: {len(values)} scores" for kind, values in scores.items()]
    named = [f"{name}: {threshold:.3f}" for name, threshold in thresholds.items()]
    _legend(picture, [*counted, *named])
    _scales(picture, axes)
    for threshold, colour in zip(thresholds.values(), LINES, strict=False):
        foot, head = axes.at(threshold), axes.at(threshold, axes.highest)
        cv2.line(picture, foot, head, colour, 2)
    return cv2.imencode(".png", picture)[1].tobytes()


def _shares(scores: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which share of scores (n,) lies in each bin (b,) between edges (b + 1,)."""
    return np.histogram(scores, edges)[0] / max(1, len(scores))


def _bars(
    picture: Image,
    axes: _Axes,
    edges: NDArray[np.float64],
    shares: NDArray[np.float64],
    colour: Colour,
) -> Image:
    """The picture with a histogram (b,) on it, through which others show."""
    heights = (0, *np.repeat(shares, 2), 0)
    outline = [
        axes.at(score, height) for score, height in zip(np.repeat(edges, 2), heights, strict=True)
    ]
    bars = cv2.fillPoly(picture.copy(), [np.array(outline)], colour)
    return np.asarray(cv2.addWeighted(bars, 0.6, picture, 0.4, 0), np.uint8)


def _legend(picture: Image, texts: list[str]) -> None:
    """In two rows, each text in the colour of what it is about."""
    for n, (text, colour) in enumerate(zip(texts, (*KINDS.values(), *LINES), strict=False)):
        _write(picture, text, (LEFT_PX + 400 * (n // 2), 40 + 28 * (n % 2)), colour)


def _scales(picture: Image, axes: _Axes) -> None:
    for tenth in range(round(axes.lowest * 10), 11):
        x, _ = axes.at(tenth / 10)
        _write(picture, f"{tenth / 10:.1f}", (x - 12, BOTTOM_PX + 22))
    for share in np.linspace(0, axes.highest, 6):
        _, y = axes.at(0, share)
        _write(picture, f"{share:.0%}", (22, y + 5))
    about = "cosine similarity; height: share of the scores of that kind"
    _write(picture, about, (LEFT_PX, HEIGHT_PX - 20))


def _write(picture: Image, text: str, place: Point, colour: Colour = BLACK) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
