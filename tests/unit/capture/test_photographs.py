"""Files of single pictures."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest

from fixtures.pictures import huge_bmp, huge_jpeg, huge_png, jpeg
from visitord.capture import photographs
from visitord.capture.photographs import Kind, UndecodableError
from visitord.core.errors import MediaError

ORIENTATION = 0x0112  # the tag in EXIF


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


# Each format that people save pictures in

PICTURE = PIL.Image.new("RGB", (50, 40), (200, 100, 50))
PICTURE.paste((20, 30, 220), (0, 0, 25, 20))  # blue at its upper left
SAVED: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95},
    "PNG": {},
    "GIF": {},
    "BMP": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "JPEG2000": {},
    "AVIF": {"quality": 95},
    "HEIF": {"quality": 95},
}


def saved(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    PICTURE.save(out, kind, **SAVED[kind], **options)
    return out.getvalue()


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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_is_turned_as_the_camera_was_held(kind: str) -> None:
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6  # a quarter clockwise
    image = photographs.decoded(saved(kind, exif=exif), Path("a"))
    assert image.shape == (50, 40, 3)
    assert image[10, 30].tolist() == pytest.approx((220, 30, 20), abs=12)


def test_a_heic_picture_is_turned_by_its_container_alone() -> None:
    """ISO/IEC 23008-12 has it so: phones write both, and it must not be turned twice."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6
    assert photographs.decoded(saved("HEIF", exif=exif), Path("a")).shape == (40, 50, 3)


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


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100), "JPEG XL"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100), "Canon raw"),
    ],
)
def test_a_format_that_nothing_decodes_is_named(content: bytes, what: str) -> None:
    assert photographs.kind(content) is Kind.PHOTOGRAPH
    with pytest.raises(UndecodableError) as caught:
        photographs.decoded(content, Path("a.x"))
    assert str(caught.value) == (
        f"a.x cannot be read: it is a {what} picture, which is not decoded here: save it as JPEG."
    )


@pytest.mark.parametrize("tags", [{254: 1}, {50706: b"\1\4\0\0"}])
def test_the_small_copy_in_a_raw_picture_is_not_taken_for_it(tags: dict[int, Any]) -> None:
    with pytest.raises(UndecodableError, match="it is a raw picture, which is not decoded here"):
        photographs.decoded(saved("TIFF", tiffinfo=tags), Path("a.nef"))
