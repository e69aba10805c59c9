"""USB cameras.  The test machine has no video device: a stand-in notes what OpenCV is asked, and
answers.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

import cv2
import numpy as np
import pytest

from fixtures.scripted import configured
from visitord.capture import v4l2
from visitord.core.clock import Clock
from visitord.core.errors import CameraError
from visitord.core.records import Image, Picture

FORMAT, WIDTH, HEIGHT, RATE = (
    cv2.CAP_PROP_FOURCC,
    cv2.CAP_PROP_FRAME_WIDTH,
    cv2.CAP_PROP_FRAME_HEIGHT,
    cv2.CAP_PROP_FPS,
)
YUYV, MJPG = (cv2.VideoWriter.fourcc(*code) for code in ("YUYV", "MJPG"))


class StandIn:
    """As cv2.VideoCapture: a device that gives what it is asked for, except what `fixed` says."""

    present: ClassVar[bool]
    fixed: ClassVar[dict[int, float]]
    pictures: ClassVar[list[Image | None]]  # None: one that cannot be decoded
    made: ClassVar[list["StandIn"]]

    def __init__(self, device: int | str, backend: int) -> None:
        self.device, self.backend = device, backend
        self.values: dict[int, float] = {FORMAT: YUYV, WIDTH: 640, HEIGHT: 480, RATE: 30}
        self.asked: list[tuple[int, float]] = []
        self.left = list(self.pictures)
        self.grabbed = self.retrieved = self.released = 0
        self.made.append(self)

    def isOpened(self) -> bool:  # noqa: N802
        return self.present

    def set(self, key: int, value: float) -> bool:
        self.asked.append((key, value))
        self.values[key] = value
        return True

    def get(self, key: int) -> float:
        return self.fixed.get(key, self.values[key])

    def grab(self) -> bool:
        self.grabbed += 1
        return self.grabbed <= len(self.left)

    def retrieve(self) -> tuple[bool, Image | None]:
        self.retrieved += 1
        image = self.left[self.grabbed - 1]
        return image is not None, image

    def release(self) -> None:
        self.released += 1


class Ticking(Clock):
    """Every look at it takes `step` seconds."""

    def __init__(self, step_s: float) -> None:
        self.step_s = step_s
        self.seconds = 50.0

    def monotonic(self) -> float:
        self.seconds += self.step_s
        return self.seconds


@pytest.fixture(autouse=True)
def _device(monkeypatch: pytest.MonkeyPatch) -> None:
    """A present device with three pictures, asked for once a second."""
    StandIn.present, StandIn.fixed, StandIn.made = True, {}, []
    StandIn.pictures = [np.full((480, 640, 3), n, np.uint8) for n in range(3)]
    monkeypatch.setattr(cv2, "VideoCapture", StandIn)


def used(
    path: str = "/dev/video0",
    fps: float = 8,
    size: tuple[int, int] | None = None,
    pixel_format: str | None = None,
    step_s: float = 1.0,
    pixel_aspect: Fraction | None = None,
) -> tuple[list[Picture], list[str], CameraError, StandIn]:
    """What a device gave until it failed: its pictures, what was told, the failure, and the
    stand-in.
    """
    pictures: list[Picture] = []
    told: list[str] = []
    with pytest.raises(CameraError) as caught:
        asked = configured(fps=fps, size=size, format=pixel_format, pixel_aspect=pixel_aspect)
        read = v4l2.read(path, asked, told.append, clock=Ticking(step_s))
        pictures.extend(picture for picture in read)
    (one,) = StandIn.made
    return pictures, told, caught.value, one


@pytest.mark.parametrize(
    ("path", "device"),
    [
        ("0", 0),
        ("12", 12),
        ("/dev/video2", "/dev/video2"),
        ("/dev/v4l/by-id/a", "/dev/v4l/by-id/a"),
    ],
)
def test_a_device_is_opened_by_index_or_path_with_v4l2(path: str, device: int | str) -> None:
    one = used(path)[-1]
    assert (one.device, one.backend) == (device, cv2.CAP_V4L2)
    assert isinstance(one.device, type(device))


def test_the_format_is_asked_for_before_the_size_and_the_size_before_the_rate() -> None:
    """The format decides which sizes there are, and both decide the rates."""
    one = used(size=(1280, 720), pixel_format="MJPG")[-1]
    assert one.asked == [(FORMAT, MJPG), (WIDTH, 1280), (HEIGHT, 720), (RATE, 8)]


def test_what_is_not_configured_is_left_as_it_is() -> None:
    assert used()[-1].asked == [(RATE, 8)]


def test_pictures_of_a_device_that_squeezes_are_stretched() -> None:
    (shape,) = {picture.image.shape for picture in used(pixel_aspect=Fraction(2))[0]}
    assert shape == (480, 1280, 3)


def test_what_was_got_is_told_once() -> None:
    assert used(size=(1280, 720), pixel_format="MJPG")[1] == ["MJPG 1280x720, 8/s"]
    StandIn.made.clear()
    assert used(fps=7.5)[1] == ["YUYV 640x480, 7.5/s"]


@pytest.mark.parametrize(
    ("fixed", "said"),
    [
        ({FORMAT: YUYV}, "YUYV 1280x720, 8/s (asked for MJPG)"),
        ({WIDTH: 800, HEIGHT: 600}, "MJPG 800x600, 8/s (asked for 1280x720)"),
        ({HEIGHT: 719}, "MJPG 1280x719, 8/s (asked for 1280x720)"),
        ({RATE: 30}, "MJPG 1280x720, 30/s (asked for 8/s)"),
        ({RATE: 0}, "MJPG 1280x720, 0/s (asked for 8/s)"),
        (
            {FORMAT: YUYV, WIDTH: 640, HEIGHT: 480, RATE: 15},
            "YUYV 640x480, 15/s (asked for MJPG, 1280x720, 8/s)",
        ),
    ],
)
def test_what_was_asked_for_is_told_where_something_else_came(
    fixed: dict[int, float], said: str
) -> None:
    StandIn.fixed = fixed
    assert used(size=(1280, 720), pixel_format="MJPG")[1] == [said]


def test_a_rate_next_to_the_one_asked_for_is_no_difference() -> None:
    StandIn.fixed = {RATE: 7.9996}
    assert "asked" not in used()[1][0]


@pytest.mark.parametrize("code", [0, -1, 0xFFFFFFFF])
def test_a_format_that_is_no_text_does_not_disturb(code: int) -> None:
    StandIn.fixed = {FORMAT: code}
    (told,) = used()[1]
    assert told.endswith("640x480, 8/s")
    assert told.isprintable()


def test_a_device_that_tells_no_format_is_told_with_its_size_only() -> None:
    StandIn.fixed = {FORMAT: 0}
    assert used()[1] == ["640x480, 8/s"]


def test_pictures_come_in_order_with_their_times() -> None:
    pictures, *_ = used()
    assert [int(p.image[0, 0, 0]) for p in pictures] == [0, 1, 2]
    assert [p.t for p in pictures] == [1.0, 2.0, 3.0]
    assert pictures[0].gray.shape == (120, 160)
    assert not pictures[0].corrupt


def test_no_more_pictures_are_decoded_than_asked_for() -> None:
    """A device at 20/s is emptied all the time, so that its pictures are new, but only 5/s are
    decoded.
    """
    StandIn.pictures = [np.zeros((48, 64, 3), np.uint8)] * 100
    pictures, _, _, one = used(fps=5, step_s=0.05)
    assert (len(pictures), one.retrieved, one.grabbed) == (25, 25, 101)


# Failures; the device is given back every time


def test_a_device_that_is_not_there_is_told() -> None:
    StandIn.present = False
    pictures, told, error, one = used()
    assert f"{error}" == "there is no such video device, or another program uses it"
    assert (pictures, told, one.asked, one.released) == ([], [], [], 1)


def test_a_device_that_stops_giving_pictures_is_told() -> None:
    pictures, _, error, one = used()
    assert f"{error}" == "the device stopped giving pictures"
    assert (len(pictures), one.released) == (3, 1)


def test_a_device_whose_pictures_cannot_be_decoded_is_told() -> None:
    StandIn.pictures[1] = None
    pictures, _, error, one = used()
    assert f"{error}" == "the device gives pictures that cannot be decoded"
    assert (len(pictures), one.released) == (1, 1)


def test_a_device_that_is_no_longer_wanted_is_released() -> None:
    stream: Iterator[Picture] = v4l2.read("0", configured(), lambda _: None, clock=Clock())
    next(stream)
    assert StandIn.made[0].released == 0
    stream.close()  # type: ignore[attr-defined]
    assert StandIn.made[0].released == 1


def test_a_device_is_released_though_the_one_told_fails() -> None:
    def fail(_: str) -> None:
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        next(v4l2.read("0", configured(), fail, clock=Clock()))
    assert StandIn.made[0].released == 1


def test_a_device_that_really_is_not_there_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV itself, on a path that no machine has."""
    monkeypatch.undo()
    with pytest.raises(CameraError, match="there is no such video device"):
        next(v4l2.read("/dev/v4l/by-id/none", configured(), lambda _: None, clock=Clock()))
