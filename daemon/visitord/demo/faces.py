"""The demo's people: portraits cut from pictures that come with the libraries visitord needs
anyway.
"""

from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from visitord.core.errors import VisitordError
from visitord.core.records import Image

_GROUP = ("insightface", "insightface/data/images/t1.jpg")
CROPS = {
    "t1-1": (*_GROUP, 517, 340, 225),
    "t1-2": (*_GROUP, 797, 414, 189),
    "t1-3": (*_GROUP, 1172, 335, 193),
    "t1-4": (*_GROUP, 956, 130, 223),
    "t1-5": (*_GROUP, 114, 333, 199),
    "t1-6": (*_GROUP, 319, 215, 195),
    "hanks": ("insightface", "insightface/data/images/Tom_Hanks_54745.png", 51, 58, 173),
    "astronaut": ("scikit-image", "skimage/data/astronaut.png", 223, 118, 175),
}
"""Where each person's portrait lies: distribution, file in it, the square's middle (x, y) and side
in pixels.
"""


class Portrait(NamedTuple):
    """One person: `image` is a square (side, side, 3) BGR picture, about 1.5 times as high as the
    face in it.
    """

    person: str
    image: Image


def portraits() -> tuple[Portrait, ...]:
    """One portrait of each person; raises VisitordError when a picture is not to be had."""
    return tuple(Portrait(person, _cut(*crop)) for person, crop in CROPS.items())


def _cut(distribution: str, file: str, x: int, y: int, side: int) -> Image:
    """The (side, side, 3) square around (x, y); beyond the picture's border its outermost pixels go
    on.
    """
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(file)))
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (metadata.PackageNotFoundError, OSError):
        picture = None
    if picture is None:
        raise VisitordError(
            f"The demo's picture {file} is missing: pip install --force-reinstall {distribution}."
        )
    return np.asarray(cv2.getRectSubPix(picture, (side, side), (x, y)), np.uint8)
