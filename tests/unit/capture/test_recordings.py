"""Recordings: the file itself is read, and nothing that it names."""

import struct
from pathlib import Path

import av
import pytest

from fixtures.footage import encode, room
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
