"""Faces side by side, to judge the merge job."""

from collections.abc import Sequence

import cv2
import numpy as np

from visitord.core.records import Image

FACE_PX, GAP_PX, LINE_PX, WIDTH_MIN_PX = 120, 8, 20, 640
ROW_PX = FACE_PX + 2 * LINE_PX + 2 * GAP_PX
NAME_MAX = 17  # characters that fit under a face
ROWS_MAX, FACES_MAX = 100, 30  # a picture of some 18,000 by 4,000 px, which viewers still open


def sheet(rows: Sequence[tuple[str, Sequence[tuple[str, bytes | None]]]]) -> bytes:
    """A contact sheet, PNG: a row for each caption and its first faces: what stands under each, and
    its JPEG if any.
    """
    rows = [(caption, faces[:FACES_MAX]) for caption, faces in rows[:ROWS_MAX]]
    width_px = GAP_PX + max(len(faces) for _, faces in rows) * (FACE_PX + GAP_PX) if rows else 0
    picture: Image = np.full(
        (max(1, len(rows)) * ROW_PX, max(width_px, WIDTH_MIN_PX), 3), 255, np.uint8
    )
    for n, (caption, faces) in enumerate(rows):
        top = n * ROW_PX + GAP_PX + LINE_PX
        _write(picture, caption, GAP_PX, top)
        for column, (name, jpeg) in enumerate(faces):
            x = GAP_PX + column * (FACE_PX + GAP_PX)
            face = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
            place = picture[top : top + FACE_PX, x : x + FACE_PX]
            place[:] = 230 if face is None else cv2.resize(face, (FACE_PX, FACE_PX))
            _write(picture, name[:NAME_MAX], x, top + FACE_PX + LINE_PX)
    return cv2.imencode(".png", picture)[1].tobytes()


def _write(picture: Image, text: str, x: int, bottom: int) -> None:
    cv2.putText(picture, text, (x, bottom - GAP_PX // 2), (0, 0, 0), cv2.FontFace("sans"), 14)
