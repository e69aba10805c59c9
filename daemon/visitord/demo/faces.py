"""The demo's people: portraits cut from pictures that come with libraries visitord needs anyway."""

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from visitord.core.errors import VisitordError
from visitord.core.records import Image

_PICTURES = "insightface/data/images"


@dataclass(frozen=True, slots=True)
class Crop:
    """Where a portrait lies: a file of a distribution, and the square in its picture.

    x_px, y_px: the square's middle.
    """

    distribution: str
    file: str
    x_px: int
    y_px: int
    side_px: int


def _of_group(x_px: int, y_px: int, side_px: int) -> Crop:
    """A portrait in insightface's picture of six people."""
    return Crop("insightface", f"{_PICTURES}/t1.jpg", x_px, y_px, side_px)


CROPS = {
    "t1-1": _of_group(517, 340, 225),
    "t1-2": _of_group(797, 414, 189),
    "t1-3": _of_group(1172, 335, 193),
    "t1-4": _of_group(956, 130, 223),
    "t1-5": _of_group(114, 333, 199),
    "t1-6": _of_group(319, 215, 195),
    "hanks": Crop("insightface", f"{_PICTURES}/Tom_Hanks_54745.png", 51, 58, 173),
    "astronaut": Crop("scikit-image", "skimage/data/astronaut.png", 223, 118, 175),
}


class Portrait(NamedTuple):
    """One person.

    image: square, (side, side, 3), BGR, about 1.5 times as high as the face in it.
    """

    person: str
    image: Image


def portraits() -> tuple[Portrait, ...]:
    """One portrait of each person; raises VisitordError when a picture is not to be had."""
    return tuple(Portrait(person, _cut(crop)) for person, crop in CROPS.items())


def _cut(crop: Crop) -> Image:
    """The square (side, side, 3); beyond the picture's border its outermost pixels go on."""
    try:
        found = metadata.distribution(crop.distribution).locate_file(crop.file)
        content = np.frombuffer(Path(str(found)).read_bytes(), np.uint8)
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except (metadata.PackageNotFoundError, OSError):
        picture = None

    if picture is None:
        raise VisitordError(
            f"The demo's picture {crop.file} is missing: "
            f"pip install --force-reinstall {crop.distribution}."
        )
    size = (crop.side_px, crop.side_px)
    middle = (crop.x_px, crop.y_px)
    return np.asarray(cv2.getRectSubPix(picture, size, middle), np.uint8)
