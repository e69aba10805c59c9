"""Reads that never return: real threads, and an event that stands for a hung driver; see
scripted.py.
"""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from fixtures.scripted import STREAM, Bench, ManualClock, configured, failing, fresh
from fixtures.waiting import PATIENCE_S, join
from visitord.capture import camera as camera_module
from visitord.capture import streams
from visitord.capture.camera import HANGS_AFTER_S, HUNG_MAX, KEY_FRAME_WITHIN_S, Camera
from visitord.capture.health import WAITS, State
from visitord.core.errors import CameraError
from visitord.core.records import Picture
from visitord.core.sources import Kind, Source

STALE_AFTER_S = 10.0  # of the bench's camera
GIVEN_UP = (State.GONE, "a read never returned and was given up")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reader door"]


@pytest.fixture
def never() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()
    for reader in readers():
        join(reader)


def hanging(
    bench: Bench, never: threading.Event, pictures: int = 0
) -> Callable[[], Iterator[Picture]]:
    """Gives so many pictures, then hangs beyond all patience."""

    def script() -> Iterator[Picture]:
        for _ in range(pictures):
            yield fresh(0.0)
        bench.clock.seconds += STALE_AFTER_S + HANGS_AFTER_S + 0.1
        never.wait(10)
        raise CameraError("too late")

    return script


@pytest.mark.parametrize("pictures", [0, 2])
def test_a_read_that_never_returns_is_given_up(
    bench: Bench, never: threading.Event, pictures: int
) -> None:
    bench.run(hanging(bench, never, pictures))
    assert bench.waited() == [GIVEN_UP]


def test_a_read_is_not_given_up_before_its_time(bench: Bench) -> None:
    def script() -> Iterator[Picture]:
        bench.clock.seconds += STALE_AFTER_S + HANGS_AFTER_S - 0.1
        time.sleep(0.25)  # the camera's thread looks every tenth of a second
        yield fresh(0.0)
        bench.clock.seconds += STALE_AFTER_S + HANGS_AFTER_S - 0.1
        time.sleep(0.25)
        raise CameraError("it broke")

    bench.run(script)
    assert bench.waited() == [(State.GONE, "it broke")]


def test_a_stream_that_sends_is_not_given_up_however_long_its_key_frame_takes(
    bench: Bench,
) -> None:
    seen: list[tuple[State, str]] = []

    def script() -> Iterator[Picture | None]:
        for _ in range(3):
            bench.clock.seconds += STALE_AFTER_S + HANGS_AFTER_S - 0.1
            time.sleep(0.25)  # the camera's thread looks every tenth of a second
            yield None
        seen.append((bench.state(), bench.camera.health().reason))
        yield fresh(0.0)
        seen.append((bench.state(), bench.camera.health().reason))
        raise CameraError("it broke")

    bench.run(script)
    assert seen == [(State.CONNECTING, WAITS), (State.LIVE, "")]
    assert bench.waited() == [(State.GONE, "it broke")]


def test_a_key_frame_that_never_comes_is_not_waited_for_for_ever(bench: Bench) -> None:
    def script() -> Iterator[Picture | None]:
        while True:
            bench.clock.seconds += 10.0
            yield None

    bench.run(script)
    ((state, reason),) = bench.waited()
    assert state is State.STALE
    assert reason == "no key frame came for 600 s; set the camera to send one every few seconds"
    assert bench.clock.seconds == 100.0 + KEY_FRAME_WITHIN_S + 10.0


def test_a_file_is_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, Source(Kind.FILE, "/clips/door.mp4"), patience=1000)

    def script() -> Iterator[Picture]:
        bench.clock.seconds += 10_000
        time.sleep(0.25)
        yield fresh(0.0)

    bench.run(script)
    assert (bench.state(), bench.ready) == (State.ENDED, 1)
    assert bench.beats >= 3, "the camera's own thread goes on, and says so"


def test_only_so_many_reads_are_given_up_before_one_returns(
    monkeypatch: pytest.MonkeyPatch, never: threading.Event
) -> None:
    bench = Bench(monkeypatch, patience=HUNG_MAX + 2)
    bench.run(hanging(bench, never))
    stuck = (State.GONE, f"{HUNG_MAX} reads never returned; mend the camera or its driver")
    assert bench.waited() == [GIVEN_UP] * HUNG_MAX + [stuck] * 2
    assert len(bench.opened) == HUNG_MAX
    assert bench.camera.health().reconnects == HUNG_MAX - 1, "what is not opened is no reconnect"
    assert len(readers()) == HUNG_MAX
    never.set()
    for reader in readers():
        join(reader)
    bench.stop.clear()
    bench.run(failing(CameraError("it broke"), pictures=1))
    assert bench.waited()[-1] == (State.GONE, "it broke")


class Awake:
    """A connection that was given up and wakes up during the next one."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.wake, self.closed = threading.Event(), threading.Event()
        self.late = fresh(0.0)

    def first(self) -> Iterator[Picture]:
        try:
            self.bench.clock.seconds += STALE_AFTER_S + HANGS_AFTER_S + 0.1
            assert self.wake.wait(5)
            told = self.bench.opened[0][-1]
            told("of the first")  # type: ignore[operator]
            yield self.late
        finally:
            self.closed.set()

    def second(self) -> Iterator[Picture]:
        self.bench.tell("of the second")
        yield fresh(0.0)
        self.wake.set()
        assert self.closed.wait(5)
        raise CameraError("it broke")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> Awake:
    bench = Bench(monkeypatch, patience=2)
    awake = Awake(bench)
    bench.run(awake.first, awake.second)
    return awake


def test_a_read_that_returns_after_it_was_given_up_offers_nothing_and_closes_its_source(
    woken: Awake,
) -> None:
    taken = woken.bench.camera.take()
    assert taken is not None
    assert taken.picture is not woken.late
    assert (woken.bench.ready, woken.bench.camera.health().dropped) == (1, 0)
    assert woken.bench.waited() == [GIVEN_UP, (State.GONE, "it broke")]
    assert woken.closed.is_set()


def test_a_read_that_returns_after_it_was_given_up_tells_nothing(woken: Awake) -> None:
    assert woken.bench.camera.health().stream == "of the second"


def test_a_read_that_hangs_holds_up_the_end_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch, never: threading.Event
) -> None:
    monkeypatch.setattr(camera_module, "CLOSES_WITHIN_S", 0.2)
    reading, stop = threading.Event(), threading.Event()

    def script() -> Iterator[Picture]:
        reading.set()
        never.wait()
        yield fresh(0.0)

    monkeypatch.setattr(streams, "read", lambda *_, **__: script())
    camera = Camera(configured(), STREAM, ManualClock(), stop, lambda: None)
    thread = threading.Thread(target=camera.run, daemon=True)
    thread.start()
    assert reading.wait(PATIENCE_S)
    stop.set()
    join(thread)
