"""Recordings: the file itself is read, and nothing that it names."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from fixtures.footage import encode, live_webm, room
from visitord.capture import recordings
from visitord.core.errors import MediaError

PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile {}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={}\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return encode(tmp_path / "door.mp4", room(12, 160, 90))


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_is_refused(clip: Path, kind: str) -> None:
    path = clip.with_name(f"list.{kind}")
    path.write_text(PLAYLISTS[kind].format(clip.name))
    with pytest.raises(MediaError) as caught:
        recordings.length_s(path)
    assert str(caught.value) == (
        f"{path} cannot be read as video: it is a playlist, or of a kind that is not read here."
    )


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts", "flv", "mpg", "mov", "nut", "asf"])
def test_what_cameras_and_recorders_write_is_read(tmp_path: Path, suffix: str) -> None:
    path = encode(tmp_path / f"door.{suffix}", room(12, 160, 90))
    assert len(list(recordings.read(path, 60))) == 12


# A film whose pictures lie in another file


def test_a_film_whose_pictures_lie_in_another_file_has_none(clip: Path) -> None:
    path = referring(clip)
    with av.open(str(path), options={"enable_drefs": "1"}) as container:
        assert next(container.decode(video=0)), "it would be read if that were allowed"
    with pytest.raises(MediaError, match="cannot be read as video: it has no picture in it"):
        list(recordings.read(path, 8))


def referring(clip: Path) -> Path:
    """A film beside the clip with its index alone, whose pictures are in the clip."""
    content = clip.read_bytes()
    moov = content[_boxes(content)[b"moov"][0] :]
    path = clip.with_name("referring.mov")
    path.write_bytes(_with_reference(moov, clip.name))
    return path


def _boxes(content: bytes) -> dict[bytes, tuple[int, int]]:
    """Where each box of a level begins and ends."""
    found = {}
    at = 0
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        found[kind] = (at, at + size)
        at += size
    return found


def _with_reference(box: bytes, name: str) -> bytes:
    """The box, with a reference to that file where it says that the pictures lie in its own."""
    kind = box[4:8]
    if kind == b"dref":
        body = struct.pack(">II", 0, 1) + _alias(name)
    elif kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        inner = box[8:]
        body = b"".join(_with_reference(inner[a:b], name) for a, b in _boxes(inner).values())
    else:
        return box
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _alias(name: str) -> bytes:
    """QuickTime's record of a file, as far as FFmpeg looks at it."""
    path = f"Volume:{name}".encode()
    path += b"\0" * (len(path) % 2)
    record = b"\0" * 10
    record += struct.pack(">B27s", 6, b"Volume") + b"\0" * 12
    record += struct.pack(">B63s", len(name), name.encode()) + b"\0" * 16
    record += struct.pack(">hh", 1, 1) + b"\0" * 16
    record += struct.pack(">hH", 2, len(path)) + path
    record += struct.pack(">hH", -1, 0)
    return struct.pack(">I4sI", len(record) + 12, b"alis", 0) + record


# How long it is, and when its pictures are


def cut_off(path: Path) -> Path:
    encode(path, room(36, 160, 90))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return path


def joined(path: Path) -> Path:
    encode(path, room(36, 160, 90))
    path.write_bytes(path.read_bytes() * 3)
    return path


def joined_with_an_earlier_one(path: Path) -> Path:
    """The first part's clock is ten hours ahead of the second's."""
    part = encode(path.with_name("part.ts"), room(36, 160, 90))
    with av.open(str(part)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is None or packet.pts is None:
                continue
            later = round(36_000 / packet.time_base)
            packet.pts += later
            packet.dts += later
            packet.stream = stream
            target.mux(packet)
    path.write_bytes(path.read_bytes() + part.read_bytes())
    return path


@pytest.mark.parametrize(
    ("make", "name", "count"),
    [
        (lambda path: encode(path, room(36, 160, 90)), "whole.mp4", 36),
        (lambda path: encode(path, room(36, 160, 90)), "stamped_now_and_then.mpg", 36),
        (lambda path: encode(path, room(36, 160, 90)), "raw.h264", 36),
        (lambda path: live_webm(path, room(36, 160, 90)), "live.webm", 36),
        (cut_off, "cut.mkv", None),
        (joined, "joined.ts", 108),
        (joined_with_an_earlier_one, "earlier.ts", 72),
    ],
)
def test_a_recording_is_as_long_as_its_pictures_and_its_time_never_runs_backwards(
    tmp_path: Path, make: Callable[[Path], Path], name: str, count: int | None
) -> None:
    path = make(tmp_path / name)
    times = [picture.t for picture in recordings.read(path, 60)]
    assert count is None or len(times) == count
    steps = np.diff(times)
    assert steps == pytest.approx(np.full(len(steps), steps[0]), abs=0.002)
    assert recordings.length_s(path) == pytest.approx(times[-1] + steps[0], abs=0.01)


def test_a_recording_damaged_further_in_is_as_long_as_what_can_be_read(clip: Path) -> None:
    content = clip.read_bytes()
    index = content[_boxes(content)[b"moov"][0] :]
    path = clip.with_name("early.mp4")
    with (
        av.open(str(clip)) as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert recordings.length_s(path) == pytest.approx(1.0, abs=0.01)
    path.write_bytes(path.read_bytes()[: -len(content) // 2 + len(index)])
    assert 0 < recordings.length_s(path) < 0.9


def test_music_with_a_cover_is_no_film_of_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        song = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        silence.sample_rate = 8000
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="bgr24")
        for stream, frame in ((cover, black), (song, silence)):
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    for take in (recordings.length_s, lambda path: list(recordings.read(path, 8))):
        with pytest.raises(MediaError, match="it carries no video, only a picture"):
            take(path)
