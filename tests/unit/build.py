"""Small inputs for the unit tests: unit vectors with wanted cosines, looks, frames, reports, pictures."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Detection, Embedding, Frame, Image, Picture, Quality, Shot, Template, TrackReport

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DIM = 8


def uid(n: int) -> UUID:
    return UUID(int=n)


def after(seconds: float) -> datetime:
    """The instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def axis(i: int, dim: int = DIM) -> Embedding:
    """The i-th unit vector: cosine 0 to every other."""
    vector = np.zeros(dim, np.float32)
    vector[i] = 1.0
    return vector


def near(i: int, cosine: float, other: int) -> Embedding:
    """A unit vector with `cosine` to axis i, the rest of it along axis `other`."""
    return np.asarray(cosine * axis(i) + np.sqrt(1 - cosine**2) * axis(other), np.float32)


def perturbed(i: int, rng: np.random.Generator) -> Embedding:
    """Axis i with a little noise, of unit length: cosine about 0.98 to it."""
    vector = axis(i) + rng.normal(0, 0.07, DIM)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def with_cosines(cosines: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """Unit vectors whose table of cosines this is (symmetric, ones on the diagonal)."""
    return np.linalg.cholesky(np.array(cosines, np.float64)).astype(np.float32)


def picture(height: int = 4, width: int = 4, value: int = 0) -> Image:
    return np.full((height, width, 3), value, np.uint8)


def frame(t: float, camera: str = "door", image: Image | None = None) -> Frame:
    return Frame(camera, Picture.of(picture() if image is None else image), after(t), t)


def detection(x: float, y: float = 100.0, size: float = 60.0, score: float = 0.9) -> Detection:
    """An upright frontal face whose box's upper left corner is at x, y."""
    points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    landmarks = (points * size + [x, y]).astype(np.float32)
    return Detection(np.array([x, y, x + size, y + size], np.float32), landmarks, score)


def shot(
    embedding: Embedding,
    quality: float = 0.8,
    flaws: tuple[str, ...] = (),
    t: float = 0.0,
    face_px: float = 60.0,
) -> Shot:
    return Shot(after(t), embedding, Quality(quality, flaws), face_px)


def report(
    shots: Sequence[Shot] = (), *, n: int = 1, length_s: float = 3.0, final: bool = True, still: bool = False
) -> TrackReport:
    return TrackReport(uid(n), "door", NOON, after(length_s), tuple(shots), frames=len(shots), final=final, still=still)


def template(n: int, owner: int, embedding: Embedding) -> Template:
    return Template(uid(n), uid(owner), uid(owner), embedding, 0.8)
