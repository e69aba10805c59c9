"""Draws what a camera's pipeline sees, for people who aim it."""

from collections.abc import Sequence

import cv2
import numpy as np

from visitord.core.records import Detection, Frame, Gray, Image
from visitord.vision.zones import Area, corners

Faces = Sequence[tuple[Detection, bool]]
"""Each with whether it counts."""

Colour = tuple[int, int, int]  # BGR
_GREEN: Colour = (80, 220, 80)
_RED: Colour = (60, 60, 230)
_BLUE: Colour = (230, 160, 60)
_WHITE: Colour = (255, 255, 255)
_GREY: Colour = (150, 150, 150)


def draw(
    frame: Frame, area: Area, moving: Gray | None, gate_open: bool, faces: Faces, note: str = ""
) -> Image:
    """A copy of the frame with all that is seen in it, and a line of text above it.

    Dark and outlined red: ignored; outlined blue: counts.  Green tint: moves.  Boxes: faces with
    their width in pixels and the detector's score, grey where they do not count.

    Parameters
    ----------
    frame
        The picture, and when and where it was taken.
    area
        Which part of it counts.
    moving : uint8 (rows, columns) or None
        Not zero where something moves.
    gate_open
        Whether the motion gate is.
    faces
        Those in the picture.
    note
        What the text ends with.

    Returns
    -------
    uint8 (h, w, 3) BGR
        Higher than the frame by the line of text.
    """
    height, width = frame.image.shape[:2]
    scale = max(0.4, width / 1600)  # of texts and lines
    line_px = max(1, round(2 * scale))

    picture = frame.image.copy()
    picture[area.mask(height, width) == 0] //= 3
    if moving is not None:
        _tint(picture, moving)
    _outline(picture, area, line_px)
    for face, counts in faces:
        _mark(picture, face, _WHITE if counts else _GREY, scale, line_px)

    gate = "open" if gate_open else "closed"
    count = sum(counts for _, counts in faces)
    text = (
        f"{frame.camera}  {frame.at:%F %T} UTC  {width}x{height}  "
        f"motion gate {gate}  faces {count}  {note}"
    )
    return np.vstack([_head(text, width, scale, line_px), picture])


def _tint(picture: Image, moving: Gray) -> None:
    """Make the picture greener where something moves."""
    height, width = picture.shape[:2]
    moved = cv2.resize(moving, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    picture[moved] = (picture[moved] // 2 + np.array(_GREEN) // 2).astype(np.uint8)


def _outline(picture: Image, area: Area, line_px: int) -> None:
    """Draw the edges of what counts and of what is ignored."""
    height, width = picture.shape[:2]
    for polygons, colour in ((area.only, _BLUE), (area.ignore, _RED)):
        edges = [corners(polygon, height, width) for polygon in polygons]
        cv2.polylines(picture, edges, True, colour, line_px, cv2.LINE_AA)


def _mark(picture: Image, face: Detection, colour: Colour, scale: float, line_px: int) -> None:
    """Draw a face's box, its width and the detector's score."""
    x0, y0, x1, y1 = (int(edge) for edge in face.box)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, line_px)
    text = f"{face.width_px:.0f} px {face.score:.2f}"
    _write(picture, text, (x0, max(12, y0 - 6)), colour, scale, line_px)


def _head(text: str, width: int, scale: float, line_px: int) -> Image:
    """A line of text as a picture of that width."""
    head = np.zeros((round(40 * scale), width, 3), np.uint8)
    text = text.encode("ascii", "replace").decode()  # the font has no other signs
    _write(head, text, (round(10 * scale), round(28 * scale)), _WHITE, scale, line_px)
    return head


def _write(
    picture: Image, text: str, place: tuple[int, int], colour: Colour, scale: float, line_px: int
) -> None:
    """Write a text into a picture, its lower left corner at x, y."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, place, font, scale, colour, line_px, cv2.LINE_AA)
