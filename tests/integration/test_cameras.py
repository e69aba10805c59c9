"""Cameras that work: every way pictures come in, how old they are, changes of size, many
reconnects.
"""

import itertools
import os
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fixtures import footage
from fixtures.databases import ask
from fixtures.footage import FPS
from fixtures.installation import Box
from fixtures.rtsp import Server
from fixtures.running import Watched, running, states, wait, with_cameras
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
        began, numbers = door.frame().t, []
        while time.monotonic() - began < 2.5:
            frame = door.frame()
            assert frame.image.shape == (footage.HEIGHT_PX, footage.WIDTH_PX, 3)
            numbers.append(footage.number(frame.image))
        steps = [
            (b - a) % COUNT
            for a, b in itertools.pairwise(numbers)
            if a is not None and b is not None
        ]
        assert len(steps) == len(numbers) - 1
        assert set(steps) <= {1, 2}
        assert 16 <= len(numbers) <= 24  # 8 a second of the 12 that are sent
        health = door.camera.health()
    assert (health.state, health.reason, health.reconnects) == (State.LIVE, "", 0)
    assert health.stream.startswith(f"{'hevc' if '265' in clip else 'h264'} 640x360")


@pytest.mark.parametrize("auth", ["", "basic"])
def test_http_pictures_come_whole_and_in_order(clips: Path, auth: str) -> None:
    with (
        Server(clips, kind="mjpeg", auth=auth, password=SECRET) as server,
        Watched(server.url("jpegs", QUOTED if auth else None)) as door,
    ):
        numbers = [footage.number(door.frame().image) for _ in range(12)]
    steps = [
        (b - a) % 40 for a, b in itertools.pairwise(numbers) if a is not None and b is not None
    ]
    assert len(steps) == 11
    assert set(steps) <= {1, 2}


@pytest.mark.parametrize("kind", ["rtsp", "toolkit"])
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_the_right_password_lets_in(clips: Path, kind: str, auth: str) -> None:
    with (
        Server(clips, kind=kind, auth=auth, password=SECRET) as server,
        Watched(server.url("h264.mp4", QUOTED)) as door,
    ):
        assert footage.number(door.frame().image) is not None


def test_pictures_are_fresh_however_slow_the_analysis_is(clips: Path) -> None:
    """The clip's number says when a picture was sent; a detector of 0.7 s a picture must not see
    old ones.
    """
    ages: dict[str, list[float]] = {}

    def analyse(name: str, door: Watched) -> None:
        door.frame()
        began = time.monotonic()
        while time.monotonic() - began < 15:
            number = footage.number(door.frame().image)
            assert number is not None
            ages[name].append((time.monotonic() * FPS - number) % COUNT / FPS)
            time.sleep(0.7)

    with (
        Server(clips) as server,
        Watched(server.url("h264.mp4")) as tcp,
        Watched(server.url("h264.mp4"), transport="udp") as udp,
        Watched(server.url("h265.mp4")) as h265,
    ):
        doors = {"tcp": tcp, "udp": udp, "h265": h265}
        ages.update({name: [] for name in doors})
        threads = [threading.Thread(target=analyse, args=pair) for pair in doors.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(door.camera.health().dropped > 40 for door in doors.values())
    for name, seen in ages.items():
        assert len(seen) >= 18, name
        assert np.percentile(seen, 95) <= 1.0, (name, seen)


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
            wait(enough, 40, lambda: f"{streams} {daemon.log}")
            assert states(box) == {"door": "live"}
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

        wait(lambda: reconnects() >= 50, 30, lambda: f"{[camera.health() for camera in both]}")
        before = used()
        wait(lambda: reconnects() >= 250, 50, lambda: f"{[camera.health() for camera in both]}")
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
                daemon.wait_for(f"Camera {name} is live", 6)
            daemon.wait_for("Camera dead is gone: connection refused", 6)
            daemon.wait_for("Camera shed is disabled", 1)
            time.sleep(3)
            known = {
                "door": "live",
                "hall": "live",
                "dead": "gone",
                "yard": "live",
                "shed": "disabled",
            }
            assert states(box) == known
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
            began = time.monotonic()
            assert daemon.end() == 0
            assert time.monotonic() - began < 5
        with pytest.raises(BlockingIOError):
            never.accept()
    assert daemon.log.count("Camera dead is gone") == 1  # it does not flap while it is tried again
    assert daemon.log.count("Camera dead is connecting") <= 1
    assert daemon.log.count("is live") == 3
