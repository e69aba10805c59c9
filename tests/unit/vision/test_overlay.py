"""What a snapshot shows, on a grey picture: where it counts, what moves, and faces."""

from dataclasses import replace
from unittest.mock import patch
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from fixtures.build import detection, frame, picture
from visitord.cli.sheet import CaptionedRow, NamedFace, sheet
from visitord.core.records import Detection, Frame, Gray, Image
from visitord.vision import overlay
from visitord.vision.overlay import draw
from visitord.vision.zones import WHOLE, Area, Polygon

HEIGHT, WIDTH, LEVEL = 360, 640, 120
LEFT: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RED, BLUE, WHITE = (60, 60, 230), (230, 160, 60), (255, 255, 255)


def drawn(
    area: Area = WHOLE,
    moving: Gray | None = None,
    gate_open: bool = False,
    *faces: tuple[Detection, bool],
    seen: Frame | None = None,
) -> tuple[Image, Image]:
    """The snapshot's line of text, and the picture below it."""
    source = seen or frame(0.0, image=picture(HEIGHT, WIDTH, LEVEL))
    image = draw(source, area, moving, gate_open, faces)
    split = len(image) - len(source.image)
    assert split > 0
    assert image.dtype == np.uint8
    assert image.shape[1:] == source.image.shape[1:]
    return image[:split], image[split:]


def has(image: Image, colour: tuple[int, int, int]) -> np.ndarray:
    """bool (h, w): where the image has about this colour; lines are smoothed."""
    return np.asarray((np.abs(image.astype(np.int16) - colour) <= 60).all(axis=2))


def test_a_picture_with_nothing_to_show_is_left_as_it_is() -> None:
    assert np.all(drawn()[1] == LEVEL)
    assert np.all(drawn(moving=np.zeros((54, 96), np.uint8))[1] == LEVEL)


def test_the_picture_itself_is_not_drawn_on() -> None:
    seen = frame(0.0, image=picture(HEIGHT, WIDTH, LEVEL))
    drawn(
        Area(ignore=(LEFT,)),
        np.full((54, 96), 255, np.uint8),
        True,
        (detection(100), True),
        seen=seen,
    )
    assert np.all(seen.image == LEVEL)


def test_an_ignored_part_is_dark_with_a_red_edge() -> None:
    shown = drawn(Area(ignore=(LEFT,)))[1]
    assert np.all(shown[10:-10, 10:310] == LEVEL // 3)
    assert np.all(shown[:, 330:] == LEVEL)
    edge = has(shown, RED)
    assert edge[180, 315:325].any()
    assert edge[180, :3].any()
    assert not edge[10:-10, 10:310].any()


def test_outside_of_what_counts_it_is_dark_and_the_edge_is_blue() -> None:
    shown = drawn(Area(only=(LEFT,)))[1]
    assert np.all(shown[10:-10, 10:310] == LEVEL)
    assert np.all(shown[:, 330:] == LEVEL // 3)
    assert has(shown, BLUE)[180, 315:325].any()
    assert not has(shown, RED).any()


def test_what_moves_is_tinted_green() -> None:
    moving = np.zeros((54, 96), np.uint8)
    moving[10:20, 30:40] = 255
    shown = drawn(moving=moving)[1].astype(int)
    blue, green, red = np.moveaxis(shown, 2, 0)
    tinted = (green > blue + 30) & (green > red + 30)
    where = np.argwhere(tinted)
    assert where.min(axis=0) == pytest.approx([10 * HEIGHT / 54, 30 * WIDTH / 96], abs=1)
    assert where.max(axis=0) == pytest.approx([20 * HEIGHT / 54 - 1, 40 * WIDTH / 96 - 1], abs=1)
    assert tinted.sum() == pytest.approx(len(np.unique(where[:, 0])) * len(np.unique(where[:, 1])))
    assert np.all(shown[~tinted] == LEVEL)


@pytest.mark.parametrize(("counts", "level"), [(True, 255), (False, 150)])
def test_a_face_has_a_frame_that_leaves_it_free_and_tells_whether_it_counts(
    counts: bool, level: int
) -> None:
    moving = np.full((54, 96), 255, np.uint8)
    shown = drawn(WHOLE, moving, True, (detection(200, 150, size=80), counts))[1]
    frame_ = (np.abs(shown.astype(int) - level) < 10).all(axis=2)
    assert frame_[138, 188:293].all()
    assert frame_[242, 188:293].all()
    assert frame_[138:243, 188].all()
    assert frame_[138:243, 292].all()
    assert np.all(shown[145:236, 195:286] == LEVEL), "neither lines nor colour over the face"
    assert frame_[100:136, 188:293].any(), "its width is written above it"


def test_what_is_written_at_a_face_hides_no_other_one() -> None:
    above = detection(200, 60, size=80)
    below = detection(200, 160, size=80)
    for faces in ([(above, True), (below, True)], [(below, True), (above, True)]):
        shown = drawn(WHOLE, None, True, *faces)[1]
        for y in (60, 160):
            assert np.all(shown[y : y + 81, 200:281] == LEVEL)


@pytest.mark.parametrize(("x", "y"), [(-40, -40), (620, 350), (-500, 20), (300, 2)])
def test_a_face_that_reaches_out_of_the_picture_is_drawn_as_far_as_it_goes(
    x: float, y: float
) -> None:
    drawn(WHOLE, None, True, (detection(x, y), True))


def test_the_text_above_says_what_was_seen_in_words_and_local_time() -> None:
    seen = frame(0.0, image=picture(HEIGHT, WIDTH, LEVEL))
    zone = ZoneInfo("Asia/Kathmandu")
    faces = [(detection(100), True), (detection(300), False)]
    texts = []

    def write(_: Image, text: str, *__: object) -> None:
        texts.append(text)

    with patch.object(overlay, "_write", write):
        draw(seen, WHOLE, None, False, [], "LAST PICTURE: gone", zone)
        draw(seen, Area((LEFT,), (LEFT,)), np.ones((9, 16), np.uint8), True, faces, "", zone)
    quiet, _, busy = " ".join(texts).partition("LAST PICTURE: gone")
    assert "door  2026-03-01 17:45:00 +0545" in quiet
    assert "640x360 px" in quiet
    assert "nothing moves  0 faces" in " ".join(quiet.split(" "))
    for words in (
        "something moves",
        "1 face",
        "framed: a face and its width",
        "grey frame: does not count",
        "green: moves",
        "blue line: what counts",
        "red line: ignored",
        "60 px",
    ):
        assert words in busy, words
    assert "UTC" not in quiet + busy
    assert "framed" not in quiet


def test_a_long_text_goes_on_in_further_lines() -> None:
    narrow = drawn(seen=frame(0.0, image=picture(HEIGHT, WIDTH // 2)))[0]
    wide = drawn(seen=frame(0.0, image=picture(HEIGHT, WIDTH * 2)))[0]
    assert len(narrow) / 0.4 > len(wide) / 0.8
    assert not narrow[:, -8:].any(), "nothing is cut off"


@pytest.mark.parametrize("name", ["Eingang Süd", "門", "x" * 64])
def test_any_camera_name_can_be_written(name: str) -> None:
    head, _ = drawn(seen=replace(frame(0.0, image=picture(HEIGHT, WIDTH)), camera=name))
    assert has(head, WHITE).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2000, 30), (720, 1280)])
def test_a_picture_of_any_size_can_be_drawn(shape: tuple[int, int]) -> None:
    seen = frame(0.0, image=picture(*shape))
    drawn(
        Area((LEFT,), (LEFT,)),
        np.full((1, 96), 255, np.uint8),
        True,
        (detection(5), True),
        seen=seen,
    )


def test_a_sheet_stays_a_picture_that_can_be_opened_however_many_faces_there_are() -> None:
    """A person settled after years has thousands."""
    rows = [
        CaptionedRow("one person", [NamedFace("visitor 1", None)] * 5000),
        CaptionedRow("up to you", [NamedFace("visitor 2", None)] * 2),
    ]
    shown = cv2.imdecode(np.frombuffer(sheet(rows), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert max(shown.shape) < 20_000
