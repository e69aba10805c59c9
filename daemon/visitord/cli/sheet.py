"""Faces side by side, to judge the merge job."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from visitord.core.records import Image

FACE_PX = 120
GAP_PX = 8
LINE_PX = 20
WIDTH_MIN_PX = 640
ROW_PX = FACE_PX + 2 * LINE_PX + 2 * GAP_PX
NAME_MAX = 17  # characters that fit under a face
# A picture of some 18,000 by 4,000 px, which viewers still open.
ROWS_MAX = 100
FACES_MAX = 30
GREY = 230  # where a face has no picture


@dataclass(frozen=True, slots=True)
class NamedFace:
    """What stands under a face, and its JPEG, if there is one."""

    name: str
    jpeg: bytes | None


@dataclass(frozen=True, slots=True)
class CaptionedRow:
    """Faces side by side, and what stands above them."""

    caption: str
    faces: Sequence[NamedFace]


def sheet(rows: Sequence[CaptionedRow]) -> bytes:
    """A contact sheet, PNG, of the first rows and of each its first faces."""
    rows = rows[:ROWS_MAX]
    columns = min(FACES_MAX, max((len(row.faces) for row in rows), default=0))
    width_px = max(GAP_PX + columns * (FACE_PX + GAP_PX), WIDTH_MIN_PX)
    height_px = max(1, len(rows)) * ROW_PX

    picture: Image = np.full((height_px, width_px, 3), 255, np.uint8)
    for n, row in enumerate(rows):
        top = n * ROW_PX + GAP_PX + LINE_PX
        _write(picture, row.caption, GAP_PX, top)
        for column, face in enumerate(row.faces[:FACES_MAX]):
            _place(picture, face, GAP_PX + column * (FACE_PX + GAP_PX), top)
    return cv2.imencode(".png", picture)[1].tobytes()


def _place(picture: Image, face: NamedFace, left: int, top: int) -> None:
    """Put a face and its name into the picture; a grey square where it cannot be decoded."""
    decoded = None
    if face.jpeg:
        decoded = cv2.imdecode(np.frombuffer(face.jpeg, np.uint8), cv2.IMREAD_COLOR)

    place = picture[top : top + FACE_PX, left : left + FACE_PX]
    place[:] = GREY if decoded is None else cv2.resize(decoded, (FACE_PX, FACE_PX))
    _write(picture, face.name[:NAME_MAX], left, top + FACE_PX + LINE_PX)


def _write(picture: Image, text: str, left: int, bottom: int) -> None:
    baseline = (left, bottom - GAP_PX // 2)
    cv2.putText(picture, text, baseline, (0, 0, 0), cv2.FontFace("sans"), 14)
