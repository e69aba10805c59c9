"""Draws what a camera's pipeline sees, for people who aim it."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

import cv2
import numpy as np

from visitord.core.records import Detection, Frame, Gray, Image
from visitord.vision.tiling import overlap
from visitord.vision.zones import Area, corners

Faces = Sequence[tuple[Detection, bool]]
"""Each with whether it counts."""

Colour = tuple[int, int, int]  # BGR
Box = tuple[int, int, int, int]  # left, top, right, bottom
FRAME_ROOM = 0.15  # of a face's width and height, between it and its frame
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GREEN: Colour = (80, 220, 80)
_RED: Colour = (60, 60, 230)
_BLUE: Colour = (230, 160, 60)
_WHITE: Colour = (255, 255, 255)
_GREY: Colour = (150, 150, 150)


def draw(
    frame: Frame,
    area: Area,
    moving: Gray | None,
    gate_open: bool,
    faces: Faces,
    note: str = "",
    zone: tzinfo = UTC,
) -> Image:
    """A copy of the frame with all that is seen in it, and text above it that explains it.

    Dark and outlined red: ignored; outlined blue: counts.  Green tint: moves.  Frames around faces,
    which leave the faces free: with their width in pixels, grey where they do not count.

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
    zone
        The time zone of the times in it.

    Returns
    -------
    uint8 (h, w, 3) BGR
        Higher than the frame by the lines of text.
    """
    height, width = frame.image.shape[:2]
    scale = max(0.4, width / 1600)  # of texts and lines
    line_px = max(1, round(2 * scale))

    picture = frame.image.copy()
    picture[area.mask(height, width) == 0] //= 3
    if moving is not None:
        _tint(picture, moving, faces)
    _outline(picture, area, line_px)
    frames = [_around(face) for face, _ in faces]
    for n, (face, counts) in enumerate(faces):
        others = frames[:n] + frames[n + 1 :]
        _mark(picture, face, _WHITE if counts else _GREY, others, scale, line_px)

    texts = [_summary(frame, gate_open, faces, zone), _legend(area, moving, faces), note]
    return np.vstack([_head([text for text in texts if text], width, scale, line_px), picture])


def _summary(frame: Frame, gate_open: bool, faces: Faces, zone: tzinfo) -> str:
    """What was seen where and when."""
    height, width = frame.image.shape[:2]
    moves = "something moves" if gate_open else "nothing moves"
    count = sum(counts for _, counts in faces)
    number = "1 face" if count == 1 else f"{count} faces"
    when = f"{frame.at.astimezone(zone):%F %T %Z}"
    return f"{frame.camera}  {when}  {width}x{height} px  {moves}  {number}"


def _legend(area: Area, moving: Gray | None, faces: Faces) -> str:
    """What the marks in the picture mean, as far as there are such."""
    marks = []
    if faces:
        marks.append("framed: a face and its width")
    if not all(counts for _, counts in faces):
        marks.append("grey frame: does not count")
    if moving is not None and moving.any():
        marks.append("green: moves")
    if area.only:
        marks.append("blue line: what counts")
    if area.ignore:
        marks.append("red line: ignored")
    return "  ".join(marks)


def _tint(picture: Image, moving: Gray, faces: Faces) -> None:
    """Make the picture greener where something moves, but for the faces."""
    height, width = picture.shape[:2]
    moved = cv2.resize(moving, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    for face, _ in faces:
        x0, y0, x1, y1 = _around(face)
        moved[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = False
    picture[moved] = (picture[moved] // 2 + np.array(_GREEN) // 2).astype(np.uint8)


def _outline(picture: Image, area: Area, line_px: int) -> None:
    """Draw the edges of what counts and of what is ignored."""
    height, width = picture.shape[:2]
    for polygons, colour in ((area.only, _BLUE), (area.ignore, _RED)):
        edges = [corners(polygon, height, width) for polygon in polygons]
        cv2.polylines(picture, edges, True, colour, line_px, cv2.LINE_AA)


def _around(face: Detection) -> Box:
    """A box with room around the face: left, top, right and bottom in pixels."""
    x0, y0, x1, y1 = face.box
    room_x = FRAME_ROOM * (x1 - x0)
    room_y = FRAME_ROOM * (y1 - y0)
    return int(x0 - room_x), int(y0 - room_y), int(x1 + room_x), int(y1 + room_y)


def _mark(
    picture: Image,
    face: Detection,
    colour: Colour,
    others: Sequence[Box],
    scale: float,
    line_px: int,
) -> None:
    """Draw a frame around a face, and its width where that hides no face."""
    x0, y0, x1, y1 = _around(face)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, line_px)

    text = f"{face.width_px:.0f} px"
    (text_width, text_height), _ = cv2.getTextSize(text, _FONT, scale, line_px)
    gap = 2 * line_px + 2
    bottoms = (y0 - gap, y1 + gap + text_height)  # above, else below
    for bottom in bottoms:
        top = bottom - text_height
        label = (x0, top, x0 + text_width, bottom)
        if top >= 0 and bottom < len(picture) and not any(overlap(label, one) for one in others):
            break
    else:
        return  # there is no room for it
    _write(picture, text, (x0, bottom), colour, scale, line_px)


def _head(texts: Sequence[str], width: int, scale: float, line_px: int) -> Image:
    """Texts as a picture of that width, each in as many lines as it takes."""
    line_height = round(30 * scale)
    margin = round(10 * scale)
    lines = [line for text in texts for line in _lines(text, width - 2 * margin, scale, line_px)]

    head = np.zeros((line_height * len(lines) + margin, width, 3), np.uint8)
    for n, line in enumerate(lines, 1):
        _write(head, line, (margin, line_height * n), _WHITE, scale, line_px)
    return head


def _lines(text: str, width: int, scale: float, line_px: int) -> list[str]:
    """A text in lines of at most that width, broken between its parts."""
    text = text.encode("ascii", "replace").decode()  # the font has no other signs
    lines = [""]
    for part in text.split("  "):
        longer = f"{lines[-1]}  {part}" if lines[-1] else part
        if cv2.getTextSize(longer, _FONT, scale, line_px)[0][0] <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _write(
    picture: Image, text: str, place: tuple[int, int], colour: Colour, scale: float, line_px: int
) -> None:
    """Write a text into a picture, its lower left corner at x, y."""
    cv2.putText(picture, text, place, _FONT, scale, colour, line_px, cv2.LINE_AA)
