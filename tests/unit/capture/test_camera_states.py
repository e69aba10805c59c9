"""What a camera makes of pictures that show nothing, and what it tells of itself."""

from collections.abc import Callable, Iterator

import pytest

from fixtures.build import picture
from fixtures.scripted import STREAM, Bench, configured, failing, fresh
from visitord.capture.camera import PATIENCE_CAP_S
from visitord.capture.health import Health, State
from visitord.capture.inspection import COVERED, DAMAGED, FROZEN
from visitord.core.errors import CameraError, CameraRefusedError
from visitord.core.records import Picture
from visitord.core.sources import Kind, Source

STALE_AFTER_S = 10.0  # of the bench's camera
FILE = Source(Kind.FILE, "/clips/door.mp4")


def damaged() -> Picture:
    sound = fresh(0.0)
    return Picture(0.0, sound.gray, sound.decode, corrupt=True)


def covered(n: int) -> Picture:
    """A flat picture, never the same as the last ones."""
    return Picture.of(picture(value=10 + n % 20))


def frozen() -> Callable[[], Picture]:
    """Gives the same picture over and over."""
    still = fresh(0.0)
    return lambda: still


def short(health: Health) -> tuple[State, str]:
    return health.state, health.reason


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


# Pictures that must not be analysed


@pytest.mark.parametrize(
    ("flawed", "reason", "sound"), [(damaged, DAMAGED, 1), (frozen(), FROZEN, 2)]
)
def test_flawed_pictures_are_not_offered_and_make_a_camera_stale(
    bench: Bench, flawed: Callable[[], Picture], reason: str, sound: int
) -> None:
    """The first of those that repeat is a sound one."""
    seen: list[tuple[float, State, str]] = []

    def script() -> Iterator[Picture]:
        yield fresh(0.0)
        for second in range(30):
            bench.clock.seconds = 101.0 + second
            seen.append((bench.clock.seconds - 99 - sound, *short(bench.camera.health())))
            yield flawed()

    bench.run(script)
    assert bench.ready == sound
    live = [(state, why) for after_s, state, why in seen if after_s <= STALE_AFTER_S]
    assert set(live) == {(State.LIVE, "")}
    assert bench.waited() == [(State.STALE, reason)]
    assert bench.clock.seconds == 99 + sound + STALE_AFTER_S + 1


def test_a_stream_that_was_long_without_a_key_frame_is_not_left_sooner_for_its_flaws(
    bench: Bench,
) -> None:
    """In a room where nothing stirs it looks frozen until the next one."""

    def script() -> Iterator[Picture | None]:
        for _ in range(4):
            bench.clock.seconds += STALE_AFTER_S
            yield None
        yield fresh(0.0)
        while True:
            bench.clock.seconds += 1.0
            yield damaged()

    bench.run(script)
    assert bench.waited() == [(State.STALE, DAMAGED)]
    assert bench.clock.seconds == 100.0 + 2 * 4 * STALE_AFTER_S + 1.0


def test_a_live_camera_is_stale_with_the_flaw_as_its_reason_before_it_is_opened_anew(
    bench: Bench,
) -> None:
    seen: list[tuple[State, str]] = []

    def script() -> Iterator[Picture]:
        yield fresh(0.0)
        yield damaged()
        bench.clock.seconds += STALE_AFTER_S + 0.1
        seen.append(short(bench.camera.health()))
        yield fresh(0.0)
        seen.append(short(bench.camera.health()))
        raise CameraError("it broke")

    bench.run(script)
    assert seen == [(State.STALE, DAMAGED), (State.LIVE, "")]


def test_what_was_wrong_before_is_no_reason_for_a_later_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, patience=2)
    reasons: list[str] = []

    def flawed_once() -> Iterator[Picture]:
        yield from (fresh(0.0), damaged(), fresh(0.0))
        bench.clock.seconds += STALE_AFTER_S + 1
        reasons.append(bench.camera.health().reason)
        raise CameraError("it broke")

    bench.run(flawed_once, flawed_once)
    assert reasons == ["no new picture for more than 10 s"] * 2


def test_now_and_then_a_flawed_picture_is_nothing(bench: Bench) -> None:
    def script() -> Iterator[Picture]:
        for _ in range(20):
            bench.clock.seconds += STALE_AFTER_S / 2
            yield damaged()
            bench.clock.seconds += STALE_AFTER_S / 2
            yield fresh(0.0)
            assert short(bench.camera.health()) == (State.LIVE, "")
        raise CameraError("it broke")

    bench.run(script)
    assert bench.waited() == [(State.GONE, "it broke")]
    assert bench.ready == 20


def test_a_camera_that_sends_damage_from_the_start_was_never_live(bench: Bench) -> None:
    seen: set[tuple[State, str]] = set()

    def script() -> Iterator[Picture]:
        for _ in range(30):
            yield damaged()
            seen.add(short(bench.camera.health()))
            bench.clock.seconds += 1

    bench.run(script)
    assert seen == {(State.CONNECTING, "")}
    assert bench.waited() == [(State.STALE, DAMAGED)]
    assert (bench.ready, bench.camera.health().last_frame_at) == (0, None)


def test_a_camera_that_stays_damaged_is_opened_anew_ever_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, patience=8)
    lasted: list[float] = []

    def script() -> Iterator[Picture]:
        for _ in range(13 if len(bench.opened) == 7 else 0):
            bench.clock.seconds += 1
            yield fresh(0.0)
        first_t = bench.clock.seconds
        while True:
            yield damaged()
            lasted[len(bench.opened) - 1 :] = [bench.clock.seconds + 1 - first_t]
            bench.clock.seconds += 1

    bench.run(script)
    patience = [
        10,
        20,
        40,
        80,
        160,
        300,
        10,
        20,
    ]  # sound pictures for a while, and there is hope again
    assert patience[5] == PATIENCE_CAP_S
    assert lasted == [seconds + 1 for seconds in patience]
    assert bench.waited() == [(State.STALE, DAMAGED)] * 8


def test_a_file_is_never_opened_anew_for_its_flaws(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, FILE, patience=10_000)
    seen: set[tuple[State, str]] = set()

    def script() -> Iterator[Picture]:
        yield fresh(0.0)
        for _ in range(60):
            yield damaged()
            bench.clock.seconds += 1
        seen.add(short(bench.camera.health()))
        yield fresh(0.0)

    bench.run(script)
    assert seen == {(State.STALE, DAMAGED)}
    assert (len(bench.opened), bench.ready, bench.state()) == (1, 2, State.ENDED)


# A covered lens


def test_a_covered_lens_is_stale_after_a_while_and_live_once_uncovered(bench: Bench) -> None:
    """Its pictures are sound and offered all the same: it may only be dark."""
    seen: list[tuple[State, str]] = []

    def script() -> Iterator[Picture]:
        yield fresh(0.0)
        for n in range(12):
            bench.clock.seconds += 1
            yield covered(n)
            seen.append(short(bench.camera.health()))
        yield fresh(0.0)
        seen.append(short(bench.camera.health()))
        raise CameraError("it broke")

    bench.run(script)
    assert seen == [(State.LIVE, "")] * 11 + [(State.STALE, COVERED), (State.LIVE, "")]
    assert bench.ready == 14


def test_a_lens_covered_for_a_moment_again_and_again_is_live(bench: Bench) -> None:
    def script() -> Iterator[Picture]:
        for n in range(10):
            for _ in range(8):
                bench.clock.seconds += 1
                yield covered(n)
                assert bench.state() is State.LIVE
            yield fresh(0.0)
        raise CameraError("it broke")

    bench.run(script)
    assert bench.waited() == [(State.GONE, "it broke")]


# What is told while it is tried again


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (CameraError("it broke"), State.GONE),
        (CameraRefusedError("a wrong password"), State.REFUSED),
    ],
)
def test_state_and_reason_stay_while_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: CameraError, state: State
) -> None:
    bench = Bench(monkeypatch, patience=2)
    seen: list[tuple[State, str]] = []

    def again() -> Iterator[Picture]:
        seen.append(short(bench.camera.health()))
        yield fresh(0.0)
        seen.append(short(bench.camera.health()))
        raise CameraError("enough")

    bench.run(failing(error), again)
    assert seen == [(state, f"{error}"), (State.LIVE, "")]


@pytest.mark.parametrize("source", [STREAM, Source(Kind.USB, "0")])
def test_what_the_camera_sends_is_shown(monkeypatch: pytest.MonkeyPatch, source: Source) -> None:
    bench = Bench(monkeypatch, source)
    shown: list[str] = []

    def script() -> Iterator[Picture]:
        for stream in ("h264 1280x720", "hevc 640x360"):
            shown.append(bench.camera.health().stream)
            bench.tell(stream)
            yield fresh(0.0)
        shown.append(bench.camera.health().stream)
        raise CameraError("it broke")

    bench.run(script)
    assert shown == ["", "h264 1280x720", "hevc 640x360"]


def test_size_format_and_decoder_are_asked_for_as_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = {"size": (640, 360), "format": "MJPG", "decoder": "vaapi"}
    for source in (STREAM, Source(Kind.USB, "0")):
        bench = Bench(monkeypatch, source, **chosen)
        bench.run(failing(CameraError("gone")))
        assert bench.opened[0][:-1] == (
            source.target,
            configured(fps=8.0, transport="udp", **chosen),
        )
