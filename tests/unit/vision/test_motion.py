"""The motion gate on small drawn scenes, eight frames a second."""

import cv2
import numpy as np
import pytest

from fixtures.build import frame
from visitord.core.records import Image
from visitord.vision import motion
from visitord.vision.motion import MotionGate
from visitord.vision.zones import Area, Polygon

HEIGHT, WIDTH = 72, 96


def scene() -> Image:
    """A textured still background."""
    return np.random.default_rng(1).integers(40, 200, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def with_block(image: Image, side: int = 20, x: int = 40) -> Image:
    """Someone: a bright block on the background."""
    changed = image.copy()
    changed[20 : 20 + side, x : x + side] = 255
    return changed


def opened(images: list[Image], gate: MotionGate | None = None, start: int = 0) -> list[float]:
    """The times at which the gate was open, for frames from start/8 s on."""
    gate = gate or MotionGate()
    stamps = [(start + n) / 8 for n in range(len(images))]
    return [
        t for t, image in zip(stamps, images, strict=True) if gate.is_open(frame(t, image=image))
    ]


def eighths(start_s: float, end_s: float) -> list[float]:
    return [n / 8 for n in range(round(start_s * 8), round(end_s * 8) + 1)]


def settled() -> MotionGate:
    """A gate that has seen the still scene for five seconds, until t = 4.875."""
    gate = MotionGate()
    opened([scene()] * 40, gate)
    return gate


def test_a_still_scene_closes_the_gate_after_warm_up_and_hold() -> None:
    """Warm-up counts as motion up to 1.875 s, and each motion holds the gate for 2 s."""
    assert opened([scene()] * 64) == eighths(0, 3.875)


def test_the_heartbeat_opens_the_gate_for_one_frame() -> None:
    """Five seconds after it was last open at 3.875, and again five seconds later."""
    assert [t for t in opened([scene()] * 160) if t > 3.875] == [8.875, 13.875, 18.875]


def test_times_are_seconds_not_frames() -> None:
    gate = MotionGate()
    times = [0.0, 1.9, 3.5, 3.9, 4.0, 8.8, 8.9, 9.0]
    assert [t for t in times if gate.is_open(frame(t, image=scene()))] == [0.0, 1.9, 3.5, 3.9, 8.9]


def test_the_clock_may_start_anywhere() -> None:
    assert opened([scene()] * 64, start=80_000) == [t + 10_000 for t in eighths(0, 3.875)]


def test_noise_of_two_grey_levels_does_not_open_the_gate() -> None:
    rng = np.random.default_rng(2)
    noisy = [
        (scene() + rng.integers(-2, 3, (HEIGHT, WIDTH, 3))).astype(np.uint8) for _ in range(64)
    ]
    assert opened(noisy) == eighths(0, 3.875)


def test_someone_entering_opens_the_gate_within_two_frames() -> None:
    times = opened([with_block(scene())] * 4, settled(), start=40)
    assert times and times[0] <= 5.125


def test_someone_moving_keeps_the_gate_open_and_it_closes_after_they_left() -> None:
    gate = settled()
    walk = [with_block(scene(), x=n) for n in range(0, 72, 2)]
    assert opened(walk, gate, start=40) == [(40 + n) / 8 for n in range(36)]
    times = opened([scene()] * 40, gate, start=76)
    assert times and 1.75 <= times[-1] - 76 / 8 <= 3.0


def test_a_speck_does_not_open_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a per cent of the picture must move; with half the picture required, a person is a
    speck.
    """
    monkeypatch.setattr(motion, "MIN_AREA", 0.5)
    gate = MotionGate()
    opened([scene()] * 40, gate)
    assert opened([with_block(scene())] * 8, gate, start=40) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (40, 8, 3)])
def test_pictures_of_any_shape_pass(shape: tuple[int, int, int]) -> None:
    gate = MotionGate()
    image = np.zeros(shape, np.uint8)
    assert gate.is_open(frame(0.0, image=image))
    assert not gate.is_open(frame(4.5, image=image))


# A flickering background

BEGINS = 200  # the number of the first picture with it, at 25 s: by then, learning has become slow


def flickering(period_s: float, duty: float, seconds: float) -> list[Image]:
    """The scene with a sensor's noise and a lamp or screen, 20 by 20 of 96 by 72, bright for `duty`
    of each period.
    """
    noise = np.random.default_rng(3).integers(-2, 3, (16, HEIGHT, WIDTH, 1))
    bright, dim = scene().astype(np.int16), scene().astype(np.int16)
    bright[40:60, 60:80] += 50
    lit = [
        n >= BEGINS and (n - BEGINS) / 8 % period_s < duty * period_s
        for n in range(round(seconds * 8))
    ]
    return [
        np.clip((bright if on else dim) + noise[n % 16], 0, 255).astype(np.uint8)
        for n, on in enumerate(lit)
    ]


@pytest.mark.parametrize(
    ("period_s", "duty"), [(0.25, 0.5), (0.5, 0.3), (1, 0.5), (2, 0.3), (5, 0.7)]
)
def test_a_flickering_background_is_learnt_within_seconds(period_s: float, duty: float) -> None:
    """Measured: closed 4.5 to 12.3 s after it began, of which 2 s are the hold; later only the
    heartbeat opens.
    """
    since = [t - BEGINS / 8 for t in opened(flickering(period_s, duty, 50)) if t >= BEGINS / 8]
    assert since[0] <= 1 / 8, "the flicker is too weak to be seen at all"
    late = [t for t in since if t > 15]
    assert 2 <= len(late) <= 3
    assert set(np.diff(late)) == {5.0}


@pytest.mark.parametrize(("duty", "seconds"), [(0.1, 75), (0.9, 100)])
def test_a_background_that_seldom_changes_its_look_is_learnt_too(duty: float, seconds: int) -> None:
    """A look that is there in one picture of eight; and one that is seldom gone is not forgotten
    after a minute.
    """
    assert len([t for t in opened(flickering(2, duty, seconds)) if t > seconds - 10]) < 8


def test_someone_entering_a_flickering_scene_opens_the_gate_within_two_frames() -> None:
    gate = MotionGate()
    pictures = flickering(1, 0.5, 40)
    assert len([t for t in opened(pictures[:-8], gate) if t > 34]) <= 1, (
        "only the heartbeat opens it"
    )
    entered = [with_block(image, 12, x=10) for image in pictures[-8:]]
    assert opened(entered, gate, start=312)[-7:] == eighths(39.125, 39.875)


# Small people, and light


@pytest.mark.parametrize(("x", "contrast"), [(0, 25), (611, -25), (1220, 25)])
def test_someone_small_opens_the_gate_within_two_frames(x: int, contrast: int) -> None:
    """60 by 180 pixels of 1280 by 720: someone ten metres away."""
    empty = np.clip(
        np.linspace(90, 150, 1280)[None, :, None].repeat(720, 0).repeat(3, 2), 0, 255
    ).astype(np.uint8)
    entered = empty.copy()
    entered[300:480, x : x + 60] = np.clip(
        entered[300:480, x : x + 60].astype(np.int16) + contrast, 0, 255
    )
    gate = MotionGate()
    assert opened([empty] * 40, gate)[-1] < 4
    assert opened([entered] * 2, gate, start=40)


@pytest.mark.parametrize(("gain", "lift"), [(1.0, 50), (0.4, 0), (1.4, 20)])
def test_a_light_switched_on_or_off_holds_the_gate_hardly_longer_than_once(
    gain: float, lift: float
) -> None:
    """It is learnt from the next picture on: measured, open for the hold of 2 s and no frame
    longer.
    """
    switched = np.clip(scene() * gain + lift, 0, 255).astype(np.uint8)
    gate = MotionGate()
    opened([scene()] * 240, gate)
    since = [t - 30 for t in opened([switched] * 36, gate, start=240)]
    assert since[0] <= 1 / 8
    assert since[-1] <= 3.0
    assert opened([with_block(switched)] * 2, gate, start=276), (
        "someone coming in after that is seen"
    )


# Where the picture counts

LEFT: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
UPPER: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))


@pytest.mark.parametrize(
    ("area", "seen"),
    [
        (Area(ignore=(LEFT,)), {"upper right", "lower right"}),
        (Area(only=(LEFT,)), {"upper left", "lower left"}),
        (Area(only=(LEFT, UPPER)), {"upper left", "lower left", "upper right"}),
        (Area(ignore=(UPPER,), only=(LEFT,)), {"lower left"}),
        (Area(ignore=(LEFT, UPPER)), {"lower right"}),
        (Area(), {"upper left", "lower left", "upper right", "lower right"}),
    ],
)
def test_only_motion_where_the_picture_counts_opens_the_gate(area: Area, seen: set[str]) -> None:
    corners = {
        "upper left": (8, 15),
        "lower left": (50, 15),
        "upper right": (8, 70),
        "lower right": (50, 70),
    }
    gate, changed = MotionGate(area), scene()
    opened([scene()] * 40, gate)
    for name in corners.keys() - seen:
        y, x = corners[name]
        changed[y : y + 12, x : x + 12] = 255
    assert opened([changed] * 3, gate, start=40) == []
    for y, x in corners.values():
        changed[y : y + 12, x : x + 12] = 0
    assert opened([changed] * 2, gate, start=43)
    assert gate.moving is not None
    moving = cv2.resize(gate.moving, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    assert {
        name for name, (y, x) in corners.items() if np.any(moving[y : y + 12, x : x + 12])
    } == seen


def test_someone_half_in_an_ignored_part_opens_the_gate() -> None:
    gate = MotionGate(Area(ignore=(LEFT,)))
    opened([scene()] * 40, gate)
    assert opened([with_block(scene(), x=38)] * 2, gate, start=40)


def test_a_change_of_the_pictures_shape_is_learnt_anew_and_the_area_goes_with_it() -> None:
    gate = MotionGate(Area(ignore=(LEFT,)))
    opened([scene()] * 40, gate)
    wide = np.random.default_rng(4).integers(40, 200, (54, WIDTH, 3)).astype(np.uint8)
    assert opened([wide] * 40, gate, start=40)[-1] < 9
    for x, opens in ((10, False), (70, True)):
        assert bool(opened([with_block(wide, 12, x=x)] * 3, gate, start=80)) == opens
