"""The running service on a real RTSP server: arrivals, broken cameras, signals, dying threads."""

import ctypes
import os
import re
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.databases import stopped
from fixtures.films import Walk, film
from fixtures.installation import Box
from fixtures.paths import ROOT
from fixtures.running import running, states, with_cameras
from visitord.capture import streams
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.errors import CameraError
from visitord.demo.server import DemoServer
from visitord.store.database import Database

ONE = "astronaut"


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip of one person walking by, 8 s."""
    folder = tmp_path_factory.mktemp("footage")
    film(folder / "walk.mp4", [Walk(ONE, 1, 5)], 8)
    return folder


def test_a_visitor_on_an_rtsp_camera_arrives_and_is_present(box: Box, footage: Path) -> None:
    with DemoServer(footage) as server:
        with_cameras(box, door=server.url("walk.mp4", loop=True))
        with running(box) as daemon:
            daemon.wait_for("Camera door is live")
            daemon.wait_for("visitor 1 arrived at door (first visit)")
            (row,) = box.rows("select name, camera from visitord.present_now")
            assert row == {"name": "visitor 1", "camera": "door"}
            status = box.ok("visitorctl", "status")
            assert "live" in status
            assert "1 visitors" in status
            assert "Threads of the daemon on this box last went on: main 0." in status
            assert ", camera door 0." in status
            assert re.search(r"The merge job runs next at [\d-]+ [\d:]+\+0000\.", status)
            assert daemon.end() == 0
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_service_at_once_with_open_tracks_written(
    box: Box, footage: Path, number: int
) -> None:
    with DemoServer(footage) as server:
        with_cameras(box, door=server.url("walk.mp4", loop=True))
        with running(box) as daemon:
            daemon.wait_for("visitor 1 arrived at door")
            assert daemon.end(number) == 0
    assert box.rows("select count(*) as n from visitord.sighting") == [{"n": 1}]


def test_a_signal_that_the_system_gives_to_another_thread_is_heard_too(
    box: Box, footage: Path
) -> None:
    with_cameras(box, tape=str(footage / "walk.mp4"))
    with running(box) as daemon:
        daemon.wait_for("Camera tape is live")
        process = daemon.process.pid
        thread = max(int(task.name) for task in Path(f"/proc/{process}/task").iterdir())
        assert thread != process
        assert ctypes.CDLL(None).tgkill(process, thread, signal.SIGTERM) == 0
        assert daemon.ended() == 0


def test_unreachable_cameras_are_named_with_their_reasons_and_disturb_no_other(
    box: Box, footage: Path
) -> None:
    with DemoServer(footage) as server:
        good = server.url("walk.mp4", loop=True)
        with_cameras(
            box,
            door=good,
            yard="rtsp://user:hidden-word@127.0.0.1:9/1",
            attic=good.replace("walk.mp4", "nothing.mp4"),
            cellar="/dev/video77",
            tape="missing.mp4",
        )
        with running(box) as daemon:
            daemon.wait_for("visitor 1 arrived at door")
            daemon.wait_for("Camera yard is gone: connection refused")
            daemon.wait_for("Camera attic is refused: it has no stream of that name")
            daemon.wait_for("Camera cellar is gone: there is no such video device")
            daemon.wait_for("Camera tape is gone")
            assert states(box) == {
                "door": "live",
                "yard": "gone",
                "attic": "refused",
                "cellar": "gone",
                "tape": "gone",
            }
            assert daemon.end() == 0
    assert "hidden-word" not in daemon.log


def test_a_camera_is_back_soon_after_its_server_is_back(box: Box, footage: Path) -> None:
    with DemoServer(footage) as server:
        port = server.port
        with_cameras(box, door=server.url("walk.mp4", loop=True))
        with running(box) as daemon:
            daemon.wait_for("Camera door is live")
            server.__exit__(None, None, None)
            daemon.wait_for("Camera door is gone")
            with DemoServer(footage, port):
                daemon.wait_for("Camera door is live", times=2)
                assert daemon.end() == 0
    (row,) = box.rows("select reconnects from visitord.camera_health")
    assert row["reconnects"] >= 1


def test_a_camera_that_freezes_is_noticed_and_does_not_hold_up_the_end(
    box: Box, footage: Path
) -> None:
    with DemoServer(footage) as server:
        with_cameras(box, door=server.url("walk.mp4", loop=True))
        with running(box) as daemon:
            daemon.wait_for("visitor 1 arrived at door")
            os.kill(server._child.pid, signal.SIGSTOP)
            assert daemon.end() == 0
        assert box.rows("select count(*) as n from visitord.sighting") == [{"n": 1}]
        with running(box) as daemon:
            daemon.wait_for("Camera door is stale: it accepts the connection, but sends no video")
            os.kill(server._child.pid, signal.SIGCONT)
            daemon.wait_for("Camera door is live")
            assert daemon.end() == 0


def test_a_file_is_played_at_its_own_pace_and_ends(box: Box, footage: Path) -> None:
    with_cameras(box, tape=str(footage / "walk.mp4"))
    with running(box) as daemon:
        daemon.wait_for("Camera tape is ended")
        daemon.wait_for("visitor 1 arrived at tape")
        assert daemon.end() == 0
    length = "extract(epoch from ended_at - started_at)::float"
    (row,) = box.rows(f"select {length} as s from visitord.sighting")
    assert row["s"] > 2, "he is in the picture for three seconds"


class _Mjpeg(BaseHTTPRequestHandler):
    """A camera that sends about five JPEG pictures a second, twenty of changing brightness."""

    sent_at: list[float]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for i in range(20):
            jpeg = cv2.imencode(".jpg", np.full((240, 320, 3), 5 * i, np.uint8))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            self.sent_at.append(time.monotonic())
            time.sleep(0.2)

    def log_message(self, *_: object) -> None:
        pass


def test_an_http_camera_is_read_at_the_pace_it_really_has() -> None:
    """Its stamps are invented, and say 25 pictures a second."""
    _Mjpeg.sent_at = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Mjpeg)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, times = f"http://127.0.0.1:{server.server_port}/", []
    with pytest.raises(CameraError, match=r"stream (ended|broke off)"):
        asked = CameraConfig(name="door", source=url)
        for picture in streams.read(url, asked, lambda _: None, clock=Clock()):
            times.append(picture.t)
    server.shutdown()
    assert len(times) >= 10
    sent_s = _Mjpeg.sent_at[-1] - _Mjpeg.sent_at[0]
    assert 0.5 < (times[-1] - times[0]) / sent_s < 1.5


def test_a_database_that_blocks_does_not_hold_up_the_end(
    box: Box, footage: Path, database: Database
) -> None:
    with_cameras(box, tape=str(footage / "walk.mp4"))
    with running(box) as daemon:
        daemon.wait_for("Camera tape is live")
        with database.transaction() as cursor:
            cursor.execute("lock table camera, sighting in access exclusive mode")
            assert daemon.end() == 0


def breaking(folder: Path, first_picture: str, *also: str) -> str:
    """A PYTHONPATH that breaks the vision thread of visitord from outside.

    first_picture: what it does with that.  also: further statements, after the daemon is imported.
    """
    (folder / "sitecustomize.py").write_text(
        "import importlib.abc, sys, threading\n"
        "class Hook(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'visitord.service.daemon':\n"
        "            sys.meta_path.remove(self)\n"
        "            from visitord.vision import pipeline\n"
        f"            def broken_for_the_test(*_): {first_picture}\n"
        "            pipeline.Pipeline.process = broken_for_the_test\n"
        + "".join(f"            {statement}\n" for statement in also)
        + "sys.meta_path.insert(0, Hook())\n"
    )
    return f"{folder}:{ROOT / 'daemon'}"


def test_a_thread_that_dies_takes_the_service_down_loudly(
    box: Box, footage: Path, tmp_path: Path
) -> None:
    with_cameras(box, tape=str(footage / "walk.mp4"))
    path = breaking(tmp_path, "raise RuntimeError('broken for the test')")
    with running(box, PYTHONPATH=path) as daemon:
        assert daemon.ended() == 1
        daemon.wait_for("The vision thread died")
        daemon.wait_for("broken for the test")
        daemon.wait_for("Error: A part of visitord died")


def test_a_thread_that_hangs_takes_the_service_down_and_says_where(
    box: Box, footage: Path, tmp_path: Path
) -> None:
    with_cameras(box, tape=str(footage / "walk.mp4"))
    path = breaking(
        tmp_path,
        "threading.Event().wait()",
        "from visitord.service import vision_loop, watchdog",
        "vision_loop.WARM_UP_WITHIN_S = 1",
        "watchdog.LOOK_EVERY_S = 0.5",
    )
    with running(box, PYTHONPATH=path) as daemon:
        assert daemon.ended() == 1
        daemon.wait_for("The vision thread has made no progress for 1 s. visitord ends")
        daemon.wait_for("in broken_for_the_test")
        daemon.wait_for("in serve")


def test_a_thread_that_does_not_stop_is_an_error(box: Box, footage: Path, tmp_path: Path) -> None:
    with_cameras(box, tape=str(footage / "walk.mp4"))
    path = breaking(
        tmp_path,
        "print('It hangs.', file=sys.stderr, flush=True); threading.Event().wait()",
        "from visitord.service import daemon",
        "daemon.STAGE_ENDS_WITHIN_S = 0.1",
    )
    with running(box, PYTHONPATH=path) as daemon:
        daemon.wait_for("It hangs.")
        assert daemon.end() == 1
        daemon.wait_for("The vision thread did not stop in time and is left behind.")


def test_the_embedded_database_ends_with_the_service(
    open_path: Path, models_dir: Path, footage: Path
) -> None:
    box = Box.at(open_path / "box", models_dir, "embedded")
    with_cameras(box, tape=str(footage / "walk.mp4"))
    with running(box) as daemon:
        daemon.wait_for("Camera tape is live")
        pid_file = box.folder / "state/postgres/postmaster.pid"
        assert pid_file.exists()
        assert daemon.end() == 0
    assert not pid_file.exists()


def test_an_embedded_database_that_hangs_does_not_hold_up_the_end(
    open_path: Path, models_dir: Path, footage: Path
) -> None:
    box = Box.at(open_path / "box", models_dir, "embedded")
    with_cameras(box, tape=str(footage / "walk.mp4"))
    with running(box) as daemon:
        daemon.wait_for("Camera tape is live")
        with stopped(box.folder / "state") as pid:
            assert daemon.end() == 0
            daemon.wait_for(f"kill -CONT {pid}. It then ends.")
