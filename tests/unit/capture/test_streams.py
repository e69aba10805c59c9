"""Streams decoded with FFmpeg; short clips stand for cameras, and are read as fast as they come."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from fixtures.footage import encode, room
from fixtures.scripted import configured
from visitord.capture import decode, recordings, streams
from visitord.core.clock import Clock
from visitord.core.errors import CameraError, MediaError, StreamEndedError
from visitord.core.records import Picture

WIDTH, HEIGHT, COUNT, FPS = 160, 90, 48, 12
EVERY = 1e6  # a rate at which no picture is left out


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with a key frame each second."""
    path = tmp_path_factory.mktemp("clips") / "room.mp4"
    return encode(path, room(COUNT, WIDTH, HEIGHT), fps=FPS, key_s=1)


@pytest.fixture(autouse=True)
def _nothing_said_yet() -> None:
    streams._hardware.cache_clear()  # what it says, it says once


@pytest.fixture(autouse=True)
def _clips_are_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are files, of which nothing is asked first, and which no camera's options suit."""
    monkeypatch.setattr(streams, "admitted", lambda *_: contextlib.nullcontext({}))
    monkeypatch.setattr(streams, "_options", lambda *_: {})


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 44100), np.float32), format="fltp", layout="mono"
        )
        frame.rate = 44100
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(MediaError, match="it carries no video"):
        next(recordings.read(path, 8))
    with pytest.raises(CameraError, match="it carries no video"):
        next(streams.read(str(path), configured(), print, clock=Clock()))


def played(
    path: Path,
    size: tuple[int, int] | None = None,
    decoder: str = "cpu",
    told: Callable[[str], None] = lambda _: None,
) -> list[Picture]:
    """All pictures of a stream."""
    return [p for p in packets(path, size, decoder, told) if p]


def packets(
    path: Path,
    size: tuple[int, int] | None = None,
    decoder: str = "cpu",
    told: Callable[[str], None] = lambda _: None,
) -> list[Picture | None]:
    """What comes of a stream, packet by packet."""
    asked = configured(fps=EVERY, size=size, decoder=decoder)
    came: list[Picture | None] = []
    with pytest.raises(StreamEndedError, match="the stream ended"):
        came.extend(streams.read(str(path), asked, told, clock=Clock()))
    return came


def test_every_picture_of_a_sound_stream_comes_and_what_it_is_is_told_once(clip: Path) -> None:
    told: list[str] = []
    pictures = played(clip, told=told.append)
    assert (len(pictures), told) == (COUNT, ["h264 160x90"])
    assert {(p.corrupt, p.image.shape, p.gray.shape) for p in pictures} == {
        (False, (90, 160, 3), (90, 160))
    }


# Size


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((80, 45), (45, 80)),
        ((80, 80), (45, 80)),
        ((1000, 30), (30, 53)),
        ((100, 90), (56, 100)),
        ((160, 90), (90, 160)),
        ((1280, 720), (90, 160)),
        ((159, 1000), (89, 159)),
    ],
)
def test_a_picture_is_shrunk_to_fit_but_neither_enlarged_nor_distorted(
    clip: Path, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    whole, fitted = (
        next(streams.read(str(clip), configured(fps=EVERY, size=s), print, clock=Clock()))
        for s in (None, size)
    )
    assert fitted.image.shape == (*shape, 3)
    assert (fitted.gray == whole.gray).all(), "the small grey copy stays as it is"
    assert fitted.image.mean() == pytest.approx(whole.image.mean(), abs=2)


# Decoders


NO_CARD = pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="here it works")


@pytest.mark.parametrize("decoder", [pytest.param("cuda", marks=NO_CARD), "nonsense"])
def test_a_decoder_that_does_not_work_here_is_told_once_and_replaced(
    clip: Path, caplog: pytest.LogCaptureFixture, decoder: str
) -> None:
    for _ in range(2):
        with caplog.at_level(logging.INFO):
            assert len(played(clip, decoder=decoder)) == COUNT
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    said = record.getMessage()
    assert said.startswith(f"The decoder {decoder} does not work on this machine (")
    assert said.endswith("): the CPU decodes.")
    assert ("this FFmpeg has only " in said) == (decoder == "nonsense")


def test_the_cpu_decodes_without_a_word(clip: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(played(clip)) == COUNT
    assert caplog.records == []


# Damage


def spoilt(clip: Path, where: Path, *firsts: int) -> Path:
    """A copy of the clip with most bits of three packets turned over, from each of these on: the
    decoder, which notices what makes no sense but not everything that is wrong, notices one of
    three for certain.
    """
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    for packet in (packets[first + n] for first in firsts for n in range(3)):
        assert packet.pos is not None
        assert not packet.is_keyframe
        for i in range(packet.pos + packet.size // 4, packet.pos + packet.size):
            content[i] ^= 0xFF
    path = where / "spoilt.mp4"
    path.write_bytes(content)
    return path


def tainted(pictures: list[Picture]) -> list[tuple[int, int]]:
    """The runs of corrupt pictures, each as the numbers of its first one and of the first sound one
    after it.
    """
    marks = [False, *(picture.corrupt for picture in pictures), False]
    turns = [n for n, (before, now) in enumerate(pairwise(marks)) if before != now]
    return list(zip(turns[::2], turns[1::2], strict=True))


@pytest.mark.parametrize(
    "read", [played, lambda path: list(recordings.read(path, EVERY))], ids=["stream", "recording"]
)
def test_a_picture_with_lost_parts_taints_those_made_from_it_until_the_next_key_frame(
    clip: Path, tmp_path: Path, read: Callable[[Path], list[Picture]]
) -> None:
    pictures = read(spoilt(clip, tmp_path, 5, 30))
    assert len(pictures) == COUNT
    (first, until), (second, end) = tainted(pictures)
    assert 5 <= first <= 7
    assert 30 <= second <= 32
    assert (until, end) == (12, 36)


def test_where_no_key_frame_comes_the_damage_is_held_to_have_healed_after_a_while(
    tmp_path: Path,
) -> None:
    """Cameras that refresh the picture bit by bit send none."""
    clip = encode(tmp_path / "long.mp4", room(COUNT, WIDTH, HEIGHT), fps=FPS, key_s=100)
    ((first, until),) = tainted(played(spoilt(clip, tmp_path, 8)))
    assert 8 <= first <= 10
    assert 8 <= until - round(decode.CORRUPT_S * FPS) <= 10


def test_pictures_left_out_for_their_rate_taint_the_others_all_the_same(
    clip: Path, tmp_path: Path
) -> None:
    """Of every second picture, number 8 is the first that was made from all the damaged ones."""
    pictures = list(recordings.read(spoilt(clip, tmp_path, 13), FPS / 2))
    assert len(pictures) == COUNT / 2
    ((first, until),) = tainted(pictures)
    assert 7 <= first <= 8
    assert until == 12


# Key frames


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_stream_joined_between_key_frames_tells_that_it_lives_until_the_next_one(
    tmp_path: Path, codec: str
) -> None:
    """Until then there is neither a picture to be made, nor what says how to make them."""
    suffix = "h264" if codec == "libx264" else "hevc"
    whole = encode(tmp_path / "whole.mp4", room(COUNT, WIDTH, HEIGHT), codec, fps=FPS, key_s=2)
    joined = tmp_path / f"joined.{suffix}"
    with av.open(str(whole)) as source, joined.open("wb") as target:
        video = source.streams.video[0]
        annex_b = av.BitStreamFilterContext(f"{suffix}_mp4toannexb", video)
        units = [unit for p in source.demux(video) if p.size for unit in annex_b.filter(p)]
        target.writelines(bytes(unit) for unit in units[6:])

    came = packets(joined)
    waited = came.index(next(picture for picture in came if picture))
    assert waited == 2 * FPS - 6
    assert len([picture for picture in came if picture]) == COUNT - 2 * FPS
    assert not any(picture.corrupt for picture in came if picture)


def test_a_packet_that_makes_no_sense_is_lost_and_the_stream_goes_on(
    clip: Path, tmp_path: Path
) -> None:
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        lost = [packet for packet in container.demux(video=0) if packet.size][20]
    assert lost.pos is not None
    content[lost.pos + 4] = 0x80  # the bit that no packet has set
    path = tmp_path / "lost.mp4"
    path.write_bytes(content)

    came = packets(path)
    pictures = [picture for picture in came if picture]
    assert len(pictures) >= COUNT - 1
    assert [n for n, p in enumerate(pictures) if p.corrupt] == list(range(20, 2 * FPS - 1))


def test_a_stream_that_is_no_longer_wanted_can_be_closed(clip: Path) -> None:
    stream: Iterator[Picture] = streams.read(str(clip), configured(fps=EVERY), print, clock=Clock())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(stream)
