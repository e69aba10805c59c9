"""HTTP cameras that send JPEGs in parts, as the standard has it and in every other way."""

import contextlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from fixtures import footage
from fixtures.peers import HOST, Scripted, http
from fixtures.scripted import configured
from visitord.capture import streams
from visitord.core.clock import Clock
from visitord.core.errors import CameraError
from visitord.core.records import Picture

COUNT = 6
JPEG = b"Content-Type: image/jpeg\r\n"
TEXT = b"--frame\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nmotion=0\r\n"


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    """Numbered pictures."""
    pictures = footage.counted(footage.room(COUNT, 320, 180))
    return [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]


def parts(jpegs: list[bytes], kind: bytes = JPEG, missing: int = 0) -> bytes:
    """A part for each picture; the length that it says is too small by so many bytes."""
    heads = [b"--frame\r\n%sContent-Length: %d\r\n\r\n" % (kind, len(j) - missing) for j in jpegs]
    return b"".join(head + jpeg + b"\r\n" for head, jpeg in zip(heads, jpegs, strict=True))


DIALECTS: dict[str, Callable[[list[bytes]], bytes]] = {
    "as the standard has it": parts,
    "without the first boundary": lambda jpegs: parts(jpegs).removeprefix(b"--frame\r\n"),
    "without the first head": lambda jpegs: jpegs[0] + b"\r\n" + parts(jpegs[1:]),
    "with a preamble": lambda jpegs: b"These are pictures.\r\n\r\n" + parts(jpegs),
    "of the type image/jpg": lambda jpegs: parts(jpegs, b"Content-Type: image/jpg\r\n"),
    "with a text part first": lambda jpegs: TEXT + parts(jpegs),
    "with text parts between": lambda jpegs: b"".join(parts([jpeg]) + TEXT for jpeg in jpegs),
    "without a type": lambda jpegs: parts(jpegs, b""),
    "without any head": lambda jpegs: b"".join(b"--frame\r\n\r\n" + j + b"\r\n" for j in jpegs),
    "with lengths too small": lambda jpegs: parts(jpegs, missing=2),
}


def pictures(body: bytes) -> list[Picture]:
    """All that come of an answer in parts."""
    seen: list[Picture] = []
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
    with (
        Scripted(lambda _: answer + body) as camera,
        contextlib.suppress(CameraError),  # it breaks off at the end
    ):
        url = f"http://{HOST}:{camera.port}/video"
        seen.extend(streams.read(url, configured(fps=1e6, size=None), print, clock=Clock()))
    return seen


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_picture_is_read_however_the_parts_are_written(
    jpegs: list[bytes], dialect: str
) -> None:
    seen = pictures(DIALECTS[dialect](jpegs))
    # Some are noticed after the first picture: it is opened again then.
    numbers = [footage.number(picture.image) for picture in seen][-COUNT:]
    assert numbers == list(range(COUNT))
    assert not any(picture.corrupt for picture in seen)


def test_an_answer_without_pictures_is_said_to_have_none() -> None:
    for body in (b"", b"--frame\r\n\r\nhello\r\n", np.full(20_000, 7, np.uint8).tobytes()):
        with (
            Scripted(lambda _, body=body: http(body, "text/html")) as camera,
            pytest.raises(CameraError, match=r"sends no video|before it sends any"),
        ):
            url = f"http://{HOST}:{camera.port}/video"
            list(streams.read(url, configured(fps=8, size=None), print, clock=Clock()))
