"""Draws for people: what a camera's pipeline sees, to aim it, and faces side by side, to judge the merge job."""

from collections.abc import Sequence

import cv2
import numpy as np

from visitord.records import Detection, Frame, Gray, Image
from visitord.vision.area import Area, corners

Faces = Sequence[tuple[Detection, bool]]  # each with whether it counts
_GREEN, _RED, _BLUE, _WHITE, _GREY = (80, 220, 80), (60, 60, 230), (230, 160, 60), (255, 255, 255), (150, 150, 150)
FACE_PX, GAP_PX, LINE_PX, WIDTH_MIN_PX = 120, 8, 20, 640
ROW_PX = FACE_PX + 2 * LINE_PX + 2 * GAP_PX
NAME_MAX = 17  # characters that fit under a face
ROWS_MAX, FACES_MAX = 100, 30  # a picture of some 18,000 by 4,000 px, which viewers still open


def draw(frame: Frame, area: Area, moving: Gray | None, gate_open: bool, faces: Faces, note: str = "") -> Image:
    """A copy of the frame, (h, w, 3) BGR, with a line of text above it, which ends with the note.

    Dark and outlined red: ignored; outlined blue: counts.  Green tint: moves.  Boxes: faces with their width in
    pixels and the detector's score, grey where they do not count.
    """
    height, width = frame.image.shape[:2]
    picture = frame.image.copy()
    picture[area.mask(height, width) == 0] //= 3
    if moving is not None:
        moved = cv2.resize(moving, (width, height), interpolation=cv2.INTER_NEAREST) > 0
        picture[moved] = (picture[moved] // 2 + np.array(_GREEN) // 2).astype(np.uint8)
    scale = max(0.4, width / 1600)
    line = max(1, round(2 * scale))
    for polygons, colour in ((area.only, _BLUE), (area.ignore, _RED)):
        cv2.polylines(picture, [corners(p, height, width) for p in polygons], True, colour, line, cv2.LINE_AA)
    for face, counts in faces:
        x0, y0, x1, y1 = (int(v) for v in face.box)
        colour = _WHITE if counts else _GREY
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, line)
        text = f"{face.width_px:.0f} px {face.score:.2f}"
        cv2.putText(picture, text, (x0, max(12, y0 - 6)), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, line, cv2.LINE_AA)
    head = np.zeros((round(40 * scale), width, 3), np.uint8)
    gate, count = "open" if gate_open else "closed", sum(counts for _, counts in faces)
    text = f"{frame.camera}  {frame.at:%F %T} UTC  {width}x{height}  motion gate {gate}  faces {count}  {note}"
    text = text.encode("ascii", "replace").decode()  # the font has no other signs
    place = (round(10 * scale), round(28 * scale))
    cv2.putText(head, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, _WHITE, line, cv2.LINE_AA)
    return np.vstack([head, picture])


def sheet(rows: Sequence[tuple[str, Sequence[tuple[str, bytes | None]]]]) -> bytes:
    """A contact sheet, PNG: a row for each caption and its first faces: what stands under each, and its JPEG if any."""
    rows = [(caption, faces[:FACES_MAX]) for caption, faces in rows[:ROWS_MAX]]
    width_px = GAP_PX + max(len(faces) for _, faces in rows) * (FACE_PX + GAP_PX) if rows else 0
    picture: Image = np.full((max(1, len(rows)) * ROW_PX, max(width_px, WIDTH_MIN_PX), 3), 255, np.uint8)
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
