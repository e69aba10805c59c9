"""The demo's people: portraits cut from pictures that come with the libraries visitord needs anyway."""

from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from visitord.errors import VisitordError
from visitord.records import Image

SIDE_PER_FACE = 1.55  # side of a portrait over the height of its face, forehead to chin


class Portrait(NamedTuple):
    """One person: `image` is a square (side, side, 3) BGR picture with the face in its middle."""

    person: str
    image: Image


class Crop(NamedTuple):
    """Where a portrait lies in a picture of an installed distribution: the square's middle and side in pixels."""

    distribution: str
    file: str
    x: int
    y: int
    side: int


_GROUP = ("insightface", "insightface/data/images/t1.jpg")
CROPS = {
    "t1-1": Crop(*_GROUP, 517, 340, 225),
    "t1-2": Crop(*_GROUP, 797, 414, 189),
    "t1-3": Crop(*_GROUP, 1172, 335, 193),
    "t1-4": Crop(*_GROUP, 956, 130, 223),
    "t1-5": Crop(*_GROUP, 114, 333, 199),
    "t1-6": Crop(*_GROUP, 319, 215, 195),
    "hanks": Crop("insightface", "insightface/data/images/Tom_Hanks_54745.png", 51, 58, 173),
    "astronaut": Crop("scikit-image", "skimage/data/astronaut.png", 223, 118, 175),
}

PEOPLE = tuple(CROPS)
"""Every person's key, in the order of `portraits`."""


def portraits() -> tuple[Portrait, ...]:
    """One portrait of each person; raises VisitordError when a picture is not to be had."""
    return tuple(Portrait(person, _cut(crop)) for person, crop in CROPS.items())


def _cut(crop: Crop) -> Image:
    """The (side, side, 3) square; beyond the picture's border its outermost pixels go on."""
    try:
        path = Path(str(metadata.distribution(crop.distribution).locate_file(crop.file)))
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (metadata.PackageNotFoundError, OSError):
        picture = None
    if picture is None:
        raise VisitordError(
            f"The demo's picture {crop.file} is missing: pip install --force-reinstall {crop.distribution}."
        )
    return np.asarray(cv2.getRectSubPix(picture, (crop.side, crop.side), (crop.x, crop.y)), np.uint8)
