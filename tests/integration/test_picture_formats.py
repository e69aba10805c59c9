"""Photographs in each format that people have, under any name, enrolled and replayed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from fixtures.faces import people
from fixtures.installation import Box
from visitord.admin.photographs import FacePhotograph, Unusable, read
from visitord.models.opencv_zoo import ZooPack

FORMATS = {
    "a.jfif": "JPEG",
    "b.jpe": "JPEG",
    "c.gif": "GIF",
    "d.heic": "HEIF",
    "e.avif": "AVIF",
    "f.jp2": "JPEG2000",
    "g.webp": "WEBP",
    "h.tif": "TIFF",
    "heic_called.jpg": "HEIF",
    "avif_without": "AVIF",
    "jpeg_called.mp4": "JPEG",
}
JPEG_XL = b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100)
NOT_DECODED = "it is a JPEG XL picture, which is not decoded here: save it as JPEG"


def face() -> PILImage.Image:
    return PILImage.fromarray(np.ascontiguousarray(people()["astronaut"].image[..., ::-1]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One face in each format."""
    made = tmp_path_factory.mktemp("formats")
    for name, form in FORMATS.items():
        face().save(made / name, form)
    (made / "list.txt").write_text("no picture")
    return made


def test_a_face_is_the_same_in_each_format(pack: ZooPack, folder: Path) -> None:
    found = [read(pack, folder / name) for name in FORMATS]
    faces = [one for one in found if isinstance(one, FacePhotograph)]
    assert len(faces) == len(FORMATS), found
    assert min(faces[0].similarity(one) for one in faces) > 0.95


def test_enrolling_and_replaying_agree_on_what_a_photograph_is(box: Box, folder: Path) -> None:
    done = box.run("visitorctl", "enroll", "Sam", str(folder))
    assert (done.code, done.err) == (0, "")
    assert "Sam (visitor 1) is enrolled with" in done.out

    said = box.ok("visitord", "replay", *(str(folder / name) for name in FORMATS))
    assert said.startswith(f"{len(FORMATS)} pictures analysed")
    seen = box.rows("select camera, name from visitord.sighting_log")
    assert len(seen) == len(FORMATS)
    assert {one["name"] for one in seen} == {"Sam"}


def test_what_is_not_decoded_here_is_an_error_and_no_film_of_one_picture(
    box: Box, pack: ZooPack, tmp_path: Path
) -> None:
    (tmp_path / "a.jxl").write_bytes(JPEG_XL)
    (tmp_path / "photo.jpg").write_bytes(JPEG_XL)
    face().save(tmp_path / "moving.webp", save_all=True, append_images=[face().rotate(5)])
    assert read(pack, tmp_path / "a.jxl") == Unusable(NOT_DECODED)
    assert "it is an animation" in str(read(pack, tmp_path / "moving.webp"))

    box.run("visitord", "replay", str(tmp_path / "a.jxl")).fails_with(NOT_DECODED)
    box.run("visitord", "replay", str(tmp_path / "moving.webp")).fails_with(
        "moving.webp cannot be read: it is a moving WebP picture, which is not decoded here"
    )
    done = box.run("visitorctl", "enroll", "Sam", str(tmp_path))
    assert done.code == 1
    assert f"photo.jpg: {NOT_DECODED}." in done.err
