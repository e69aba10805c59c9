"""Cameras that work: every way pictures come in, how old they are, changes of size, many
reconnects.
"""

import itertools
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fixtures import footage
from fixtures.databases import ask
from fixtures.footage import FPS
from fixtures.installation import Box
from fixtures.rtsp import Server
from fixtures.running import Watched, running, states, with_cameras
from fixtures.waiting import wait
from visitord.capture import camera as camera_module
from visitord.capture.health import State
from visitord.store.database import Database

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
COUNT = 120  # pictures in the numbered clips
ONE = "astronaut"
SECRET = "p@ss/word"  # noqa: S105
QUOTED = "p%40ss%2Fword"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered clips in both codecs, and one person crossing two clips of different size.

    They are halfway at the end of small.mp4 and at the beginning of large.mp4.
    """
    folder = tmp_path_factory.mktemp("clips")
    footage.encode(folder / "h264.mp4", footage.counted(footage.room(COUNT)))
    footage.encode(folder / "h265.mp4", footage.counted(footage.room(COUNT)), "libx265")
    footage.encode(folder / "small.mp4", footage.walking(footage.room(60), ONE, 12, 108))
    footage.encode(
        folder / "large.mp4", footage.walking(footage.room(60, 1280, 720), ONE, -48, 48, 300)
    )
    footage.encode(folder / "quick.mp4", footage.room(100, 320, 180), fps=50, key_s=0.02)
    footage.jpegs(folder / "jpegs", footage.counted(footage.room(40)))
    footage.jpegs(
        folder / "two-sizes", itertools.chain(footage.room(10), footage.room(10, 320, 240))
    )
    return folder


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("clip", ["h264.mp4", "h265.mp4"])
def test_rtsp_pictures_come_in_order_and_at_their_pace(
    clips: Path, clip: str, transport: str
) -> None:
    with (
        Server(clips, only=transport.upper()) as server,
        Watched(server.url(clip), transport=transport) as door,
    ):
        numbers = []
        for _ in range(20):
            frame = door.frame()
            assert frame.image.shape == (footage.HEIGHT_PX, footage.WIDTH_PX, 3)
            numbers.append(footage.number(frame.image))
        health = door.camera.health()
    steps = forwards(numbers, COUNT)
    offered = len(numbers) + health.dropped
    assert offered / sum(steps) < 0.75, "8 a second of the 12 that are sent"
    assert (health.state, health.reason, health.reconnects) == (State.LIVE, "", 0)
    assert health.stream.startswith(f"{'hevc' if '265' in clip else 'h264'} 640x360")


def forwards(numbers: list[int | None], count: int) -> list[int]:
    """By how many each picture is later than the one before, in a clip of so many that is repeated.

    Every picture must be whole, and later than the one before: not so much later that it would be
    an earlier one.  How many are left out depends on the machine.
    """
    whole = [number for number in numbers if number is not None]
    assert len(whole) == len(numbers)
    steps = [(b - a) % count for a, b in itertools.pairwise(whole)]
    assert all(0 < step < count / 2 for step in steps), numbers
    return steps


@pytest.mark.parametrize("auth", ["", "basic"])
def test_http_pictures_come_whole_and_in_order(clips: Path, auth: str) -> None:
    with (
        Server(clips, kind="mjpeg", auth=auth, password=SECRET) as server,
        Watched(server.url("jpegs", QUOTED if auth else None)) as door,
    ):
        numbers = [footage.number(door.frame().image) for _ in range(12)]
    forwards(numbers, 40)


@pytest.mark.parametrize("kind", ["rtsp", "toolkit"])
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_the_right_password_lets_in(clips: Path, kind: str, auth: str) -> None:
    with (
        Server(clips, kind=kind, auth=auth, password=SECRET) as server,
        Watched(server.url("h264.mp4", QUOTED)) as door,
    ):
        assert footage.number(door.frame().image) is not None


def test_pictures_are_fresh_however_slow_the_analysis_is(clips: Path) -> None:
    """The clip's number says when a picture was sent; a detector of 0.6 s a picture must not see
    old ones: were they kept, the lag would grow by four seconds in five.
    """

    def lags(door: Watched) -> list[float]:
        """How old each picture was, as a share of the time that the analysis had been going on."""
        door.frame()
        began, found = time.monotonic(), []
        while len(found) < 12:
            time.sleep(0.6)
            number = footage.number(door.frame().image)
            assert number is not None
            now = time.monotonic()
            found.append((now * FPS - number) % COUNT / FPS / (now - began))
        return found

    with (
        Server(clips) as server,
        Watched(server.url("h264.mp4")) as tcp,
        Watched(server.url("h264.mp4"), transport="udp") as udp,
        Watched(server.url("h265.mp4")) as h265,
    ):
        doors = (tcp, udp, h265)
        with ThreadPoolExecutor() as pool:
            seen = list(pool.map(lags, doors))
        assert all(door.camera.health().dropped > 12 for door in doors)
    for shares in seen:
        assert np.median(shares[6:]) < 0.4, shares


def test_an_http_camera_may_change_its_size(clips: Path) -> None:
    with Server(clips, kind="mjpeg") as server, Watched(server.url("two-sizes")) as door:
        shapes = {door.frame().image.shape[:2] for _ in range(24)}
        assert shapes == {(360, 640), (240, 320)}
        assert door.camera.health().reconnects == 0


def test_a_change_of_size_in_mid_stream_loses_nobody(
    box: Box, database: Database, clips: Path
) -> None:
    streams: set[str] = set()

    def enough() -> bool:
        """At both sizes, and again."""
        streams.update(
            stream
            for (stream,) in ask(database, "select stream from camera_health where stream <> ''")
        )
        return len(streams) == 2 and ask(database, "select count(*) from sighting_log") >= [(3,)]

    with Server(clips) as server:
        with_cameras(box, door=server.url("small.mp4+large.mp4"))
        with running(box) as daemon:
            daemon.wait_for("visitor 1 arrived at door (first visit)")
            wait(enough, lambda: f"{streams} {daemon.log}")
            wait(lambda: states(box) == {"door": "live"}, lambda: states(box))
            assert daemon.end() == 0
    assert streams == {"h264 640x360", "h264 1280x720"}
    for text in ("Traceback", "Camera door is gone", "Camera door is stale"):
        assert text not in daemon.log
    assert ask(database, "select name from visitor") == [("visitor 1",)]
    long = (
        "ended_at - started_at > interval '1.5 s'"  # the service may end when someone has just come
    )
    assert ask(database, f"select distinct name from sighting_log where {long}") == [("visitor 1",)]


def test_two_hundred_reconnects_leave_memory_threads_and_files_as_they_were(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(camera_module, "RETRY_CAP_S", 0.01)

    def used() -> tuple[float, int, int]:
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6
        return resident, threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    with (
        Server(clips, pictures=4) as server,
        Watched(server.url("quick.mp4"), fps=60) as door,
        Watched(server.url("quick.mp4"), fps=60, transport="udp") as yard,
    ):
        both = (door.camera, yard.camera)

        def reconnects() -> int:
            return sum(camera.health().reconnects for camera in both)

        wait(lambda: reconnects() >= 50, lambda: f"{[camera.health() for camera in both]}")
        before = used()
        wait(lambda: reconnects() >= 250, lambda: f"{[camera.health() for camera in both]}")
        after = used()
        assert all(camera.health().last_frame_at for camera in both)
    assert after[0] - before[0] < 10, (before, after)
    assert after[1] <= before[1] + 2
    assert after[2] <= before[2] + 6


def test_one_dead_camera_of_four_disturbs_nobody_and_a_disabled_one_is_never_opened(
    box: Box, database: Database, clips: Path
) -> None:
    with Server(clips) as server, socket.create_server(("127.0.0.1", 0)) as never:
        never.setblocking(False)
        with_cameras(
            box,
            door=server.url("h264.mp4"),
            hall={"source": server.url("h265.mp4"), "transport": "udp"},
            dead="rtsp://127.0.0.1:9/1",
            yard=server.url("small.mp4"),
            shed={
                "source": f"rtsp://user:${{NOT_SET_ANYWHERE}}@127.0.0.1:{never.getsockname()[1]}/1",
                "password_file": "nowhere",
                "enabled": False,
            },
        )
        with running(box) as daemon:
            daemon.wait_for("Models: ")
            for name in ("door", "hall", "yard"):
                daemon.wait_for(f"Camera {name} is live")
            daemon.wait_for("Camera dead is gone: connection refused")
            daemon.wait_for("Camera shed is disabled")
            tries = "select reconnects from camera_health where camera = 'dead'"
            wait(lambda: ask(database, tries) >= [(3,)])
            known = {
                "door": "live",
                "hall": "live",
                "dead": "gone",
                "yard": "live",
                "shed": "disabled",
            }
            wait(lambda: states(box) == known, lambda: states(box))
            status = {
                line.split()[0]: line
                for line in box.ok("visitorctl", "status").splitlines()
                if line.strip()
            }
            assert all(state in status[name] for name, state in known.items())
            shed = ask(
                database,
                "select reconnects, last_frame_at from camera_health where camera = 'shed'",
            )
            assert shed == [(0, None)]
            assert daemon.end() == 0
        with pytest.raises(BlockingIOError):
            never.accept()
    assert daemon.log.count("Camera dead is gone") == 1  # it does not flap while it is tried again
    assert daemon.log.count("Camera dead is connecting") <= 1
    assert daemon.log.count("is live") == 3
