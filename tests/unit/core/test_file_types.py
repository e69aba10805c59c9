"""Which files are pictures, by their name and by how they begin."""

from pathlib import Path

import pytest

from visitord.core.file_types import is_heif, is_photograph, is_picture, may_be_animated


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "folder.mp4/a.png", "a.tif", "a.webp"])
def test_a_photograph_is_known_by_its_name(name: str) -> None:
    assert is_photograph(Path(name))
    assert is_picture(Path(name))


@pytest.mark.parametrize("name", ["a.gif", "a.heic", "a.avif", "a.jfif"])
def test_some_pictures_are_no_photographs_for_a_replay(name: str) -> None:
    assert is_picture(Path(name))
    assert not is_photograph(Path(name))


@pytest.mark.parametrize("name", ["a.mp4", "a", "jpg", ".jpg", "a.jpg.mkv"])
def test_anything_else_is_no_picture(name: str) -> None:
    assert not is_picture(Path(name))


@pytest.mark.parametrize(
    ("name", "may"), [("a.gif", True), ("a.PNG", True), ("a.apng", True), ("a.jpg", False)]
)
def test_some_pictures_may_move(name: str, may: bool) -> None:
    assert may_be_animated(Path(name)) is may


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", True),
        (b"\0\0\0\x1cftypavif", True),
        (b"\0\0\0\x18ftypisom", False),
        (b"\xff\xd8\xff\xe0", False),
        (b"", False),
    ],
)
def test_a_heic_picture_is_known_by_how_it_begins(content: bytes, is_one: bool) -> None:
    assert is_heif(content) is is_one
