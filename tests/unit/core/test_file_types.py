"""Which files are pictures, and of which format, by how they begin."""

from pathlib import Path

import pytest

from visitord.core.file_types import Format, format_of, has_pictures_name, is_moving, is_picture

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"\xff\xd8\xff\xe0", Format.JPEG),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Format.WEBP),
        (b"RIFF\x10\0\0\0AVI LIST", None),
        (b"BM\x36\x10\x0e\0\0\0\0\0\x36", Format.BMP),
        (b"BMX of other bytes", None),
        (HEIC, Format.HEIC),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1", Format.AVIF),
        (b"\0\0\0\x1cftypabcd\0\0\0\0mif1heic", Format.HEIC),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2mif1", None),
        (b"\0\0\0\x18ftypqt  \0\0\0\0qt  ", None),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", Format.CANON_RAW),
        (b"\0\0\0\x0cJXL \r\n\x87\n", Format.JPEG_XL),
        (b"", None),
    ],
)
def test_a_pictures_format_is_known_by_how_it_begins(content: bytes, form: Format | None) -> None:
    assert format_of(content) is form


def test_pictures_that_move_are_told_from_those_beside_which_others_lie() -> None:
    assert is_moving(b"\0\0\0\x2cftypavis\0\0\0\0avifavismsf1")
    assert not is_moving(b"\0\0\0\x2cftypheic\0\0\0\0mif1msf1")
    assert is_moving(b"RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\x12")
    assert not is_moving(b"RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\x10")
    assert not is_moving(b"RIFF\x10\0\0\0WEBPVP8X")
    assert not is_moving(b"GIF89a")


def test_a_file_is_a_picture_by_its_content_or_meant_as_one_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "phone").write_bytes(HEIC)
    (tmp_path / "damaged.JPE").touch()
    (tmp_path / "list.txt").write_text("a list")
    (tmp_path / "folder.jpg").mkdir()
    assert is_picture(tmp_path / "phone")
    assert is_picture(tmp_path / "damaged.JPE")
    assert not is_picture(tmp_path / "list.txt")


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "f.mp4/a.png", "a.jfif", "a.hif", "a.jp2"])
def test_a_person_would_say_that_it_is_a_picture(name: str) -> None:
    assert has_pictures_name(Path(name))


@pytest.mark.parametrize("name", ["a.mp4", "a", "jpg", ".jpg", "a.jpg.mkv"])
def test_a_person_would_not_say_that_it_is_a_picture(name: str) -> None:
    assert not has_pictures_name(Path(name))
