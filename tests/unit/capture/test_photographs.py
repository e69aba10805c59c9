"""Files of single pictures."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from fixtures.pictures import huge_bmp, huge_jpeg, huge_png, jpeg
from visitord.capture import photographs
from visitord.core.errors import MediaError


def test_a_picture_is_read_in_colour(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((3, 4), 7, np.uint8))
    image = photographs.read(path)
    assert (image.shape, image.dtype, set(image.ravel().tolist())) == ((3, 4, 3), np.uint8, {7})


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_what_is_no_picture_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.jpg is not a picture that can be decoded\.$"):
        photographs.read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a\.jpg cannot be read: No such file or directory\.$"):
        photographs.read(tmp_path / "a.jpg")


def test_a_picture_becomes_the_content_of_a_jpeg_file(tmp_path: Path) -> None:
    content = photographs.jpeg(np.full((8, 8, 3), 100, np.uint8))
    assert content[:2] == b"\xff\xd8"
    (tmp_path / "a").write_bytes(content)
    assert photographs.read(tmp_path / "a").mean() == pytest.approx(100, abs=2)


@pytest.mark.parametrize("content", [huge_jpeg(), huge_png(), huge_bmp()])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", _must_not_be_asked)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.png has more than 64 megapixels: make it smaller\.$"):
        photographs.read(path)


def _must_not_be_asked(*_: object) -> None:
    raise AssertionError("it is decoded")


def test_the_largest_picture_allowed_and_the_next_larger_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(8000, 8000))
    assert photographs.read(path).shape == (8000, 8000, 3)
    path.write_bytes(jpeg(8000, 8001))
    with pytest.raises(photographs.TooLargeError):
        photographs.read(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
        (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 1 << 40), "64 MB"),
    ],
)
def test_what_has_no_end_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    make(tmp_path / "a.jpg")
    with pytest.raises(MediaError, match=rf"a\.jpg cannot be read: [^.]*{words}[^.]*\.$"):
        photographs.read(tmp_path / "a.jpg")


def test_every_kind_of_picture_that_people_save_is_read(tmp_path: Path) -> None:
    picture = PIL.Image.new("RGB", (5, 4), (200, 100, 50))
    for kind in photographs.FORMATS:
        picture.save(tmp_path / "a", kind)
        assert photographs.read(tmp_path / "a").shape == (4, 5, 3), kind
        assert not photographs.is_animation((tmp_path / "a").read_bytes())
    for kind in ("GIF", "WEBP", "PNG"):
        other = PIL.Image.new("RGB", (5, 4))
        picture.save(tmp_path / "a", kind, save_all=True, append_images=[other])
        assert photographs.is_animation((tmp_path / "a").read_bytes()), kind
