"""The motion gate on small drawn scenes, eight frames a second."""

import numpy as np
import pytest
from build import frame

from visitord.records import Image
from visitord.vision.motion import MotionGate, MotionSettings

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
    return [t for t, image in zip(stamps, images, strict=True) if gate.is_open(frame(t, image=image))]


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
    noisy = [(scene() + rng.integers(-2, 3, (HEIGHT, WIDTH, 3))).astype(np.uint8) for _ in range(64)]
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


def test_a_speck_does_not_open_the_gate() -> None:
    """A tenth of a per cent of the picture must move; with half the picture required, a person is a speck."""
    gate = MotionGate(settings=MotionSettings(min_area=0.5))
    opened([scene()] * 40, gate)
    assert opened([with_block(scene())] * 8, gate, start=40) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (40, 8, 3)])
def test_pictures_of_any_shape_pass(shape: tuple[int, int, int]) -> None:
    gate = MotionGate()
    image = np.zeros(shape, np.uint8)
    assert gate.is_open(frame(0.0, image=image))
    assert not gate.is_open(frame(4.5, image=image))
