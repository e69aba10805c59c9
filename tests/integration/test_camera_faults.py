"""Cameras that fail: killed, frozen, refusing, silent, hung; and the passwords that no output may
tell.
"""

import itertools
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fixtures import footage
from fixtures.installation import Box
from fixtures.rtsp import HOST, Server
from fixtures.running import Running, Watched, running, states, with_cameras
from fixtures.waiting import PATIENCE_S, wait
from visitord.capture import camera as camera_module
from visitord.capture import streams
from visitord.capture.health import Health, State
from visitord.core.records import Picture

DRIP_S = PATIENCE_S / 100
"""Before each byte: whoever waits for an answer of some hundred bytes waits for ever."""
SECRET = "hidden-word"  # noqa: S105


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty room as H.264 and H.265, 20 s: a repetition may count as a frozen picture."""
    folder = tmp_path_factory.mktemp("clips")
    footage.encode(folder / "door.mp4", footage.room(240, 320, 180))
    footage.encode(folder / "h265.mp4", footage.room(240, 320, 180), "libx265")
    footage.encode(folder / "seldom.mp4", footage.room(60, 320, 180), key_s=5)
    footage.encode(folder / "seldom265.mp4", footage.room(60, 320, 180), "libx265", key_s=5)
    return folder


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


Doors = list[tuple[Server, Watched]]


@pytest.fixture
def doors(clips: Path, tmp_path: Path, stack: ExitStack) -> Doors:
    """Live cameras on servers of their own: over TCP, over UDP, and of the third-party server."""
    opened = []
    for kind, transport in (("rtsp", "tcp"), ("rtsp", "udp"), ("toolkit", "tcp")):
        folder = tmp_path / f"{kind}-{transport}"
        folder.mkdir()
        shutil.copy(clips / "door.mp4", folder)
        server = stack.enter_context(Server(folder, kind=kind))
        url = server.url("door.mp4") + ("?play_count=0" if kind == "toolkit" else "")
        door = Watched(url, stale_after_s=2.0, transport=transport)
        opened.append((server, stack.enter_context(door)))
    for _, door in opened:
        door.wait_for(State.LIVE)
    return opened


def test_a_camera_whose_server_dies_is_gone_and_soon_back_even_with_another_codec(
    doors: Doors, clips: Path
) -> None:
    for server, door in doors:
        server.kill()
        door.wait_for(State.GONE)
        assert door.camera.health().reason
    for _, door in doors:
        wait(lambda door=door: door.camera.health().reconnects >= 3, door.camera.health)
        assert door.camera.health().state is State.GONE
    for server, _ in doors:
        shutil.copy(clips / "h265.mp4", Path(server.serving.folder) / "door.mp4")
        server.start()
    for _, door in doors:
        door.wait_for(State.LIVE)
        assert door.camera.health().stream.startswith("hevc")


def test_a_camera_that_freezes_is_stale_and_soon_back_when_it_goes_on_or_restarts(
    doors: Doors,
) -> None:
    for server, _ in doors:
        server.freeze()
    for _, door in doors:
        door.wait_for(State.STALE, "no new picture")
    for _, door in doors:  # and so it stays while it is tried again
        wait(lambda door=door: door.camera.health().reconnects >= 2, door.camera.health)
        assert door.camera.health().state in {State.STALE, State.GONE}
        assert door.camera.health().reason
    for turn, (server, _) in enumerate(doors):
        if turn:
            server.thaw()
        else:
            server.kill()
            server.start()
    for _, door in doors:
        door.wait_for(State.LIVE)


def test_a_server_that_makes_no_sense_has_a_reason(clips: Path, stack: ExitStack) -> None:
    """All at once: most of them are given up only after a while."""
    senseless: dict[str, tuple[dict[str, Any], set[State], str]] = {
        "garbage": ({"kind": "garbage"}, {State.STALE, State.GONE}, "no video"),
        "closing": ({"kind": "closing"}, {State.GONE}, ""),
        "silent": (
            {"kind": "silent"},
            {State.STALE, State.GONE},
            "accepts the connection, but sends no video",
        ),
        "byte by byte": (
            {"drip_s": DRIP_S},
            {State.STALE, State.GONE},
            "",
        ),
    }
    servers = {
        name: stack.enter_context(Server(clips, **serving))
        for name, (serving, _, _) in senseless.items()
    }
    doors = {
        name: stack.enter_context(Watched(server.url("door.mp4"), 2.0))
        for name, server in servers.items()
    }
    for name, (_, expected, reason) in senseless.items():
        health = _health(doors[name], expected)
        assert health.reason, name
        assert reason in health.reason, name
        assert health.last_frame_at is None, name


def _health(door: Watched, states: set[State]) -> Health:
    """The camera's health once it is in one of these states."""
    wait(lambda: door.camera.health().state in states, lambda: f"{door.camera.health()}")
    return door.camera.health()


def test_every_failure_has_its_reason_and_no_output_tells_a_password(
    box: Box, clips: Path, stack: ExitStack
) -> None:
    """Refused in every way, gone in every way, and live; with the password in the address, a file,
    a variable.
    """

    def server(**serving: object) -> Server:
        return stack.enter_context(Server(clips, password=SECRET, **serving))

    basic, digest, late = server(auth="basic"), server(auth="digest"), server(auth="digest")
    frozen, killed, web = (
        server(auth="digest"),
        server(kind="toolkit", auth="basic"),
        server(kind="mjpeg", auth="basic"),
    )
    late.kill()
    (box.folder / "right").write_text(f"{SECRET}\n")
    (box.folder / "wrong").write_text(f"{SECRET}-2\n")
    by_file = digest.url("door.mp4", "x").replace(":x@", "@")
    with_cameras(
        box,
        "3s",
        basic=basic.url("door.mp4", f"{SECRET}-1"),
        digest=digest.url("door.mp4", f"{SECRET}-1"),
        file={"source": by_file, "password_file": "wrong"},
        web=web.url("none", f"{SECRET}-1"),
        path=digest.url("nothing.mp4", SECRET),
        host=f"rtsp://user:{SECRET}@camera.invalid/door",
        late=late.url("door.mp4", SECRET),
        noise=server(kind="garbage").url("door.mp4", SECRET),
        silent=server(kind="silent").url("door.mp4", SECRET),
        frozen=frozen.url("door.mp4", SECRET),
        killed=killed.url("door.mp4", "${CAMERA_PASSWORD}") + "?play_count=0",
        good={"source": by_file, "password_file": "right", "transport": "udp"},
    )
    with running(box, CAMERA_PASSWORD=SECRET) as daemon:
        for name in ("frozen", "killed", "good"):
            daemon.wait_for(f"Camera {name} is live")
        frozen.freeze()
        killed.kill()
        for name in ("basic", "digest", "file", "web"):
            assert "password" in _reason(daemon, name, "refused")
        assert "path" in _reason(daemon, "path", "refused")
        assert "host" in _reason(daemon, "host", "gone")
        for name in ("late", "killed"):
            _reason(daemon, name, "gone")
        assert "no video" in _reason(daemon, "noise", "stale", "gone")
        assert "accepts the connection" in _reason(daemon, "silent", "stale", "gone")
        assert "no new picture" in _reason(daemon, "frozen", "stale")
        late.start()
        daemon.wait_for("Camera late is live")
        frozen.kill()
        _reason(daemon, "frozen", "gone")
        refused = dict.fromkeys(("basic", "digest", "file", "web", "path"), "refused")
        gone = dict.fromkeys(("host", "killed"), "gone")
        at_last = refused | gone | {"late": "live", "good": "live"}
        wait(lambda: at_last.items() <= states(box).items(), lambda: states(box))
        rows = box.rows("select * from visitord.camera_health")
        told = [
            str(rows),
            box.ok("visitorctl", "status"),
            box.ok("visitorctl", "status", "--format", "json"),
            box.run("visitord", "check-config", CAMERA_PASSWORD=SECRET).out,
            box.run("visitorctl", "snapshot", "basic").err,
        ]
        assert daemon.end() == 0
    assert all(row["reason"] for row in rows if row["state"] != "live")
    assert daemon.log.count(" is connecting") <= len(
        rows
    )  # what failed stays so while it is tried again
    told += [daemon.log, daemon.printed]
    assert all(told[:-1])
    for text in told:
        assert "hidden" not in text
    assert "Traceback" not in daemon.log


def _reason(daemon: Running, camera: str, *wanted: str) -> str:
    """Waits until the log says that the camera is in one of these states; returns what it says of
    it.
    """
    heads = tuple(f"Camera {camera} is {state}" for state in wanted)

    def lines() -> list[str]:
        return [line.split(" ", 2)[2] for line in daemon.log.splitlines() if " Camera " in line]

    wait(
        lambda: any(line.startswith(heads) for line in lines()),
        lambda: f"{heads}?\n{daemon.log}",
    )
    line = next(line for line in lines() if line.startswith(heads))
    assert ": " in line, line
    return line.split(": ", 1)[1]


HANGS = """
import importlib.abc, sys, threading
class Hook(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "visitord.service.daemon":
            sys.meta_path.remove(self)
            from visitord.capture import streams
            real = streams.read
            def stream(url, *rest, **more):
                if "hung" in url:
                    threading.Event().wait()
                return real(url, *rest, **more)
            streams.read = stream
sys.meta_path.insert(0, Hook())
"""


@pytest.mark.parametrize("settled", [False, True], ids=["at once", "when every state is told"])
def test_the_service_ends_in_time_whatever_its_cameras_do(
    box: Box, clips: Path, tmp_path: Path, stack: ExitStack, settled: bool
) -> None:
    """The hung one stands for a driver or resolver that never returns; without `settled` others are
    connecting.
    """
    live, locked, frozen = (
        stack.enter_context(Server(clips, **serving))
        for serving in ({}, {"auth": "digest", "password": SECRET}, {})
    )
    with_cameras(
        box,
        "2s",
        live=live.url("door.mp4"),
        udp={"source": live.url("door.mp4"), "transport": "udp"},
        frozen=frozen.url("door.mp4"),
        refused=locked.url("door.mp4"),
        gone=f"rtsp://{HOST}:9/1",
        host="rtsp://camera.invalid/1",
        silent=stack.enter_context(Server(kind="silent")).url("1"),
        slow=stack.enter_context(Server(clips, drip_s=DRIP_S)).url("door.mp4"),
        hung=live.url("hung.mp4"),
        off={"source": live.url("door.mp4"), "enabled": False},
    )
    (tmp_path / "sitecustomize.py").write_text(HANGS)
    with running(box, PYTHONPATH=str(tmp_path)) as daemon:
        for name in ("live", "udp", "frozen"):
            daemon.wait_for(f"Camera {name} is live")
        frozen.freeze()
        if settled:
            for text in (
                "frozen is stale",
                "refused is refused",
                "gone is gone",
                "host is gone",
                "silent is ",
                "off is ",
            ):
                daemon.wait_for(f"Camera {text}")
        assert daemon.end() == 0, daemon.log
    assert "Traceback" not in daemon.log


def test_a_read_that_never_returns_is_given_up_and_holds_up_nobody(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocked generator stands for a hung driver or resolver, which nothing in Python can end:
    at first in a read, then in every opening.
    """
    monkeypatch.setattr(camera_module, "HANGS_AFTER_S", 2.0)
    opened, never, real = itertools.count(), threading.Event(), streams.read

    def stream(url: str, *rest: Any, **more: Any) -> Iterator[Picture]:
        if "hung" not in url:
            yield from real(url, *rest, **more)
            return
        if next(opened) == 0:
            yield from itertools.islice(real(url.replace("hung", "door"), *rest, **more), 8)
        never.wait()

    monkeypatch.setattr(streams, "read", stream)
    try:
        with (
            Server(clips) as server,
            Watched(server.url("hung.mp4"), stale_after_s=1.0) as hung,
            Watched(server.url("door.mp4")) as door,
        ):
            door.wait_for(State.LIVE)
            hung.wait_for(State.LIVE)
            hung.wait_for(State.STALE, "no new picture")
            hung.wait_for(State.GONE, "never returned")
            wait(lambda: hung.camera.health().reconnects >= 1)
            for _ in range(10):
                assert door.frame()
            hung.wait_for(State.GONE, "never returned")
            assert next(opened) >= 2
            hung.end()
            door.end()
    finally:
        never.set()


@pytest.mark.parametrize("clip", ["seldom.mp4", "seldom265.mp4"])
def test_a_stream_joined_long_before_its_next_key_frame_is_waited_for(
    clips: Path, monkeypatch: pytest.MonkeyPatch, clip: str
) -> None:
    """Every client joins 4.5 s before one; a read that gives nothing is given up after 3 s."""
    monkeypatch.setattr(camera_module, "HANGS_AFTER_S", 3.0 - 20.0)
    monkeypatch.setattr(streams, "OPEN_TIMEOUT_S", 1.5)  # else that is how long it is examined
    with (
        Server(clips, behind=6) as server,
        Watched(server.url(clip), stale_after_s=20.0) as door,
    ):
        door.wait_for(State.LIVE)
