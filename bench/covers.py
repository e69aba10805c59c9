"""Sunglasses, caps and masks drawn onto photographs of faces, to measure what they do.

    python bench/covers.py IN OUT [--kind sunglasses+cap] [--seed 1]

Copies a folder of photographs, such as the evaluation kit's faces, with a cover drawn onto each
face: `make_day.py` then makes days of covered people of it.

A cover is drawn once on an aligned face, much enlarged, and laid onto the photograph by the five
landmarks, so that it turns and tilts with the head; it takes the light of the face.  What is drawn
differs by kind, shape, colour and chance.  It is not a photograph of a covered face: real lenses
reflect the street, real masks slip.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.config import Config
from visitord.core.records import Detection, Image
from visitord.models.opening import open_pack
from visitord.models.pack import CROP_PX

SCALE = 3  # how much larger than an aligned face (112 px) a cover is drawn
MARGIN_PX = 56  # of an aligned face, around it: a cap reaches beyond
SIDE_PX = (CROP_PX + 2 * MARGIN_PX) * SCALE

# Where an aligned face has its landmarks, (5, 2) in its pixels.
ALIGNED = np.array(
    [(38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2)], np.float64
)
RIGHT_EYE, LEFT_EYE = ALIGNED[0], ALIGNED[1]

GREY_SPREAD = 3.0  # of the colours of a grey photograph's pixels, 0..255

LENSES = ((18, 18, 20), (25, 32, 45), (24, 38, 28), (40, 26, 22), (60, 48, 40))  # BGR
FRAMES = ((15, 15, 15), (30, 45, 80), (40, 120, 165), (140, 140, 145), (200, 200, 205))
CAPS = ((30, 30, 32), (95, 45, 25), (40, 40, 150), (200, 200, 200), (60, 90, 60), (110, 160, 190))
MASKS = ((220, 190, 140), (240, 240, 240), (35, 35, 38), (190, 200, 150), (170, 150, 215))


@dataclass(frozen=True, slots=True)
class Layer:
    """Something drawn on an enlarged aligned face.

    colour: float32 (SIDE_PX, SIDE_PX, 3), BGR 0..255.  cover: float32 (SIDE_PX, SIDE_PX), 0 where
    nothing is and 1 where it hides the face.
    """

    colour: NDArray[np.float32]
    cover: NDArray[np.float32]


Drawer = Callable[[np.random.Generator], list[Layer]]


def _blank(colour: NDArray[np.float64]) -> Layer:
    return Layer(
        np.full((SIDE_PX, SIDE_PX, 3), colour, np.float32),
        np.zeros((SIDE_PX, SIDE_PX), np.float32),
    )


def _at(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Points (n, 2) of an aligned face on the enlarged one."""
    return np.round((np.asarray(points) + MARGIN_PX) * SCALE).astype(np.int32)


def _curve(points: list[tuple[float, float]]) -> NDArray[np.int32]:
    """A smooth closed curve through these points of an aligned face, on the enlarged one."""
    ring = np.array(points, np.float64)
    shares = np.linspace(0, 1, 12, endpoint=False)[:, None]
    parts = []
    for n in range(len(ring)):
        a, b, c, d = (ring[(n + k) % len(ring)] for k in (-1, 0, 1, 2))  # Catmull-Rom
        parts.append(
            b
            + 0.5 * shares * (c - a)
            + shares**2 * (a - 2.5 * b + 2 * c - 0.5 * d)
            + shares**3 * (-0.5 * a + 1.5 * b - 1.5 * c + 0.5 * d)
        )
    return _at(np.concatenate(parts))


def _soft(mask: NDArray[np.float32], blur_px: float) -> NDArray[np.float32]:
    """An edge as soft as that many pixels of an aligned face."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur_px * SCALE), np.float32)


def _choice(
    rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]
) -> NDArray[np.float64]:
    return np.array(colours[rng.integers(len(colours))], np.float64)


def sunglasses(rng: np.random.Generator) -> list[Layer]:
    """Two dark lenses of one of four shapes, or one across the face, with a frame and arms."""
    return _glasses(rng, rng.uniform(0.86, 1.0), int(rng.integers(5)))


def spectacles(rng: np.random.Generator) -> list[Layer]:
    """Ordinary glasses, which cover nothing: clear or slightly tinted, often in a thick frame."""
    return _glasses(rng, rng.choice([0.0, 0.06, 0.18]), int(rng.integers(4)))


def _glasses(rng: np.random.Generator, opacity: float, shape: int) -> list[Layer]:
    """Glasses of that shape through which so much of the face is not seen."""
    width = rng.uniform(13.5, 17.5)
    height = rng.uniform(10, 14)
    drop = rng.uniform(0, 3)
    lens = _blank(_choice(rng, LENSES))
    outlines = []
    if shape == 4:  # a sports visor
        outlines.append(
            _curve(
                [
                    (20, 47),
                    (38, 42),
                    (56, 44),
                    (74, 42),
                    (92, 47),
                    (86, 60),
                    (70, 65),
                    (56, 56),
                    (42, 65),
                    (26, 60),
                ]
            )
        )
    else:
        for eye, out in ((RIGHT_EYE, -1), (LEFT_EYE, 1)):
            x, y = eye[0] + 1.0 * out, eye[1] + drop
            w, h = width, height
            if shape == 0:  # round
                ring = [(x + h * 1.1 * np.cos(a), y + h * 1.1 * np.sin(a)) for a in _turn()]
            elif shape == 1:  # wayfarer
                ring = [
                    (x - w, y - h * 0.8),
                    (x, y - h * 0.95),
                    (x + w, y - h * 0.8),
                    (x + w * 0.85, y + h * 0.7),
                    (x, y + h),
                    (x - w * 0.85, y + h * 0.7),
                ]
            elif shape == 2:  # aviator
                ring = [
                    (x - w * 0.9, y - h * 0.8),
                    (x + w * 0.9, y - h * 0.8),
                    (x + w * (1.0 if out > 0 else 0.55), y + h * 0.6),
                    (x + out * w * 0.2, y + h * 1.35),
                    (x - w * (1.0 if out < 0 else 0.55), y + h * 0.6),
                ]
            else:  # large, oval
                ring = [(x + w * 1.05 * np.cos(a), y + h * 1.2 * np.sin(a)) for a in _turn()]
            outlines.append(_curve(ring))
    for outline in outlines:
        cv2.fillPoly(lens.cover, [outline], float(opacity))
    _shade_lens(lens, rng)

    frame = _blank(_choice(rng, FRAMES))
    thick = max(2, int(rng.uniform(0.7, 2.6) * SCALE))
    for outline in outlines:
        cv2.polylines(frame.cover, [outline], True, 1.0, thick, cv2.LINE_AA)
    bridge_y = 48 + drop
    cv2.line(frame.cover, *map(tuple, _at([(52, bridge_y), (60, bridge_y)]).tolist()), 1.0, thick)
    for a, b in (((22, 48), (4, 45)), ((90, 48), (108, 45))):
        cv2.line(frame.cover, *map(tuple, _at([a, b]).tolist()), 1.0, thick)
    return [
        Layer(lens.colour, _soft(lens.cover, 0.3)),
        Layer(frame.colour, _soft(frame.cover, 0.3)),
    ]


def _turn() -> NDArray[np.float64]:
    return np.linspace(0, 2 * np.pi, 12, endpoint=False)


def _shade_lens(lens: Layer, rng: np.random.Generator) -> None:
    """A lens is darker above, and reflects a lamp or the sky."""
    down = np.linspace(0, 1, SIDE_PX, dtype=np.float32)[:, None, None]
    colour = lens.colour
    colour += (down - 0.4) * float(rng.uniform(0, 60))
    if rng.random() < 0.5:
        shine = np.zeros((SIDE_PX, SIDE_PX), np.float32)
        for eye in (RIGHT_EYE, LEFT_EYE):
            x, y = eye + rng.uniform(-5, 5, 2)
            size = (int(rng.uniform(2, 6) * SCALE), int(rng.uniform(1, 4) * SCALE))
            centre = tuple(_at(np.array([(x, y)]))[0].tolist())
            cv2.ellipse(shine, centre, size, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
        colour += _soft(shine, 0.8)[..., None] * float(rng.uniform(40, 160))
    np.clip(colour, 0, 255, out=colour)


def cap(rng: np.random.Generator) -> list[Layer]:
    """A crown over forehead and hair, and a peak whose shadow falls on the brows."""
    colour = _choice(rng, CAPS)
    low = rng.uniform(30, 39)  # where the peak ends, above the middle of the face
    bend = rng.uniform(1, 7)
    top = low - rng.uniform(12, 18)
    crown = _blank(colour)
    cv2.fillPoly(
        crown.cover,
        [
            _curve(
                [
                    (4, top + 8),
                    (6, -18),
                    (30, -42),
                    (56, -47),
                    (82, -42),
                    (106, -18),
                    (108, top + 8),
                    (82, top + 2),
                    (56, top),
                    (30, top + 2),
                ]
            )
        ],
        1.0,
    )
    across = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)[None, :, None]
    np.multiply(crown.colour, 1 - 0.35 * across**2, out=crown.colour)
    peak = _blank(np.clip(colour * rng.uniform(0.6, 1.0), 0, 255))
    edge = [(8, low + bend), (30, low), (56, low - bend * 0.4), (82, low), (104, low + bend)]
    cv2.fillPoly(
        peak.cover,
        [_curve([*edge, (100, top), (82, top - 3), (56, top - 4), (30, top - 3), (12, top)])],
        1.0,
    )
    shadow = _blank(np.zeros(3))
    depth = rng.uniform(8, 26)
    below = [(x, y + depth) for x, y in reversed(edge)]
    cv2.fillPoly(shadow.cover, [_curve([*edge, *below])], float(rng.uniform(0.15, 0.6)))
    return [
        Layer(shadow.colour, _soft(shadow.cover, 3.0)),
        Layer(crown.colour, _soft(crown.cover, 0.5)),
        Layer(peak.colour, _soft(peak.cover, 0.4)),
    ]


def mask(rng: np.random.Generator) -> list[Layer]:
    """A surgical mask with folds, or a moulded one with a seam, from the nose to below the chin."""
    cloth = _blank(np.clip(_choice(rng, MASKS) + rng.uniform(-15, 15, 3), 0, 255))
    top = rng.uniform(58, 66)
    side = rng.uniform(12, 20)
    low = rng.uniform(112, 122)
    cv2.fillPoly(
        cloth.cover,
        [
            _curve(
                [
                    (side, top + 9),
                    (36, top + 4),
                    (56, top - 4),
                    (76, top + 4),
                    (112 - side, top + 9),
                    (109 - side, 96),
                    (84, low - 6),
                    (56, low),
                    (28, low - 6),
                    (side + 3, 96),
                ]
            )
        ],
        1.0,
    )
    across = np.linspace(-2, 2, SIDE_PX, dtype=np.float32)[None, :, None]
    dim = 1 - float(rng.uniform(0.05, 0.25)) * across**2
    np.multiply(cloth.colour, dim, out=cloth.colour)
    fold = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    if rng.random() < 0.6:
        for y in np.array([78, 88, 98]) + rng.uniform(-1, 1, 3):
            line = _at(np.array([(x, y + 0.004 * (x - 56) ** 2) for x in range(18, 96, 4)]))
            cv2.polylines(fold, [line], False, 1.0, SCALE)
    else:
        line = _at(np.array([(56 + 0.3 * np.sin(y), y) for y in range(60, 116, 4)]))
        cv2.polylines(fold, [line], False, 1.0, SCALE)
    folded = cloth.colour - _soft(fold, 0.8)[..., None] * float(rng.uniform(15, 60))
    np.clip(folded, 0, 255, out=cloth.colour)

    loops = _blank(np.full(3, 215.0))
    for a, b in (
        ((side, top + 10), (0, 52)),
        ((112 - side, top + 10), (112, 52)),
        ((side + 3, 96), (0, 66)),
        ((109 - side, 96), (112, 66)),
    ):
        cv2.line(loops.cover, *map(tuple, _at([a, b]).tolist()), 1.0, SCALE)
    shadow = _blank(np.zeros(3))
    shadow.cover[:] = _soft(cloth.cover, 2.0) * 0.35
    return [
        shadow,
        Layer(cloth.colour, _soft(cloth.cover, 0.4)),
        Layer(loops.colour, _soft(loops.cover, 0.3)),
    ]


KINDS: dict[str, tuple[Drawer, ...]] = {
    "spectacles": (spectacles,),
    "sunglasses": (sunglasses,),
    "cap": (cap,),
    "mask": (mask,),
    "sunglasses+cap": (sunglasses, cap),
    "mask+cap": (mask, cap),
    "mask+sunglasses": (sunglasses, mask),
}


def covered(image: Image, detection: Detection, kind: str, rng: np.random.Generator) -> Image:
    """A photograph with a cover drawn onto a face in it.

    Parameters
    ----------
    image : uint8 (h, w, 3)
        The photograph.
    detection : Detection
        The face, without a cover.
    kind : str
        One of KINDS.
    rng : Generator
        Chooses shape and colour.
    """
    picture = image.astype(np.float32)
    matrix = _onto(detection)
    light = _light(image, detection)
    is_grey = bool(np.ptp(image.astype(np.int16), axis=2).mean() < GREY_SPREAD)
    size = (image.shape[1], image.shape[0])
    for draw in KINDS[kind]:
        for layer in draw(rng):
            shade = np.clip(layer.colour * light, 0, 255)
            if is_grey:
                shade = np.repeat(shade.mean(axis=2, keepdims=True), 3, axis=2)
            colour = cv2.warpAffine(shade, matrix, size, flags=cv2.INTER_AREA)
            cover = cv2.warpAffine(layer.cover, matrix, size, flags=cv2.INTER_AREA)[..., None]
            picture = picture * (1 - cover) + colour * cover
    return np.clip(picture, 0, 255).astype(np.uint8)


def _onto(detection: Detection) -> NDArray[np.float64]:
    """The affine transform (2, 3) from an enlarged aligned face onto the picture."""
    enlarged = (ALIGNED + MARGIN_PX) * SCALE
    known = np.hstack([enlarged, np.ones((5, 1))])
    matrix, *_ = np.linalg.lstsq(known, detection.landmarks.astype(np.float64), rcond=None)
    return np.asarray(matrix.T, np.float64)


def _light(image: Image, detection: Detection) -> float:
    """How bright the face is, compared with a well lit one."""
    x, y = detection.landmarks.mean(axis=0).astype(int)
    half = max(2, int(detection.width_px / 4))
    there = image[max(y - half, 0) : y + half, max(x - half, 0) : x + half]
    return float(np.clip(there.mean() / 130, 0.35, 1.25)) if there.size else 1.0


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("photographs", type=Path, metavar="IN")
    options.add_argument("out", type=Path, metavar="OUT")
    options.add_argument("--kind", choices=sorted(KINDS), default="sunglasses+cap")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()

    pack = open_pack(Config())
    rng = np.random.default_rng(given.seed)
    for path in sorted(given.photographs.rglob("*")):
        image = cv2.imread(str(path)) if path.is_file() else None
        if image is None:
            continue
        picture = np.asarray(image, np.uint8)
        for face in pack.detect(picture, still=True):
            picture = covered(picture, face, given.kind, rng)
        out = given.out / path.relative_to(given.photographs)
        out.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(out), picture)


if __name__ == "__main__":
    main()
