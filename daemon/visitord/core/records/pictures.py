"""Pictures, as a camera or a file gives them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from visitord.core.clock import aware
from visitord.core.records.arrays import Gray, Image, check_array

GRAY_PX = 160  # about the width of a picture's small grey copy


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, turned into colour only when someone looks: most show an empty room.

    Attributes
    ----------
    t : float
        Media time in seconds from the start of its file or stream.
    gray : uint8 (h, w)
        Its brightness, every n-th pixel of every n-th row; see `gray_step`.
    decode : callable
        Makes the image, uint8 (h, w, 3) BGR.
    corrupt : bool
        The decoder says that parts are missing.
    """

    t: float
    gray: Gray
    decode: Callable[[], Image]
    corrupt: bool = False

    @classmethod
    def of(cls, image: Image, t: float = 0.0) -> "Picture":
        """A picture that is in colour already."""
        check_array(image, (None, None, 3), np.uint8, "a frame's image")
        step = gray_step(image.shape[1])
        green = image[::step, ::step, 1]  # is most of brightness
        return cls(t, np.ascontiguousarray(green), lambda: image)

    @cached_property
    def image(self) -> Image:
        """The picture in colour, uint8 (h, w, 3) BGR."""
        return self.decode()


def gray_step(width_px: int) -> int:
    """Every how many pixels a picture's small grey copy takes one."""
    return max(1, width_px // GRAY_PX)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera.

    Attributes
    ----------
    camera : str
        The camera's name.
    picture : Picture
        What it shows.
    at : datetime
        When it was taken, UTC.
    t : float
        Seconds on the camera's own steady clock (monotonic time when live, media time in a
        replay); only differences mean anything.
    """

    camera: str
    picture: Picture
    at: datetime
    t: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", aware(self.at))

    @property
    def image(self) -> Image:
        """The picture in colour, uint8 (h, w, 3) BGR."""
        return self.picture.image
