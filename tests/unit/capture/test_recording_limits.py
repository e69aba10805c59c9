"""Recordings: what is no file, and pictures of more pixels than are decoded."""

import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fixtures.pictures import jpeg
from visitord.capture import recordings
from visitord.core.errors import MediaError


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
        (Path.mkdir, "is a directory"),
    ],
)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "a.mp4"
    make(path)
    for take in (recordings.length_s, lambda path: list(recordings.read(path, 8))):
        with pytest.raises(MediaError, match=rf"a\.mp4 cannot be read as video: {words}\.$"):
            take(path)


def test_pictures_of_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.mjpeg"
    path.write_bytes(2 * jpeg(9000, 9000))
    with pytest.raises(MediaError, match=r"its pictures have more than 64 megapixels, or are"):
        list(recordings.read(path, 8))


def test_pictures_before_one_of_too_many_pixels_are_given(tmp_path: Path) -> None:
    path = tmp_path / "a.mjpeg"
    path.write_bytes(3 * jpeg(64, 64) + jpeg(9000, 9000) + 3 * jpeg(64, 64))
    pictures = recordings.read(path, 60)
    assert next(pictures).image.shape == (64, 64, 3)
    with pytest.raises(MediaError, match="more than 64 megapixels"):
        list(pictures)


def test_a_video_that_ffmpeg_has_no_decoder_for_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="bgr24")
        container.mux(stream.encode(black))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"V_MJPEG", b"V_OTHER"))
    with pytest.raises(MediaError, match="its video is of a kind that FFmpeg cannot decode"):
        list(recordings.read(path, 8))
