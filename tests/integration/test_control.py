"""The daemon's door for visitorctl, and `visitorctl snapshot` with and without a daemon."""

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.films import Walk, film
from fixtures.installation import Box
from fixtures.running import running, with_cameras
from fixtures.waiting import wait
from visitord.core.errors import CameraError, VisitordError
from visitord.core.records import Image
from visitord.service import control

ONE = "astronaut"


def snapshot(camera: str) -> bytes:
    """As the daemon's: of a camera it knows, a picture larger than a socket holds."""
    if camera.startswith("door"):
        return camera.encode() + b" " * 1_000_000
    raise CameraError(f'The running daemon has no camera "{camera}"; it has door.')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with a door that answers."""
    control.listen(tmp_path / "state", snapshot)
    return tmp_path / "state"


def connected(folder: Path) -> Connection:
    """A client of one's own, in the folder whose path may be long."""
    handle = os.open(folder, os.O_PATH)
    try:
        client = Client(f"/proc/self/fd/{handle}/{control.NAME}", "AF_UNIX")
    finally:
        os.close(handle)
    assert isinstance(client, Connection)
    return client


# The door


def test_a_folder_that_allows_no_socket_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    control.listen(tmp_path / "file" / "state", snapshot)
    assert "visitorctl cannot ask this daemon for snapshots" in caplog.text


def test_a_second_daemon_on_the_same_folder_is_refused(folder: Path) -> None:
    with pytest.raises(
        VisitordError,
        match=r"^Another visitord runs on .* already; stop it, or set another state_dir\.$",
    ):
        control.listen(folder, snapshot)
    assert control.ask(folder, "door") == snapshot("door")


def test_a_picture_is_answered_whole(folder: Path) -> None:
    assert control.ask(folder, "door") == snapshot("door")


def test_a_name_in_any_script_arrives(folder: Path) -> None:
    assert control.ask(folder, "door Süd 門") == snapshot("door Süd 門")


def test_a_refusal_is_answered_with_its_sentence(folder: Path) -> None:
    with pytest.raises(
        VisitordError, match=r'^The running daemon has no camera "yard"; it has door\.$'
    ):
        control.ask(folder, "yard")
    assert control.ask(folder, "door") == snapshot("door"), "and the next request as ever"


def test_where_no_daemon_was_ever_there_is_no_answer(tmp_path: Path) -> None:
    assert control.ask(tmp_path / "absent", "door") is None
    assert control.ask(tmp_path, "door") is None


def left_behind(folder: Path) -> Path:
    """The socket of a daemon that was killed."""
    path = folder / control.NAME
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.is_socket()
    return path


def test_the_socket_of_a_killed_daemon_is_no_daemon_and_no_obstacle(tmp_path: Path) -> None:
    left_behind(tmp_path)
    assert control.ask(tmp_path, "door") is None
    control.listen(tmp_path, snapshot)
    assert control.ask(tmp_path, "door") == snapshot("door")


def test_a_folder_deeper_than_a_sockets_path_may_be_long(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 50] * 5)
    assert len(str(deep)) > 250
    control.listen(deep, snapshot)
    assert control.ask(deep, "door") == snapshot("door")


def test_only_the_daemons_account_may_enter(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        control.listen(tmp_path, snapshot)
        assert stat.S_IMODE((tmp_path / control.NAME).stat().st_mode) == 0o600
        assert os.umask(0o022) == 0o022, "what else the daemon writes is as before"
    finally:
        os.umask(before)


def test_another_account_is_told_why_it_may_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(control, "Client", refuse)
    with pytest.raises(
        VisitordError,
        match=r"/state/control\.sock is another account's; run this as the account of",
    ):
        control.ask(folder, "door")


def test_many_ask_at_once_and_each_gets_its_own_answer(folder: Path) -> None:
    names = [f"door {n}" for n in range(12)]
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(lambda name: control.ask(folder, name), names)) == [
            snapshot(name) for name in names
        ]


def test_asking_leaves_no_file_open(folder: Path) -> None:
    def ask() -> int:
        control.ask(folder, "door")
        control.ask(folder.parent, "door")
        return len(list(Path("/proc/self/fd").iterdir()))

    before = ask()
    wait(lambda: ask() <= before, lambda: "more and more files are open")


def hang_up(_: Connection) -> None:
    pass


def ask_for_nonsense(client: Connection) -> None:
    client.send_bytes(b"\xff\xfe\x00")


def ask_too_much(client: Connection) -> None:
    with contextlib.suppress(BrokenPipeError):
        client.send_bytes(b"d" * 100_000)


def ask_and_leave(client: Connection) -> None:
    client.send_bytes(b"door")


@pytest.mark.parametrize("behave", [hang_up, ask_for_nonsense, ask_too_much, ask_and_leave])
def test_a_client_that_misbehaves_disturbs_no_other(
    folder: Path, behave: Callable[[Connection], None]
) -> None:
    for _ in range(3):
        with connected(folder) as client:
            behave(client)
    assert control.ask(folder, "door") == snapshot("door")


def say_nothing(client: Connection) -> None:
    pass


def say_half(client: Connection) -> None:
    os.write(client.fileno(), b"\0\0\0\4do")  # four bytes are announced


def listen_to_nothing(client: Connection) -> None:
    client.send_bytes(b"door")


def answers(folder: Path) -> bool:
    """Whether the door is open for others, who wait for an answer no longer than it does."""
    try:
        return control.ask(folder, "door") == snapshot("door")
    except VisitordError:
        return False


@pytest.mark.parametrize("behave", [say_nothing, say_half, listen_to_nothing])
def test_a_client_that_stops_half_way_does_not_hold_up_others_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch, behave: Callable[[Connection], None]
) -> None:
    """A `visitorctl snapshot` that was stopped with Ctrl-Z before it had read its picture must not
    close the door for everybody.
    """
    monkeypatch.setattr(control, "ANSWER_TIMEOUT_S", 0.4)
    with connected(folder) as client:
        behave(client)
        wait(lambda: answers(folder))


# A daemon in trouble


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[tuple[Path, Listener]]:
    """A folder and a listener in it that a test answers for."""
    with Listener(str(tmp_path / control.NAME), "AF_UNIX") as listener:
        yield tmp_path, listener


def test_a_daemon_that_ends_before_it_answers_is_told(troubled: tuple[Path, Listener]) -> None:
    folder, listener = troubled
    threading.Thread(target=lambda: listener.accept().close(), daemon=True).start()
    with pytest.raises(VisitordError, match=r"^The daemon ended before it answered\.$"):
        control.ask(folder, "door")


def test_a_daemon_that_does_not_answer_is_told(
    troubled: tuple[Path, Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_TIMEOUT_S", 0.1)
    with pytest.raises(VisitordError, match=r"^The daemon does not answer; see its log\.$"):
        control.ask(troubled[0], "door")


# visitorctl snapshot


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of somebody who stands in the middle for most of its 6 s."""
    return film(tmp_path_factory.mktemp("footage") / "walk.mp4", [Walk(ONE, -1, 9)], 6)


def opened(path: Path) -> Image:
    """A snapshot of the footage (960 by 540), below its lines of text; checks that it is one."""
    data = np.fromfile(path, np.uint8)
    assert data[:3].tobytes() == b"\xff\xd8\xff", "it is no JPEG"
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape[1:] == (960, 3)
    assert image.shape[0] in (540 + 24, 540 + 42, 540 + 60), "one to three lines of text"
    return np.asarray(image[-540:], np.uint8)


def has_a_face(image: Image) -> bool:
    """Whether there is a white box: whole lines of it, of which the person's portrait has none."""
    white = (image > 215).all(axis=2)
    return bool(white.sum(axis=0).max() > 100 and white.sum(axis=1).max() > 100)


def ignoring(source: Path, *polygons: list[list[float]]) -> dict[str, object]:
    return {"source": str(source), "ignore": polygons}


def tape(box: Box) -> Image:
    """The snapshot of the camera tape."""
    return opened(box.folder / "tape.jpg")


RIGHT = [[0.8, 0.0], [1.0, 0.0], [1.0, 1.0], [0.8, 1.0]]


def test_a_running_daemon_draws_its_snapshot(box: Box, footage: Path) -> None:
    off = {"source": "rtsp://192.0.2.1/off", "enabled": False}
    with_cameras(box, tape=ignoring(footage, RIGHT), gone="absent.mp4", off=off)
    with running(box) as daemon:
        daemon.wait_for("Camera tape is live")
        os.umask(0)
        said = box.ok("visitorctl", "snapshot", "tape")
        assert said == "tape.jpg shows what tape sees.\n"
        assert stat.S_IMODE((box.folder / "tape.jpg").stat().st_mode) == 0o600
        wait(lambda: box.ok("visitorctl", "snapshot", "tape") and has_a_face(tape(box)))
        image = tape(box)
        assert image[270, 900].mean() < 80 < image[30, 700].mean(), "what is ignored is dark"
        box.ok("visitorctl", "snapshot", "tape", "--output", "x.bin")
        opened(box.folder / "x.bin")
        box.run("visitorctl", "snapshot", "yard").fails_with(
            'no camera "yard"', "it has tape, gone, off"
        )
        box.run("visitorctl", "snapshot", "gone").fails_with(
            "gone has given no picture yet", "absent.mp4"
        )
        box.run("visitorctl", "snapshot", "off").fails_with(
            "off has given no picture", "disabled", "enabled = false"
        )
        assert not (box.folder / "yard.jpg").exists()
        assert daemon.end() == 0
    assert "Traceback" not in daemon.log


def test_without_a_daemon_the_camera_is_opened_for_a_moment(box: Box, footage: Path) -> None:
    with_cameras(box, tape=ignoring(footage, RIGHT))
    left_behind(box.folder / "state")
    assert (
        box.ok("visitorctl", "snapshot", "tape", "-o", "here.jpg")
        == "here.jpg shows what tape sees.\n"
    )
    image = opened(box.folder / "here.jpg")
    assert has_a_face(image)
    assert image[270, 900].mean() < 80 < image[30, 700].mean()
    assert box.rows("select count(*) as n from visitord.sighting") == [{"n": 0}]


def test_a_snapshot_without_a_daemon_says_why_there_is_none(box: Box, tmp_path: Path) -> None:
    with_cameras(box, tape=str(tmp_path / "absent.mp4"), door="rtsp://u:${NOT_SET}@192.0.2.1/")
    box.run("visitorctl", "snapshot", "yard").fails_with(
        'No camera is called "yard"', "config.toml", "tape, door"
    )
    box.run("visitorctl", "snapshot", "tape").fails_with(
        "Camera tape gives no picture", "gone", "absent.mp4"
    )
    box.run("visitorctl", "snapshot", "door").fails_with("camera.door.source", "NOT_SET")


def test_a_snapshot_that_cannot_be_written_is_told(box: Box, footage: Path) -> None:
    with_cameras(box, tape=str(footage))
    done = box.run("visitorctl", "snapshot", "tape", "--output", "nowhere/x.jpg")
    done.fails_with("nowhere/x.jpg cannot be written", "No such file")
