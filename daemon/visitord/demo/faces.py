"""The demo's people: portraits cut from pictures that the installed libraries bring along.

The pictures are found by asking the import system where a package lies; no package is imported for it.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.errors import VisitordError

CROP_PER_FACE = 1.55
"""Side of a portrait divided by the height of the face in it."""

_PADDING_BLUR_PX = 6.0

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Portrait:
    """One person: `image` is a square (side, side, 3) BGR crop with the face in its middle."""

    person: str
    image: Image

    @property
    def face_height_px(self) -> float:
        """Height of the face in `image`, forehead to chin."""
        return float(self.image.shape[0]) / CROP_PER_FACE


@dataclass(frozen=True)
class FaceBox:
    """Where a person's face lies in its picture; x and y are the upper left corner."""

    person: str
    x_px: int
    y_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Picture:
    """A picture inside an installed package, with the faces the demo takes from it."""

    package: str
    distribution: str
    file: str
    faces: tuple[FaceBox, ...]


@dataclass(frozen=True)
class CropBox:
    """A square in a picture; it may reach over the picture's border."""

    left_px: int
    top_px: int
    side_px: int


PICTURES = (
    Picture(
        "insightface",
        "insightface",
        "data/images/t1.jpg",
        (
            FaceBox("t1-1", 466, 267, 102, 145),
            FaceBox("t1-2", 748, 353, 98, 122),
            FaceBox("t1-3", 1125, 273, 95, 124),
            FaceBox("t1-4", 906, 58, 100, 144),
            FaceBox("t1-5", 61, 269, 106, 128),
            FaceBox("t1-6", 267, 152, 105, 126),
        ),
    ),
    Picture(
        "insightface",
        "insightface",
        "data/images/Tom_Hanks_54745.png",
        (FaceBox("hanks", 13, 2, 76, 112),),
    ),
    Picture("skimage", "scikit-image", "data/astronaut.png", (FaceBox("astronaut", 178, 62, 90, 113),)),
)

PEOPLE: tuple[str, ...] = tuple(face.person for picture in PICTURES for face in picture.faces)
"""Every person's key, in the order of `portraits`."""


def portraits() -> tuple[Portrait, ...]:
    """One portrait of each person; raises VisitordError when a picture is not to be had."""
    return tuple(portrait for picture in PICTURES for portrait in _portraits_of(picture))


def package_file(package: str, distribution: str, file: str) -> Path:
    """The path of `file` inside `package`, which `pip install distribution` would install."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise VisitordError(f"The demo takes pictures from {distribution}: install it with pip install {distribution}.")
    candidates = [Path(folder) / file for folder in spec.submodule_search_locations]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise VisitordError(
        f"The demo's picture {candidates[0]} is missing: reinstall it with "
        f"pip install --force-reinstall {distribution}."
    )


def crop_box(face: FaceBox) -> CropBox:
    """The square around `face` that its portrait shows."""
    side_px = round(face.height_px * CROP_PER_FACE)
    return CropBox(
        left_px=round(face.x_px + face.width_px / 2 - side_px / 2),
        top_px=round(face.y_px + face.height_px / 2 - side_px / 2),
        side_px=side_px,
    )


def _portraits_of(picture: Picture) -> Iterator[Portrait]:
    path = package_file(picture.package, picture.distribution, picture.file)
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise VisitordError(f"The demo's picture {path} cannot be read: reinstall {picture.distribution}.")
    for face in picture.faces:
        yield Portrait(face.person, _crop(image.astype(np.uint8, copy=False), crop_box(face)))


def _crop(image: Image, box: CropBox) -> Image:
    """The (side, side, 3) square `box`; what lies outside `image` continues its border, blurred."""
    height_px, width_px = image.shape[:2]
    margin_px = max(
        0,
        -box.left_px,
        -box.top_px,
        box.left_px + box.side_px - width_px,
        box.top_px + box.side_px - height_px,
    )
    padded = _padded(image, margin_px) if margin_px else image
    top_px, left_px = box.top_px + margin_px, box.left_px + margin_px
    square = padded[top_px : top_px + box.side_px, left_px : left_px + box.side_px]
    return np.ascontiguousarray(square, dtype=np.uint8)


def _padded(image: Image, margin_px: int) -> Image:
    """`image` with a soft surrounding of `margin_px` on every side."""
    inner = slice(margin_px, -margin_px)
    padded = cv2.copyMakeBorder(image, margin_px, margin_px, margin_px, margin_px, cv2.BORDER_REPLICATE)
    softened = cv2.GaussianBlur(padded, (0, 0), _PADDING_BLUR_PX)
    softened[inner, inner] = image
    return np.asarray(softened, dtype=np.uint8)
