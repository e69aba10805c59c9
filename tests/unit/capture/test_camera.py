"""A camera with scripted sources: its slot, its states, coming back, ending and stopping."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.build import after, picture
from fixtures.scripted import STREAM, Bench, ManualClock, Script, configured, failing, fresh
from fixtures.waiting import PATIENCE_S, join, wait
from visitord.capture import camera as camera_module
from visitord.capture import streams
from visitord.capture.camera import RETRY_CAP_S, RETRY_FIRST_S, Camera
from visitord.capture.health import State
from visitord.core.errors import CameraError, CameraRefusedError, MediaError, StreamEndedError
from visitord.core.records import Picture
from visitord.core.sources import Kind, Source


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


# The slot


def test_the_slot_holds_the_newest_picture_and_counts_those_nobody_took(bench: Bench) -> None:
    bench.run(failing(CameraError("it broke"), pictures=3))
    taken = bench.camera.take()
    assert taken is not None
    assert taken.image[0, 0, 0] == 2
    assert bench.camera.take() is None
    assert bench.camera.health().dropped == 2


def test_a_picture_that_was_taken_is_not_dropped(bench: Bench) -> None:
    taken: list[int] = []

    def script() -> Iterator[Picture]:
        for n in range(3):
            yield Picture.of(picture(value=n), float(n))
            frame = bench.camera.take()
            assert frame is not None
            taken.append(int(frame.image[0, 0, 0]))
        raise CameraError("it broke")

    bench.run(script)
    assert taken == [0, 1, 2]
    assert bench.camera.health().dropped == 0


def test_drops_are_counted_over_reconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, patience=2)
    bench.run(failing(CameraError("it broke"), pictures=2))
    assert bench.camera.health().dropped == 3


def test_every_picture_is_announced(bench: Bench) -> None:
    bench.run(failing(CameraError("it broke"), pictures=4))
    assert bench.ready == 4


def test_a_frame_is_stamped_when_it_arrives(bench: Bench) -> None:
    def script() -> Iterator[Picture]:
        bench.clock.seconds = 250.5
        yield fresh(7.0)
        raise CameraError("it broke")

    bench.run(script)
    frame = bench.camera.take()
    assert frame is not None
    assert (frame.camera, frame.at, frame.t) == ("door", after(250.5), 250.5)
    assert bench.camera.health().last_frame_at == after(250.5)


# States


def test_a_camera_is_connecting_until_its_first_picture_then_live(bench: Bench) -> None:
    seen: list[State] = [bench.state()]

    def script() -> Iterator[Picture]:
        seen.append(bench.state())
        yield fresh(0.0)
        seen.append(bench.state())
        raise CameraError("it broke")

    bench.run(script)
    assert seen == [State.CONNECTING, State.CONNECTING, State.LIVE]


def test_a_live_camera_without_a_new_picture_is_stale_until_the_next(bench: Bench) -> None:
    seen: list[tuple[State, str]] = []

    def script() -> Iterator[Picture]:
        yield fresh(0.0)
        for wait_s in (10.0, 0.5):
            bench.clock.seconds += wait_s
            health = bench.camera.health()
            seen.append((health.state, health.reason))
        yield fresh(10.5)
        seen.append((bench.state(), bench.camera.health().reason))
        raise CameraError("it broke")

    bench.run(script)
    assert seen == [
        (State.LIVE, ""),
        (State.STALE, "no new picture for more than 10 s"),
        (State.LIVE, ""),
    ]


def test_a_stale_camera_claims_no_frame_rate(bench: Bench) -> None:
    rates: list[float] = []

    def script() -> Iterator[Picture]:
        for n in range(40):
            bench.clock.seconds += 0.1
            yield fresh(n / 10)
        rates.append(bench.camera.health().fps)
        bench.clock.seconds += 11
        rates.append(bench.camera.health().fps)
        raise CameraError("it broke")

    bench.run(script)
    assert rates == [pytest.approx(10, abs=0.1), 0.0]
    assert bench.camera.health().fps == 0.0


def test_a_camera_that_breaks_is_gone_with_the_reason(bench: Bench) -> None:
    bench.run(failing(CameraError("it does not answer in time")))
    assert bench.waited() == [(State.GONE, "it does not answer in time")]


def test_a_live_stream_that_ends_is_gone_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, patience=3)
    bench.run(failing(StreamEndedError("the stream ended"), pictures=1))
    assert bench.waited() == [(State.GONE, "the stream ended")] * 3
    assert len(bench.opened) == 3


def test_a_camera_that_refuses_says_so_and_is_asked_again_much_later(bench: Bench) -> None:
    bench.run(failing(CameraRefusedError("it refuses the user name or password")))
    assert bench.waited() == [(State.REFUSED, "it refuses the user name or password")]
    assert bench.stop.waits[0][0] == camera_module.REFUSED_WAIT_S


def test_the_reason_is_cleared_once_pictures_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, patience=2)
    reasons: list[str] = []

    def good() -> Iterator[Picture]:
        yield fresh(0.0)
        reasons.append(bench.camera.health().reason)
        raise CameraError("again")

    bench.run(failing(CameraError("at first")), good)
    assert reasons == [""]


def test_an_error_nobody_expected_is_not_swallowed(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="a mistake"):
        bench.run(failing(RuntimeError("a mistake")))


# Coming back


def test_waits_double_while_nothing_comes_up_to_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, patience=7)
    bench.run(failing(CameraError("gone")))
    longest = [min(RETRY_FIRST_S * 2**n, RETRY_CAP_S) for n in range(7)]
    waits = [timeout for timeout, _ in bench.stop.waits]
    assert all(w is not None and top / 2 <= w <= top for w, top in zip(waits, longest, strict=True))


def test_waits_start_anew_after_a_connection_that_gave_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, patience=5)
    silent = failing(CameraError("gone"))

    def lively() -> Iterator[Picture]:
        for _ in range(9):
            bench.clock.seconds += 1
            yield fresh(0.0)
        raise CameraError("gone")

    bench.run(silent, silent, silent, lively, failing(CameraError("gone"), pictures=1))
    waits = [timeout or 0.0 for timeout, _ in bench.stop.waits]
    assert waits[2] > RETRY_FIRST_S
    assert waits[3] <= RETRY_FIRST_S
    assert waits[4] > RETRY_FIRST_S / 2, "one picture is not enough to start anew"


def test_a_reconnect_is_counted_each_time_the_source_is_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, patience=4)
    counts: list[int] = []

    def script() -> Iterator[Picture]:
        counts.append(bench.camera.health().reconnects)
        yield fresh(0.0)
        raise CameraError("it broke")

    bench.run(script)
    assert counts == [0, 1, 2, 3]


# Ending


def test_a_file_played_to_its_end_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, Source(Kind.FILE, "/clips/door.mp4"), patience=9)
    bench.run(lambda: iter([Picture.of(picture(value=5), 0.0)]))
    health = bench.camera.health()
    assert (health.state, health.reason) == (State.ENDED, "it was played to its end")
    assert bench.opened == [(Path("/clips/door.mp4"), 8.0, None, None)]
    assert health.reconnects == 0


def test_a_file_is_played_at_its_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, Source(Kind.FILE, "/clips/door.mp4"), patience=100)
    bench.run(lambda: iter([fresh(0.0), fresh(30.0)]))
    first, second = (timeout for timeout, _ in bench.stop.waits)
    assert first is not None and 0 <= first < 5
    assert second is not None and 25 < second <= 30


def test_a_file_that_cannot_be_read_is_gone_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, Source(Kind.FILE, "/clips/door.mp4"), patience=2)
    bench.run(failing(MediaError("it is not there.")))
    assert bench.waited() == [(State.GONE, "it is not there.")] * 2


def test_a_file_damaged_further_in_has_ended_there(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, Source(Kind.FILE, "/clips/door.mp4"), patience=100)
    bench.run(failing(MediaError("it is damaged."), pictures=1))
    health = bench.camera.health()
    assert (health.state, health.reason, health.reconnects) == (State.ENDED, "it is damaged.", 0)


@pytest.mark.parametrize("error", [StreamEndedError("the stream ended"), CameraError("it broke")])
def test_a_stream_played_once_ends_for_good(
    monkeypatch: pytest.MonkeyPatch, error: CameraError
) -> None:
    bench = Bench(monkeypatch, once=True)
    bench.run(failing(error, pictures=1))
    assert bench.state() is State.ENDED
    assert (len(bench.opened), bench.stop.waits) == (1, [])


def test_a_stream_played_once_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, once=True, patience=50)
    not_yet = failing(CameraError("it does not answer in time"))
    bench.run(not_yet, not_yet, failing(StreamEndedError("the stream ended"), pictures=1))
    assert bench.waited() == [(State.GONE, "it does not answer in time")] * 2
    assert bench.state() is State.ENDED


# Opening


def test_a_stream_is_opened_as_configured(bench: Bench) -> None:
    bench.run(failing(CameraError("gone")))
    (arguments,) = bench.opened
    assert arguments[:-1] == ("rtsp://192.0.2.1/door", configured(fps=8.0, transport="udp"))


@pytest.mark.parametrize("device", ["0", "/dev/v4l/by-id/usb-webcam"])
def test_a_usb_camera_is_opened_by_index_or_path(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    bench = Bench(monkeypatch, Source(Kind.USB, device), fps=5.0)
    bench.run(failing(CameraError("gone")))
    (arguments,) = bench.opened
    assert arguments[:-1] == (device, configured(fps=5.0, transport="udp"))


# Stopping: real threads and a real event


def started(
    script: Script, monkeypatch: pytest.MonkeyPatch, ready: Callable[[], None]
) -> tuple[Camera, Callable]:
    """A camera in a thread of its own, and a function that stops it and waits for its end."""
    monkeypatch.setattr(streams, "read", lambda *_, **__: script())
    stop = threading.Event()
    camera = Camera(configured(), STREAM, ManualClock(), stop, ready)
    thread = threading.Thread(target=camera.run, daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        join(thread)

    return camera, end


def test_stop_ends_a_live_camera_promptly_and_closes_its_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live, closed = threading.Event(), threading.Event()

    def script() -> Iterator[Picture]:
        try:
            while True:
                yield fresh(0.0)
                time.sleep(0.005)
        finally:
            closed.set()

    _, end = started(script, monkeypatch, live.set)
    assert live.wait(PATIENCE_S)
    end()
    assert closed.is_set()


def test_stop_ends_the_wait_for_the_next_try_promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "REFUSED_WAIT_S", 10 * PATIENCE_S)

    def script() -> Iterator[Picture]:
        raise CameraRefusedError("no")
        yield

    camera, end = started(script, monkeypatch, lambda: None)
    wait(lambda: camera.health().state is State.REFUSED)
    end()


def test_a_camera_told_to_stop_does_not_claim_that_its_stream_ended(bench: Bench) -> None:
    def script() -> Iterator[Picture]:
        yield fresh(0.0)
        bench.stop.set()
        yield fresh(0.1)

    bench.scripts.append(script)
    bench.camera.run()
    assert bench.camera.health().state is State.LIVE


def test_a_stop_while_waiting_is_no_reconnect(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, patience=1)
    bench.scripts.append(failing(CameraError("broken")))
    bench.camera.run()
    assert len(bench.opened) == 1
    assert bench.camera.health().reconnects == 0
