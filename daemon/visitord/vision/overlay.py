"""Draws what a camera's pipeline sees, for people who aim it."""

from collections.abc import Sequence

import cv2
import numpy as np

from visitord.core.records import Detection, Frame, Gray, Image
from visitord.vision.zones import Area, corners

Faces = Sequence[tuple[Detection, bool]]  # each with whether it counts
_GREEN, _RED, _BLUE, _WHITE, _GREY = (
    (80, 220, 80),
    (60, 60, 230),
    (230, 160, 60),
    (255, 255, 255),
    (150, 150, 150),
)


def draw(
    frame: Frame, area: Area, moving: Gray | None, gate_open: bool, faces: Faces, note: str = ""
) -> Image:
    """A copy of the frame, (h, w, 3) BGR, with a line of text above it, which ends with the note.

    Dark and outlined red: ignored; outlined blue: counts.  Green tint: moves.  Boxes: faces with
    their width in pixels and the detector's score, grey where they do not count.
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
        cv2.polylines(
            picture, [corners(p, height, width) for p in polygons], True, colour, line, cv2.LINE_AA
        )
    for face, counts in faces:
        x0, y0, x1, y1 = (int(v) for v in face.box)
        colour = _WHITE if counts else _GREY
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, line)
        text = f"{face.width_px:.0f} px {face.score:.2f}"
        cv2.putText(
            picture,
            text,
            (x0, max(12, y0 - 6)),
            cv2.FONT_HERSHEY_SIMPLEX,
            scale,
            colour,
            line,
            cv2.LINE_AA,
        )
    head = np.zeros((round(40 * scale), width, 3), np.uint8)
    gate, count = "open" if gate_open else "closed", sum(counts for _, counts in faces)
    text = f"{frame.camera}  {frame.at:%F %T} UTC  {width}x{height}  motion gate {gate}  faces {count}  {note}"
    text = text.encode("ascii", "replace").decode()  # the font has no other signs
    place = (round(10 * scale), round(28 * scale))
    cv2.putText(head, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, _WHITE, line, cv2.LINE_AA)
    return np.vstack([head, picture])
