"""The demo's people, timetable, clips and RTSP server, all of them real."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain, combinations, pairwise
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from fixtures.faces import align
from fixtures.waiting import PATIENCE_S, wait
from visitord.capture import recordings
from visitord.capture.inspection import Inspector
from visitord.cli.demo import demo as demo_command
from visitord.core.errors import VisitordError
from visitord.demo import clips, faces
from visitord.demo.clips import CAMERAS, FPS, HEIGHT_PX, LENGTH_S, WALK_S, WIDTH_PX
from visitord.demo.server import DemoServer
from visitord.models.opencv_zoo import ZooPack

FILES = ["demo.stamp", "entrance.mp4", "hall.mp4"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The demo's clips by camera."""
    return clips.build(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `short.mp4`: one second, twelve frames."""
    folder = tmp_path_factory.mktemp("short")
    clips.encode(
        folder / "short.mp4",
        (np.full((HEIGHT_PX, WIDTH_PX, 3), 20 * index, np.uint8) for index in range(FPS)),
    )
    return folder


@pytest.fixture(scope="module")
def server(short_folder: Path) -> Iterator[DemoServer]:
    with DemoServer(short_folder) as server:
        yield server


# People


def test_each_portrait_is_a_square_with_one_face_in_its_middle(pack: ZooPack) -> None:
    portraits = faces.portraits()
    assert [portrait.person for portrait in portraits] == list(faces.CROPS)
    assert len(portraits) == 8
    for person, image in portraits:
        side = len(image)
        assert (image.shape, image.dtype) == ((side, side, 3), np.uint8)
        (face,) = pack.detect(image, still=True)
        left, top, right, bottom = face.box / side
        assert 0 < left < 0.5 < right < 1, person
        assert 0 < top < 0.5 < bottom < 1, person
        assert 1.4 <= 1 / (bottom - top) <= 1.7, person


def test_portraits_differ() -> None:
    for (one, image), (other, another) in combinations(faces.portraits(), 2):
        side = min(len(image), len(another))
        assert np.abs(image[:side, :side].astype(int) - another[:side, :side]).mean() > 15, (
            one,
            other,
        )


def test_finding_the_portraits_imports_none_of_the_packages_they_come_with() -> None:
    script = (
        "import sys; from visitord.demo import faces; faces.portraits(); "
        "sys.exit(' '.join({'insightface', 'skimage', 'onnxruntime'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (result.returncode, result.stderr.strip()) == (0, "")


@pytest.mark.parametrize(
    ("distribution", "file"),
    [
        ("no-such-thing", "a.png"),
        ("scikit-image", "skimage/absent.png"),
        ("scikit-image", "skimage/__init__.py"),
    ],
)
def test_a_picture_that_is_not_to_be_had_is_one_sentence(
    distribution: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(faces.CROPS, "hanks", faces.Crop(distribution, file, 9, 9, 9))
    with pytest.raises(
        VisitordError, match=rf"{file} is missing: pip install --force-reinstall {distribution}\.$"
    ):
        faces.portraits()


# Timetable


def in_view(camera: str, time_s: float) -> list[str]:
    return [
        person for person, start_s in clips.walks(camera) if start_s <= time_s <= start_s + WALK_S
    ]


@pytest.mark.parametrize("person", faces.CROPS)
def test_everyone_passes_the_entrance_and_then_the_hall_twice(person: str) -> None:
    entrance, entrance_again = (
        start_s for one, start_s in clips.walks("entrance") if one == person
    )
    hall, hall_again = (start_s for one, start_s in clips.walks("hall") if one == person)
    assert 1.0 <= hall - (entrance + WALK_S) <= 5.0
    assert 1.0 <= hall_again - (entrance_again + WALK_S) <= 5.0
    assert entrance_again - (hall + WALK_S) >= 20.0
    assert LENGTH_S + entrance - (hall_again + WALK_S) >= 20.0, "away long enough in a loop"


def test_the_demo_is_about_a_minute_long_and_begins_and_ends_empty() -> None:
    starts_s = [start_s for camera in CAMERAS for _, start_s in clips.walks(camera)]
    assert 60.0 <= LENGTH_S <= 70.0
    assert min(starts_s) == pytest.approx(1.0)
    assert LENGTH_S - max(starts_s) - WALK_S == pytest.approx(1.0)


@pytest.mark.parametrize("camera", CAMERAS)
def test_one_or_two_are_in_view_but_never_three(camera: str) -> None:
    assert {len(in_view(camera, tick / 24)) for tick in range(round(LENGTH_S * 24))} == {0, 1, 2}


# Pictures


@pytest.fixture(scope="module", params=CAMERAS)
def masks(request: pytest.FixtureRequest) -> list[np.ndarray]:
    """For each frame of a camera: where it is not the empty room.

    Turned so that people come from the left.
    """
    people = {person: np.full((200, 200, 3), 255, np.uint8) for person in faces.CROPS}
    frames = [frame[::4, ::4].copy() for frame in clips.frames(request.param, people)]
    changed = [(frame != frames[0]).any(axis=2) for frame in frames]
    assert len(frames) == round(LENGTH_S * FPS)
    first_s = min(start_s for _, start_s in clips.walks(request.param))
    return [
        mask if request.param == "entrance" else mask[:, ::-1]
        for mask in changed[round((first_s - 1) * FPS) :]
    ]


def test_a_walker_comes_in_at_the_edge_and_glides_across_changing_in_size(
    masks: list[np.ndarray],
) -> None:
    assert not any(mask.any() for mask in masks[: FPS + 1]), (
        "nobody for a second, then outside by the edge"
    )
    alone = masks[FPS + 4 : FPS + round(2.4 * FPS)]
    columns = [np.flatnonzero(mask.any(axis=0)) for mask in alone]
    assert columns[0][0] == 0, "half in view"
    lefts = [left for left, *_ in columns if left > 0]
    assert len(lefts) > FPS
    assert 5 <= min(np.diff(lefts)) <= max(np.diff(lefts)) <= 9
    heights = [np.flatnonzero(mask.any(axis=1)) for mask in alone]
    assert all(0 < rows[0] < rows[-1] < HEIGHT_PX / 4 - 1 for rows in heights)
    assert len({len(rows) for rows in heights}) > 3


def test_two_in_one_view_are_well_apart(masks: list[np.ndarray]) -> None:
    gaps = []
    for mask in masks:
        steps = np.diff(np.flatnonzero(mask.any(axis=0)))
        assert (steps > 1).sum() <= 1
        gaps += [step * 4 for step in steps if step > 1]
    assert len(gaps) > 100
    assert min(gaps) >= 300


def test_painting_blends_a_soft_ellipse_and_leaves_the_rest() -> None:
    view = np.full((HEIGHT_PX, WIDTH_PX + 2 * clips.RIGHT_PX, 3), 50, np.uint8)
    clips.paint(view, np.full((100, 100, 3), 200, np.uint8), 0.5)
    rows, columns = np.nonzero((view != 50).any(axis=2))
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    assert (view[(top + bottom) // 2, (left + right) // 2] == 200).all()
    assert (view[top + 8, left + 8] == 50).all(), "the square's corner stays empty"
    assert bottom - top > 1.05 * (right - left) > 150, "upright"
    assert len(np.unique(view[(top + bottom) // 2, left : left + 25])) > 5, "the rim is soft"


# Clips


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_clip_has_the_promised_format(demo: dict[str, Path], camera: str) -> None:
    assert demo[camera].name == f"{camera}.mp4"
    assert demo[camera].stat().st_size < 8e6
    times_s: list[float | None] = []
    keys: list[int] = []
    with av.open(str(demo[camera])) as container:
        for index, packet in enumerate(container.demux(video=0)):
            assert packet.pts == packet.dts, "decoding order is showing order"
            keys += [index] if packet.is_keyframe else []
            for frame in packet.decode():
                assert (frame.width, frame.height) == (1280, 720)
                times_s.append(frame.time)
    count = round(LENGTH_S * FPS)
    assert times_s == pytest.approx([index / 12 for index in range(count)], abs=1e-3)
    assert keys == list(range(0, count, 12))


@pytest.mark.parametrize("camera", CAMERAS)
def test_halfway_through_each_walk_its_person_is_in_the_middle_of_the_clip(
    demo: dict[str, Path], camera: str, pack: ZooPack
) -> None:
    known = {}
    for person, image in faces.portraits():
        (face,) = pack.detect(image, still=True)
        (known[person],) = pack.embed([align(image, face)])
    halfway = {
        round((start_s + WALK_S / 2) * FPS): person for person, start_s in clips.walks(camera)
    }
    assert len(halfway) == 16
    for index, picture in enumerate(recordings.read(demo[camera], FPS)):
        if index in halfway:
            found = [pack.refined(picture.image, one) for one in pack.detect(picture.image)]
            assert len(found) <= len(in_view(camera, index / FPS))
            (face,) = (one for one in found if abs(one.box[[0, 2]].mean() - WIDTH_PX / 2) < 100)
            assert 110 <= face.box[3] - face.box[1] <= 170
            (seen,) = pack.embed([align(picture.image, face)])
            assert max(known, key=lambda person: float(known[person] @ seen)) == halfway[index]


@pytest.mark.parametrize("fps", [8, FPS])
@pytest.mark.parametrize("camera", CAMERAS)
def test_no_picture_counts_as_flawed_or_covered_also_where_the_loop_closes(
    demo: dict[str, Path], camera: str, fps: int
) -> None:
    inspector = Inspector()
    count = 0
    for picture in chain(recordings.read(demo[camera], fps), recordings.read(demo[camera], fps)):
        assert (inspector.flaw(picture), inspector.covered) == ("", False), f"picture {count}"
        count += 1
    assert count >= 2 * int(LENGTH_S * fps)


def test_the_noise_stays_below_what_could_pass_for_a_movement(demo: dict[str, Path]) -> None:
    empty = [
        picture.image.astype(int)
        for picture in recordings.read(demo["hall"], FPS)
        if picture.t < 1.0
    ]
    changes = [np.abs(one - other) for one, other in pairwise(empty)]
    assert len(changes) == FPS - 1
    assert all(0 < change.max() < 25 for change in changes)


def test_building_again_reuses_the_clips(demo: dict[str, Path]) -> None:
    folder = demo["hall"].parent
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert sorted(before) == FILES
    assert clips.build(folder) == demo
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the demo's clips half a second long."""
    monkeypatch.setattr(clips, "LENGTH_S", 0.5)


@pytest.mark.parametrize("changed", [clips, faces])
def test_clips_of_other_code_are_built_anew_beside_and_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: None, changed: ModuleType
) -> None:
    entrance = clips.build(tmp_path / "not" / "there" / "yet")["entrance"]
    old, inode = entrance.read_bytes(), entrance.stat().st_ino
    code = tmp_path / "code.py"
    code.write_text(f"{Path(str(changed.__file__)).read_text()}#")
    monkeypatch.setattr(changed, "__file__", str(code))
    with entrance.open("rb") as reader:
        clips.build(entrance.parent)
        assert entrance.stat().st_ino != inode
        assert reader.read() == old, "whoever reads the old clip keeps it whole"
    assert sorted(path.name for path in entrance.parent.iterdir()) == FILES


def test_clips_that_are_not_whole_are_built_anew(tmp_path: Path, short: None) -> None:
    entrance, hall = clips.build(tmp_path).values()
    whole = hall.stat().st_size
    os.truncate(hall, whole // 2)
    clips.build(tmp_path)
    assert hall.stat().st_size == whole
    entrance.unlink()
    clips.build(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


@pytest.mark.parametrize("after", [0, 1])
def test_clips_whose_building_was_interrupted_are_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: None, after: int
) -> None:
    """The power fails before the first clip is moved into place, or between the two."""
    moved: list[Path] = []
    really = Path.replace

    def replace(source: Path, target: Path) -> None:
        if len(moved) == after:
            raise KeyboardInterrupt
        moved.append(target)
        really(source, target)

    clips.build(tmp_path)
    (tmp_path / "demo.stamp").write_text("of other code")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", replace)
        clips.build(tmp_path)
    assert not (tmp_path / "demo.stamp").exists()
    inodes = [clip.stat().st_ino for clip in tmp_path.glob("*.mp4")]
    assert not {clip.stat().st_ino for clip in clips.build(tmp_path).values()} & set(inodes)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VisitordError, match=r"\AThe demo's clips cannot be written to .*\.\Z"):
        clips.build(tmp_path / "file")


# Server


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2.0).close()
    except OSError:
        return False
    return True


def opened(url: str) -> av.container.InputContainer:
    return av.open(
        url, options={"rtsp_transport": "tcp", "analyzeduration": "500000"}, timeout=PATIENCE_S
    )


def watch(url: str, most: int) -> list[float]:
    """The times in seconds of at most so many frames; of fewer when the stream ended."""
    times_s: list[float] = []
    with opened(url) as container:
        for frame in container.decode(video=0):
            assert (frame.width, frame.height) == (WIDTH_PX, HEIGHT_PX)
            times_s.append(float(frame.time or 0.0))
            if len(times_s) == most:
                break
    return times_s


def test_two_clients_each_get_a_clip_at_its_own_rate(demo: dict[str, Path]) -> None:
    started_s = time.monotonic()
    with (
        DemoServer(demo["hall"].parent) as server,
        opened(server.url("entrance.mp4", loop=True)) as one,
        opened(server.url("hall.mp4", loop=False)) as other,
    ):
        frames = zip(one.decode(video=0), other.decode(video=0), strict=False)
        for _ in range(3 * FPS):
            assert [(frame.width, frame.height) for frame in next(frames)] == [(1280, 720)] * 2
        assert time.monotonic() - started_s >= 2.5


def test_a_looped_clip_goes_on_and_its_time_with_it(server: DemoServer) -> None:
    times_s = watch(server.url("short.mp4", loop=True), 3 * FPS)
    assert times_s == sorted(times_s)
    assert times_s[-1] - times_s[0] == pytest.approx(3.0, abs=0.3)


def test_an_unlooped_clip_ends_after_one_play(server: DemoServer) -> None:
    assert len(watch(server.url("short.mp4", loop=False), 5 * FPS)) == FPS


def test_the_server_is_gone_after_the_block_even_with_a_client_or_an_error(
    short_folder: Path,
) -> None:
    server = DemoServer(short_folder)
    with pytest.raises(KeyError), server:
        client = socket.create_connection(("127.0.0.1", server.port))
        raise KeyError
    assert not accepts(server.port)
    client.close()
    with DemoServer(short_folder, server.port) as again:
        assert again.url("short.mp4", loop=False).startswith(
            f"rtsp://127.0.0.1:{server.port}/short.mp4"
        )
        assert accepts(server.port)


def test_the_server_listens_on_this_machine_only(server: DemoServer) -> None:
    tables = [Path("/proc/net") / name for name in ("tcp", "tcp6")]
    lines = [
        line.split()
        for table in tables
        if table.exists()
        for line in table.read_text().splitlines()[1:]
    ]
    listening = [local.split(":") for _, local, _, state, *_ in lines if state == "0A"]
    assert [address for address, port in listening if int(port, 16) == server.port] == ["0100007F"]


def test_much_output_of_the_server_does_not_stop_it(server: DemoServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
        path = "x" * 4000  # the server prints the address of every request
        for number in range(1, 101):
            client.sendall(
                f"OPTIONS rtsp://127.0.0.1/{path} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode()
            )
            assert b"200 OK" in client.recv(4096)


def test_a_taken_port_is_one_sentence(short_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = int(holder.getsockname()[1])
        with pytest.raises(
            VisitordError, match=rf"did not come up on 127\.0\.0\.1:{port}; is that port taken\?$"
        ):
            DemoServer(short_folder, port).__enter__()


@pytest.mark.parametrize("child", ["exit 1", "exec sleep 60"])
def test_a_server_that_does_not_come_up_is_one_sentence_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: str
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{child}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr("visitord.demo.server.START_TIMEOUT_S", 1.0)
    server = DemoServer(tmp_path)
    with pytest.raises(
        VisitordError,
        match=r"RTSP server did not come up on 127\.0\.0\.1:\d+; is that port taken\?$",
    ):
        server.__enter__()
    assert server._child.returncode is not None


def test_without_the_library_the_message_says_what_to_install(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aio_rtsp_toolkit", None)
    with pytest.raises(VisitordError, match=r"install it with pip install 'visitord\[demo\]'\.$"):
        DemoServer(short_folder).__enter__()


def test_an_installation_without_the_demo_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aio_rtsp_toolkit", None)
    with pytest.raises(
        VisitordError, match=r"not part of this installation: run pip install 'visitord\[demo\]'\.$"
    ):
        demo_command.main(["--once"])


PARENT = """
import socket, sys, time
from pathlib import Path
from visitord.demo.server import DemoServer
with DemoServer(Path(sys.argv[1])) as server:
    try:
        print(server.port, flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.5)
        socket.create_connection(("127.0.0.1", server.port), timeout=2.0).close()
        print("still there", flush=True)
"""


@pytest.fixture
def parent(short_folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own session that runs a server and prints its port."""
    command = [sys.executable, "-c", PARENT, str(short_folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


def test_the_server_dies_with_a_killed_parent(parent: subprocess.Popen[str]) -> None:
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert accepts(port)
    parent.kill()
    parent.wait(PATIENCE_S)
    wait(lambda: not accepts(port))


def test_ctrl_c_reaches_the_parent_but_not_the_server(parent: subprocess.Popen[str]) -> None:
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.stdout.readline() == "still there\n"
    assert parent.wait(PATIENCE_S) == 0
    wait(lambda: not accepts(port))
