"""Single pictures decoded, and those that are refused before."""

import cv2
import numpy as np
import PIL.Image
import pytest

from fixtures.pictures import huge_bmp, huge_jpeg, huge_png, saved
from visitord.capture.still_decoder import DAMAGED, TOO_LARGE, Refused, decode
from visitord.core.records import Image

ORIENTATION = 0x0112  # the tag in EXIF


def picture(content: bytes) -> Image:
    found = decode(content)
    assert isinstance(found, np.ndarray)
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_is_turned_as_the_camera_was_held(kind: str) -> None:
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6  # a quarter clockwise
    image = picture(saved(kind, exif=exif))
    assert image.shape == (50, 40, 3)
    assert image[10, 30].tolist() == pytest.approx((220, 30, 20), abs=12)


def test_a_heic_picture_is_turned_by_its_container_alone() -> None:
    """ISO/IEC 23008-12 has it so: phones write both, and it must not be turned twice."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6
    assert picture(saved("HEIF", exif=exif)).shape == (40, 50, 3)


def test_a_picture_of_16_bits_a_colour_keeps_its_light() -> None:
    content = cv2.imencode(".png", np.full((8, 8), 0x8000, np.uint16))[1].tobytes()
    assert set(picture(content).ravel().tolist()) == {128}


@pytest.mark.parametrize("content", [huge_jpeg(), huge_png(), huge_bmp()])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", _must_not_be_asked)
    assert decode(content) == TOO_LARGE


def _must_not_be_asked(*_: object) -> None:
    raise AssertionError("it is decoded")


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "AVIF", "HEIF", "JPEG2000"])
def test_what_is_damaged_is_told(kind: str) -> None:
    assert decode(saved(kind)[:40]) == DAMAGED


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100), "JPEG XL"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100), "Canon raw"),
        # The small copy in it must not be taken for it.
        (saved("TIFF", tiffinfo={254: 1}), "raw"),
        (saved("TIFF", tiffinfo={50706: b"\1\4\0\0"}), "raw"),
    ],
    ids=["jxl", "cr3", "nef", "dng"],
)
def test_a_format_that_nothing_decodes_is_named(content: bytes, what: str) -> None:
    reason = f"it is a {what} picture, which is not decoded here: save it as JPEG"
    assert decode(content) == Refused(reason)
