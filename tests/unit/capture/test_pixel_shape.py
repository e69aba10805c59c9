"""Pictures whose pixels are not square are stretched until they are, whoever sends them."""

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fixtures.build import NOON
from fixtures.faces import align, people
from fixtures.footage import encode, room
from fixtures.scripted import configured
from visitord.capture import recordings, streams
from visitord.capture.pixel_shape import stretched
from visitord.capture.pixels import PIXELS_MAX
from visitord.core.clock import Clock
from visitord.core.errors import StreamEndedError
from visitord.core.records import Image, Picture
from visitord.models.opencv_zoo import ZooPack
from visitord.service.replay import Clip, _frames

WIDTH, HEIGHT = 320, 180
TWO = Fraction(2)
SQUARE = Fraction(1)
# As DVDs, D1 and recorders of analog cameras have them.
RATIOS = {
    TWO: (640, 180),
    Fraction(1, 2): (320, 360),
    Fraction(16, 11): (465, 180),
    Fraction(32, 11): (931, 180),
    Fraction(12, 11): (349, 180),
}


@pytest.fixture(autouse=True)
def _clips_are_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are files, of which nothing is asked first, and which no camera's options suit."""
    monkeypatch.setattr(streams, "admitted", lambda *_: contextlib.nullcontext({}))
    monkeypatch.setattr(streams, "_options", lambda *_: {})


def streamed(
    path: Path,
    size: tuple[int, int] | None = None,
    known: Fraction | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Picture]:
    """What comes of a clip that a camera sends."""
    asked = configured(fps=1e6, size=size, pixel_aspect=known)
    with contextlib.suppress(StreamEndedError):
        yield from filter(None, streams.read(str(path), asked, told, clock=Clock()))


def played(
    path: Path, size: tuple[int, int] | None = None, known: Fraction | None = None
) -> Iterator[Picture]:
    """What comes of it as a recording."""
    return recordings.read(path, 1e6, size, known)


Read = Callable[..., Iterator[Picture]]
both = pytest.mark.parametrize("read", [streamed, played])


def clip(folder: Path, ratio: Fraction | None, pictures: Iterator[Image] | None = None) -> Path:
    shown = pictures or room(2, WIDTH, HEIGHT)
    return encode(folder / "clip.mp4", shown, pixel_aspect=ratio)


def size_px(picture: Picture) -> tuple[int, int]:
    height, width = picture.image.shape[:2]
    return width, height


@both
@pytest.mark.parametrize("ratio", RATIOS)
def test_the_narrower_side_is_stretched_as_the_stream_says(
    tmp_path: Path, read: Read, ratio: Fraction
) -> None:
    picture = next(read(clip(tmp_path, ratio)))
    assert size_px(picture) == RATIOS[ratio]

    # The small grey copy shows the same.
    height, width = picture.gray.shape
    assert width / height == pytest.approx(RATIOS[ratio][0] / RATIOS[ratio][1], rel=0.02)
    small = cv2.resize(cv2.cvtColor(picture.image, cv2.COLOR_BGR2GRAY), (width, height))
    assert np.abs(small.astype(int) - picture.gray).mean() < 8


@both
def test_what_a_person_says_of_the_pixels_counts_more(tmp_path: Path, read: Read) -> None:
    path = clip(tmp_path, Fraction(16, 11))
    assert size_px(next(read(path, known=TWO))) == (640, 180)
    assert size_px(next(read(path, known=SQUARE))) == (WIDTH, HEIGHT)


@both
@pytest.mark.parametrize("ratio", [None, SQUARE, Fraction(100), Fraction(1, 100)])
def test_pixels_are_square_where_nothing_that_can_be_is_said(
    tmp_path: Path, read: Read, ratio: Fraction | None
) -> None:
    assert size_px(next(read(clip(tmp_path, ratio)))) == (WIDTH, HEIGHT)


@both
def test_a_picture_is_shrunk_to_fit_as_it_is_stretched(tmp_path: Path, read: Read) -> None:
    path = clip(tmp_path, TWO)
    assert size_px(next(read(path, (320, 320)))) == (320, 90)
    assert size_px(next(read(path, (640, 180)))) == (640, 180)


def test_a_picture_is_not_stretched_beyond_what_is_decoded() -> None:
    width, height = stretched(8000, 8000, TWO)
    assert width * height == pytest.approx(PIXELS_MAX, rel=0.001)
    assert width == 2 * height


def test_what_the_container_says_counts_where_the_pictures_say_otherwise(tmp_path: Path) -> None:
    """So it is for whoever mends a recording without coding it anew."""
    path = tmp_path / "mended.mp4"
    with av.open(str(clip(tmp_path, SQUARE))) as source, av.open(str(path), "w") as target:
        video = target.add_stream_from_template(source.streams.video[0])
        video.codec_context.sample_aspect_ratio = TWO
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = video
                target.mux(packet)
    assert size_px(next(played(path))) == (640, 180)


@both
def test_a_camera_that_is_set_anew_is_followed(tmp_path: Path, read: Read) -> None:
    parts = []
    for ratio in (TWO, SQUARE):
        with av.open(str(clip(tmp_path, ratio))) as source:
            video = source.streams.video[0]
            annex_b = av.BitStreamFilterContext("h264_mp4toannexb", video)
            packets = [packet for packet in source.demux(video) if packet.size]
            parts += [bytes(unit) for packet in packets for unit in annex_b.filter(packet)]
    path = tmp_path / "changing.h264"
    path.write_bytes(b"".join(parts))
    assert [size_px(picture) for picture in read(path)] == [(640, 180)] * 2 + [(320, 180)] * 2


def test_a_replay_knows_what_is_said_of_its_camera(tmp_path: Path) -> None:
    replayed = Clip(clip(tmp_path, None), "door", NOON, 1.0, still=False)
    (frame, *_) = _frames(replayed, 60, TWO)
    assert size_px(frame.picture) == (640, 180)


def test_what_a_stream_is_says_how_its_pixels_are(tmp_path: Path) -> None:
    told: list[str] = []
    for ratio in (TWO, None):
        list(streamed(clip(tmp_path, ratio), told=told.append))
    assert told == ["h264 320x180, pixels 2:1", "h264 320x180"]


@pytest.mark.parametrize("said", ["by the stream", "by a person"])
def test_a_squeezed_face_is_the_same_persons(tmp_path: Path, pack: ZooPack, said: str) -> None:
    view = next(room(1, 960, 540))
    view[100:360, 300:560] = cv2.resize(people()["astronaut"].image, (260, 260))
    squeezed = np.asarray(cv2.resize(view, (480, 540), interpolation=cv2.INTER_AREA), np.uint8)

    by_stream = said == "by the stream"
    path = clip(tmp_path, TWO if by_stream else None, iter([squeezed]))
    (picture,) = streamed(path, known=None if by_stream else TWO)
    assert cosine(pack, view, picture.image) > 0.9
    assert cosine(pack, view, squeezed) < 0.9, "else nothing is shown by this"


def cosine(pack: ZooPack, one: Image, other: Image) -> float:
    """How alike the face in one picture is to that in another."""
    crops = [align(image, pack.detect(image)[0]) for image in (one, other)]
    first, second = pack.embed(crops)
    return float(first @ second)
