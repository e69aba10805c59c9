"""Each reason of the quality gate, on a real face that the real detector found."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from fixtures.faces import align, people
from fixtures.footage import room
from visitord.core.records import Image, Quality
from visitord.models.opencv_zoo import ZooPack
from visitord.vision.quality import assess

Change = Callable[[Image], Image]


def seen(
    pack: ZooPack,
    person: str,
    change: Change = lambda p: p,
    *,
    side: int = 240,
    x: int = 200,
    y: int = 60,
) -> Quality:
    """The quality of a portrait in a noisy room, changed before it is pasted at x, y."""
    image = next(iter(room(1)))
    picture = change(
        np.asarray(
            cv2.resize(people()[person].image, (side, side), interpolation=cv2.INTER_AREA), np.uint8
        )
    )
    left, right = max(x, 0), min(x + side, image.shape[1])
    top, bottom = max(y, 0), min(y + side, image.shape[0])
    image[top:bottom, left:right] = picture[top - y : bottom - y, left - x : right - x]
    (found,) = pack.detect(image)
    face = pack.refined(image, found)
    return assess(image, face, align(image, face))


def light(gain: float, lift: float = 0.0) -> Change:
    return lambda p: np.clip(p.astype(np.float32) * gain + lift, 0, 255).astype(np.uint8)


def blur(sigma_px: float) -> Change:
    return lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), sigma_px), np.uint8)


def roll(degrees: float) -> Change:
    def rolled(picture: Image) -> Image:
        side = len(picture)
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1.0)
        return np.asarray(
            cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    return rolled


def turn(degrees: float) -> Change:
    """A head turned aside: the picture lies on a cylinder that is turned."""

    def turned(picture: Image) -> Image:
        side = len(picture)
        x = np.arange(side)
        radius = side * 0.36
        angle = np.arcsin(np.clip((x - side / 2) / radius, -1, 1)) + np.deg2rad(degrees)
        source = side / 2 + radius * np.where(
            np.abs(angle) < np.pi / 2, np.sin(angle), np.sign(angle)
        )
        across = np.where(np.abs(x - side / 2) < radius, source, x).astype(np.float32)
        down = np.repeat(np.arange(side, dtype=np.float32)[:, None], side, axis=1)
        return np.asarray(
            cv2.remap(picture, np.tile(across, (side, 1)), down, cv2.INTER_LINEAR), np.uint8
        )

    return turned


@pytest.mark.parametrize("person", sorted(people()))
def test_a_portrait_as_it_is_has_no_flaw(pack: ZooPack, person: str) -> None:
    quality = seen(pack, person)
    assert quality.flaws == ()
    assert quality.score > 0.4


@pytest.mark.parametrize(
    ("flaw", "person", "change", "where"),
    [
        ("small", "astronaut", lambda p: p, {"side": 70}),
        ("unsure", "hanks", turn(-45), {}),
        ("blurred", "astronaut", blur(6), {}),
        ("dark", "astronaut", light(0.15), {}),
        ("overexposed", "astronaut", light(0.35, 195), {}),
        ("flat", "astronaut", light(0.13, 100), {}),
        ("profile", "t1-4", turn(40), {}),
        ("tilted", "astronaut", roll(50), {}),
        ("tilted", "astronaut", roll(-45), {}),
        ("landmarks", "t1-4", turn(40), {}),
        ("cut off", "astronaut", lambda p: p, {"y": 210}),
        ("cut off", "astronaut", lambda p: p, {"x": -110}),
        ("cut off", "astronaut", lambda p: p, {"x": 510}),
        ("cut off", "astronaut", lambda p: p, {"y": -110}),
    ],
)
def test_a_picture_with_a_flaw_says_which(
    pack: ZooPack, flaw: str, person: str, change: Change, where: dict[str, int]
) -> None:
    quality = seen(pack, person, change, **where)
    assert flaw in quality.flaws
    assert quality.score < seen(pack, person).score
