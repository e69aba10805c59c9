"""Files of single pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

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
