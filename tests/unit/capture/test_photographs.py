"""Files of single pictures."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from fixtures.pictures import PICTURE, SAVED, jpeg, saved
from visitord.capture import photographs
from visitord.capture.photographs import Kind, PhotographError
from visitord.capture.still_process import CRASHED, StillProcess
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
    with pytest.raises(MediaError, match=r"a\.jpg cannot be read: it is no picture, or it is da"):
        photographs.read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a\.jpg cannot be read: No such file or directory\.$"):
        photographs.read(tmp_path / "a.jpg")


def test_the_largest_picture_allowed_and_the_next_larger_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(8000, 8000))
    assert photographs.read(path).shape == (8000, 8000, 3)
    path.write_bytes(jpeg(8000, 8001))
    with pytest.raises(
        PhotographError, match=r"a\.jpg cannot be read: it has more than 64 megapix"
    ):
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


def test_a_decoders_crash_is_an_error_of_that_picture_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StillProcess, "decode", lambda *_: CRASHED)
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(8, 8))
    with pytest.raises(PhotographError, match=r"a\.jpg cannot be read: its decoder crashes: it is"):
        photographs.read(path)


# What a file is, whatever it is called


@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("name", ["a", "a.mp4"])
def test_every_kind_of_picture_that_people_save_is_read_whatever_it_is_called(
    tmp_path: Path, kind: str, name: str
) -> None:
    (tmp_path / name).write_bytes(saved(kind))
    assert photographs.kind_of(tmp_path / name) is Kind.PHOTOGRAPH
    image = photographs.read(tmp_path / name)
    assert image.shape == (40, 50, 3)
    assert image[10, 10].tolist() == pytest.approx((220, 30, 20), abs=12)
    assert image[30, 30].tolist() == pytest.approx((50, 100, 200), abs=12)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_pictures_that_move_are_an_animation(kind: str) -> None:
    other = PIL.Image.new("RGB", (50, 40))
    content = saved(kind, save_all=True, append_images=[other])
    assert photographs.kind(content) is Kind.ANIMATION


def test_pages_and_pictures_that_belong_together_are_one_photograph() -> None:
    other = PIL.Image.new("RGB", (50, 40))
    assert photographs.kind(saved("TIFF", save_all=True, append_images=[other])) is Kind.PHOTOGRAPH
    several = io.BytesIO()
    PICTURE.save(several, "MPO", save_all=True, append_images=[other])
    assert photographs.kind(several.getvalue()) is Kind.PHOTOGRAPH
    assert photographs.kind(jpeg(64, 64) + jpeg(16, 16)) is Kind.PHOTOGRAPH, "with its preview"


def test_one_jpeg_after_another_is_a_recording() -> None:
    assert photographs.kind(jpeg(64, 64) * 3) is Kind.ANIMATION


def test_what_is_no_picture_is_perhaps_a_recording() -> None:
    for content in (b"", b"no picture", b"RIFF\x10\0\0\0AVI LIST"):
        assert photographs.kind(content) is Kind.OTHER
