"""Which pictures are damaged, frozen or covered: drawn small grey copies with a sensor's noise,
eight a second.
"""

from collections.abc import Callable, Iterable
from itertools import count

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.faces import people
from visitord.capture.inspection import DAMAGED, FROZEN, TORN_S, Inspector
from visitord.core.records import Gray, Image, Picture

HEIGHT, WIDTH = 90, 160
FPS = 8
GREEN, GREY = (0, 135, 0), (129, 129, 129)
Light = NDArray[np.float32]  # (h, w) brightness before noise
_NOISE = np.random.default_rng(3).normal(0, 1, (200, 240)).astype(np.float32)
_number = count()


def textured(seed: int = 1, contrast: float = 80.0) -> Light:
    """A scene full of edges: about a seventh of the spots are some."""
    patches = np.random.default_rng(seed).normal(0, 1, (9, 16))
    scene = np.kron(patches, np.ones((HEIGHT // 9, WIDTH // 16)))
    return np.asarray(
        np.clip(120 + contrast * cv2.GaussianBlur(scene, (0, 0), 0.8), 10, 245), np.float32
    )


def furnished() -> Light:
    """A scene with few edges: a door, a picture and a floor in a plain room; its light falls from
    the left.
    """
    scene = np.linspace(200, 140, WIDTH, dtype=np.float32)[None].repeat(HEIGHT, 0)
    scene[70:] *= 0.6
    scene[20:70, 110:132] = 80
    scene[25:45, 12:45] = 110
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.8), np.float32)


def plain() -> Light:
    """A wall and nothing else."""
    return np.linspace(180, 110, WIDTH, dtype=np.float32)[None].repeat(HEIGHT, 0)


def hand() -> Light:
    """What a hand on the lens lets through: blurred, brighter towards one side."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray(60 + 120 * np.exp(-((x - 30) ** 2 + (y - 20) ** 2) / 2000), np.float32)


def black(level: float = 14.0) -> Light:
    return np.full((HEIGHT, WIDTH), level, np.float32)


def with_clock(light: Light) -> Light:
    """The same with a time burnt in, whose last digit changes every second."""
    text = f"12:30:{next(_number) // FPS % 60:02}"
    sign = cv2.putText(
        np.zeros(light.shape, np.uint8), text, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255.0, 1
    )
    return np.where(sign > 0, np.float32(250), light)


def grain(light: Light, sigma: float = 2.0) -> Gray:
    """The scene as a sensor sees it: with noise that is never the same."""
    n, (height, width) = next(_number), light.shape
    y, x = n * 17 % 61, n * 29 % 59
    return np.clip(light + sigma * _NOISE[y : y + height, x : x + width], 0, 255).astype(np.uint8)


def times(light: Light, seconds: float, sigma: float = 2.0) -> list[Gray]:
    return [grain(light, sigma) for _ in range(round(seconds * FPS))]


def in_colour(colour: tuple[int, int, int], loss: bool = False) -> Image:
    """A picture (h, w, 3) of one colour, BGR; with `loss` as a JPEG of it is, scaled noise
    included.
    """
    image = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    if loss:
        spoilt = np.clip(
            image + np.random.default_rng(5).normal(0, 1.0, image.shape), 0, 255
        ).astype(np.uint8)
        image = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", spoilt)[1], cv2.IMREAD_COLOR), np.uint8
        )
    return image


class Camera:
    """An inspector and the time of the next picture."""

    def __init__(self, *seen: Iterable[Gray]) -> None:
        self.inspector = Inspector()
        self.t = 0.0
        for pictures in seen:
            self.shows(pictures)

    def shows(self, pictures: Iterable[Gray]) -> list[str]:
        """The flaw of each picture, "covered" for a covered one."""
        return [self.shows_one(gray) for gray in pictures]

    def shows_one(self, gray: Gray, image: Image | None = None, *, corrupt: bool = False) -> str:
        """The same for one picture; without an image it has no colours."""

        def decode() -> Image:
            return gray[:, :, None].repeat(3, 2) if image is None else image

        flaw = self.inspector.flaw(Picture(self.t, gray, decode, corrupt))
        self.t += 1 / FPS
        return flaw or ("covered" if self.inspector.covered else "")


# Sound pictures


@pytest.mark.parametrize("sigma", [0.7, 6.0])
@pytest.mark.parametrize("scene", [textured, furnished, plain])
def test_a_still_scene_is_sound(scene: Callable[[], Light], sigma: float) -> None:
    assert set(Camera().shows(times(scene(), 25, sigma))) == {""}


@pytest.mark.parametrize("width_px", [20, 110])
@pytest.mark.parametrize("scene", [textured, furnished])
def test_a_dark_figure_that_crosses_is_sound(scene: Callable[[], Light], width_px: int) -> None:
    def passing(x: int) -> Light:
        light = scene()
        light[8:, max(0, x) : max(0, x + width_px)] = 35
        return light

    camera = Camera(times(scene(), 7))
    assert set(camera.shows(grain(passing(x)) for x in range(-width_px, WIDTH, 6))) == {""}
    assert set(camera.shows(times(scene(), 2))) == {""}


def test_a_figure_that_is_suddenly_there_is_sound() -> None:
    """Half the picture wide, its upper edge straight: a door opened, or pictures are rare."""
    near = furnished()
    near[20:, 40:120] = 35
    assert set(Camera(times(furnished(), 7)).shows([*times(near, 2), *times(furnished(), 2)])) == {
        ""
    }


def test_light_that_falls_on_the_lower_half_is_sound() -> None:
    """As of headlights: wide and bright, but round."""
    beam = cv2.ellipse(
        np.zeros((HEIGHT, WIDTH), np.float32), (80, 90), (90, 50), 0, 0, 360, 90.0, -1
    )
    lit = np.asarray(furnished() + cv2.GaussianBlur(beam, (0, 0), 3), np.float32)
    assert set(Camera(times(furnished(), 7)).shows([*times(lit, 2), *times(furnished(), 2)])) == {
        ""
    }


@pytest.mark.parametrize("face_px", [24, 88])
def test_a_real_face_that_crosses_is_sound(face_px: int) -> None:
    camera = Camera(times(furnished(), 7))
    for portrait in people().values():
        face = cv2.resize(portrait.image[:, :, 1], (face_px, face_px), interpolation=cv2.INTER_AREA)
        for x in range(0, WIDTH - face_px, 10):
            light = furnished()
            light[1 : 1 + face_px, x : x + face_px] = face
            assert camera.shows_one(grain(light)) == "", portrait.person


def in_turn(bright: Light, dim: Light) -> list[Gray]:
    """One after the other and again, the first for long enough to be learnt."""
    return [*times(bright, 8), *times(dim, 4), *times(bright, 2), *times(dim, 2)]


@pytest.mark.parametrize("scene", [textured, furnished, plain])
def test_a_light_switched_off_and_on_is_sound(scene: Callable[[], Light]) -> None:
    assert set(Camera().shows(in_turn(scene(), scene() * 0.6))) == {""}


def test_a_room_in_half_its_light_is_not_covered() -> None:
    """Its edges are still there, but only half as strong."""
    dim = furnished() * 0.45
    assert dim.mean() > 50
    assert set(Camera().shows(in_turn(furnished(), dim))) == {""}


@pytest.mark.parametrize("period_s", [30, 10])
def test_a_drifting_exposure_is_sound(period_s: float) -> None:
    shares = 0.8 + 0.2 * np.sin(2 * np.pi * np.arange(15 * FPS) / FPS / period_s)
    assert set(Camera().shows(grain(textured() * share) for share in shares)) == {""}


# Frozen


@pytest.mark.parametrize("cycle", [1, 2, 5, 8])
def test_pictures_that_repeat_are_frozen_also_in_a_short_cycle(cycle: int) -> None:
    camera = Camera(times(textured(), 2))
    group = times(textured(), cycle / FPS)
    assert camera.shows(group) == [""] * cycle
    assert set(camera.shows(group * 4)) == {FROZEN}


def test_a_frozen_picture_is_sound_again_as_soon_as_something_changes() -> None:
    camera = Camera(times(textured(), 2))
    still = grain(textured())
    assert camera.shows([still] * 4) == ["", FROZEN, FROZEN, FROZEN]
    changed = still.copy()
    changed[40, 70] ^= 1  # the least there is
    assert camera.shows([changed, *times(textured(), 2)]) == [""] * (1 + 2 * FPS)


def test_a_picture_seen_long_ago_is_not_frozen() -> None:
    camera = Camera(times(textured(), 2))
    still = grain(textured())
    assert camera.shows([still, *times(textured(), 1), still]) == [""] * (FPS + 2)


# Damaged: the whole picture


@pytest.mark.parametrize("loss", [False, True])
@pytest.mark.parametrize(("colour", "gray"), [(GREEN, 0), (GREEN, 135), (GREY, 126), (GREY, 130)])
def test_what_a_decoder_without_data_shows_is_damaged(
    colour: tuple[int, int, int], gray: int, loss: bool
) -> None:
    camera = Camera(times(textured(), 2))
    for _ in range(3):
        dim = grain(black(gray), 0.8 if loss else 0.0)
        assert camera.shows_one(dim, in_colour(colour, loss)) == DAMAGED
    assert camera.shows(times(textured(), 1)) == [""] * FPS


def test_damage_is_recognised_in_the_very_first_picture() -> None:
    assert Camera().shows_one(grain(black(0), 0), in_colour(GREEN)) == DAMAGED


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (14, 14, 14), (60, 60, 60), (255, 255, 255), (200, 90, 40), (70, 110, 60)]
)
def test_a_flat_picture_of_another_colour_is_covered_but_not_damaged(
    colour: tuple[int, int, int],
) -> None:
    camera = Camera(times(textured(), 2))
    assert camera.shows_one(grain(black(colour[1]), 0.8), in_colour(colour, loss=True)) == "covered"


def test_what_the_decoder_calls_corrupt_is_damaged_whatever_it_looks_like() -> None:
    camera = Camera(times(textured(), 2))
    assert camera.shows_one(grain(textured()), corrupt=True) == DAMAGED
    assert camera.shows_one(grain(textured())) == ""


# Damaged: torn


def torn(kind: str, row: int = HEIGHT // 2) -> Gray:
    """The textured scene, from some row on not as it should be."""
    gray = grain(textured())
    rest = gray[row:]
    other = {
        "green": np.zeros_like(rest),
        "grey": np.full_like(rest, 130),
        "noise": np.random.default_rng(next(_number)).integers(0, 255, rest.shape).astype(np.uint8),
        "displaced": np.roll(rest, WIDTH // 3, axis=1),
        "from above": np.resize(gray[: HEIGHT - row][::-1], rest.shape),
    }
    gray[row:] = other[kind]
    return gray


KINDS = ["green", "grey", "noise", "displaced", "from above"]


@pytest.mark.parametrize("row", [20, 45, 75])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_with_a_part_from_elsewhere_is_damaged_each_time(kind: str, row: int) -> None:
    camera = Camera(times(textured(), 1))
    for _ in range(4):
        assert camera.shows_one(torn(kind, row)) == DAMAGED
        assert camera.shows_one(grain(textured())) == ""


@pytest.mark.parametrize("light", [furnished(), textured(contrast=50)], ids=["bright", "middling"])
def test_a_lower_half_that_the_decoder_left_grey_is_damaged(light: Light) -> None:
    """Also where the scene is as bright as the grey, so that few spots of a row change."""
    camera, spoilt = Camera(times(light, 5)), grain(light)
    spoilt[HEIGHT // 2 :] = 130
    assert camera.shows_one(spoilt) == DAMAGED


@pytest.mark.parametrize("kind", KINDS)
def test_what_looks_torn_for_longer_is_how_the_scene_is_now(kind: str) -> None:
    camera = Camera(times(textured(), 2))
    long, kept = round(TORN_S * FPS), torn(kind).astype(np.float32)
    assert camera.shows(times(kept, TORN_S)) == [DAMAGED] * long
    camera.shows([grain(kept)])  # the last moment
    assert camera.shows(times(kept, 3)) == [""] * (3 * FPS)


def test_after_a_tear_that_stayed_the_next_is_damage_again() -> None:
    camera = Camera(times(textured(), 5), times(torn("displaced").astype(np.float32), 3))
    assert camera.shows_one(torn("green")) == DAMAGED


def test_what_looks_torn_after_a_new_connection_is_accepted_too() -> None:
    """A connection may break on a torn picture; the next one's time begins at 0 again, and the
    scene has changed.
    """
    camera = Camera(times(textured(), 2))
    camera.t = 3600.0
    assert camera.shows_one(torn("noise")) == DAMAGED
    camera.t = 0.0
    changed = torn("displaced").astype(np.float32)
    assert camera.shows(times(changed, 4))[-1] == ""


# Other sizes


def test_a_change_of_size_is_no_flaw_and_the_scene_is_learnt_anew() -> None:
    camera = Camera(times(textured(), 7))
    for height, width in ((60, 80), (120, 160)):
        light = np.asarray(
            cv2.resize(textured(), (width, height), interpolation=cv2.INTER_AREA), np.float32
        )
        assert set(camera.shows(times(light, 10))) == {""}
        assert set(camera.shows(times(np.full_like(light, 14.0), 1, sigma=6))) == {"covered"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 160), (90, 1), (3, 3)])
def test_pictures_of_any_shape_pass(shape: tuple[int, int]) -> None:
    bright, dark = np.full(shape, 200, np.uint8), np.full(shape, 60, np.uint8)
    camera = Camera([bright])
    assert camera.shows([dark, bright, dark, bright]) == ["covered"] * 4


def test_a_capped_lens_without_any_noise_is_covered_and_not_frozen() -> None:
    camera = Camera(times(textured(), 7))
    assert camera.shows([np.zeros((90, 160), np.uint8)] * 4) == ["covered"] * 4


def test_a_picture_of_two_rows_passes() -> None:
    one, other = np.full((2, WIDTH), 60, np.uint8), np.full((2, WIDTH), 60, np.uint8)
    other[1] = 200
    assert Camera([one]).shows_one(other) in {"", DAMAGED}


# Covered


@pytest.mark.parametrize("clock", [False, True], ids=["", "clock"])
@pytest.mark.parametrize(
    ("cover", "sigma"), [(hand(), 2), (black(), 2), (black(20), 8)], ids=["hand", "black", "noise"]
)
@pytest.mark.parametrize("scene", [textured, furnished])
def test_a_covered_lens_is_told_until_it_is_uncovered(
    scene: Callable[[], Light], cover: Light, sigma: float, clock: bool
) -> None:
    camera = Camera()
    for light, seconds, noise, told in (
        (scene(), 7, 2, ""),
        (cover, 2, sigma, "covered"),
        (scene(), 1, 2, ""),
    ):
        filmed = (grain(with_clock(light) if clock else light, noise) for _ in range(seconds * FPS))
        assert set(camera.shows(filmed)) == {told}


def test_a_lens_covered_little_by_little_is_told_in_the_end() -> None:
    slowly = (
        grain(np.asarray((1 - share) * textured() + share * hand()))
        for share in np.linspace(0, 1, 5 * FPS)
    )
    camera = Camera(times(textured(), 8), slowly)
    assert set(camera.shows(times(hand(), 5))) == {"covered"}


def test_a_lens_that_stays_covered_does_not_become_usual() -> None:
    assert set(Camera(times(textured(), 8)).shows(times(hand(), 25))) == {"covered"}


def test_a_lens_covered_from_the_start_is_covered_only_if_nothing_is_to_be_seen() -> None:
    """What is missing nobody can know yet."""
    assert set(Camera().shows(times(black(), 2))) == {"covered"}
    assert set(Camera().shows(times(hand(), 10))) == {""}


def test_a_scene_with_hardly_any_edges_is_covered_only_when_flat() -> None:
    spot = plain()
    spot[40:46, 70:76] = 30
    camera = Camera(times(spot, 10))
    assert set(camera.shows(times(plain(), 5))) == {""}, "there was too little to be missed"
    assert set(camera.shows(times(hand(), 5))) == {""}
    assert set(camera.shows(times(black(60), 5))) == {"covered"}


def test_somebody_standing_before_a_known_scene_does_not_cover_it() -> None:
    camera = Camera(times(textured(), 7))
    light = textured()
    light[:, 20:120] = 90
    assert set(camera.shows(times(light, 20))) == {""}


def test_a_damaged_picture_does_not_change_whether_the_lens_is_covered() -> None:
    camera = Camera(times(textured(), 7), times(hand(), 2))
    assert camera.shows_one(grain(hand()), corrupt=True) == DAMAGED
    assert camera.inspector.covered


def test_a_camera_turned_elsewhere_is_not_covered() -> None:
    camera = Camera(times(textured(1), 10))
    assert camera.shows(times(textured(2), 15))[-FPS:] == [""] * FPS
    assert set(camera.shows(times(hand(), 5))) == {"covered"}


def test_a_camera_turned_to_a_plainer_scene_is_not_covered_for_ever() -> None:
    """Less than half as many edges as before, but others."""
    assert Camera(times(textured(), 7), times(furnished(), 20)).shows_one(grain(furnished())) == ""
