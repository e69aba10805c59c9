"""Many moving places in a large picture, with the real models: everybody is found and followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import pytest

from fixtures.build import frame
from fixtures.faces import people
from fixtures.footage import room
from visitord.core.records import Image, TrackReport
from visitord.models.opencv_zoo import ZooPack
from visitord.vision.pipeline import Pipeline

FPS = 4
START_S = 2.5  # the gate has warmed up
LENGTH_S = 4.5
LEAF_PX = 120


@dataclass(frozen=True)
class Visitor:
    """Somebody who sways where they are: the left upper corner of a portrait, 1.9 faces wide."""

    person: str
    x: int
    y: int
    face_px: int = 115


def leaf() -> Image:
    return np.random.default_rng(3).integers(40, 200, (LEAF_PX, LEAF_PX, 3), dtype=np.uint8)


def watch(
    pack: ZooPack,
    size: tuple[int, int],
    visitors: Sequence[Visitor],
    leaves: Sequence[tuple[int, int]] = (),
) -> list[TrackReport]:
    """What is reported in the end of visitors beside leaves, which move all the time."""
    width, height = size
    rooms = list(room(3, width, height))
    portraits = [portrait(visitor) for visitor in visitors]
    pipeline = Pipeline(pack, "main")
    for n in range(round(LENGTH_S * FPS)):
        t = n / FPS
        image = rooms[n % len(rooms)].copy()
        for x, y in leaves:
            put(image, leaf(), x + round(40 * np.sin(3 * t + x)), y + round(30 * np.cos(5 * t)))
        if t >= START_S:
            for visitor, picture in zip(visitors, portraits, strict=True):
                put(image, picture, visitor.x + round(40 * np.sin(2 * t)), visitor.y)
        pipeline.process(frame(t, image=image))
    return pipeline.flush()


def portrait(visitor: Visitor) -> Image:
    side = round(1.9 * visitor.face_px)
    image = people()[visitor.person].image
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def put(image: Image, part: Image, x: int, y: int) -> None:
    image[y : y + len(part), x : x + len(part)] = part


def seen_well(reports: Sequence[TrackReport]) -> int:
    """How many have samples enough for an identity."""
    return sum(sum(not s.quality.flaws for s in report.samples) >= 3 for report in reports)


def in_corners(width: int, height: int) -> list[Visitor]:
    corners = product((60, width - 300), (40, height - 260))
    return [Visitor(name, *at) for name, at in zip(people(), corners, strict=False)]


@pytest.mark.parametrize("size", [(1920, 1080), (2560, 1440), (3840, 2160)])
def test_four_people_in_the_four_corners_are_four(pack: ZooPack, size: tuple[int, int]) -> None:
    reports = watch(pack, size, in_corners(*size))
    assert len(reports) == seen_well(reports) == 4
    assert all(len(report.together) == 3 for report in reports)


def test_four_people_among_eight_other_moving_things_are_four(pack: ZooPack) -> None:
    leaves = list(product((700, 1400, 2100, 2900), (500, 1400)))
    reports = watch(pack, (3840, 2160), in_corners(3840, 2160), leaves)
    assert len(reports) == seen_well(reports) == 4


def test_one_visitor_beside_three_other_moving_things_is_found(pack: ZooPack) -> None:
    leaves = [(100, 100), (3600, 200), (400, 1900)]
    reports = watch(pack, (3840, 2160), [Visitor("t1-4", 1900, 1000, face_px=80)], leaves)
    assert len(reports) == seen_well(reports) == 1


def test_sixteen_people_who_enter_a_large_picture_are_sixteen(pack: ZooPack) -> None:
    """Side by side, so that all that moves is one place or two."""
    seats = product((700, 1100, 1500, 1900), (400, 720, 1040, 1360))
    names = list(people()) * 2
    visitors = [Visitor(n, *at, face_px=100) for n, at in zip(names, seats, strict=True)]
    reports = watch(pack, (3840, 2160), visitors)
    assert len(reports) == seen_well(reports) == 16
