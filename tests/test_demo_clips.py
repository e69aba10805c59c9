"""The demo's people, timetable, clips and RTSP server, all of them real."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from visitord.demo import clips, faces, walker
from visitord.demo.clips import CAMERAS, FPS, HEIGHT_PX, WIDTH_PX, Demo, Pass
from visitord.demo.server import DemoServer
from visitord.errors import VisitordError
from visitord.records import Image
from visitord.vision.zoo import ZooPack

FILES = ["demo.stamp", "entrance.mp4", "hall.mp4"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return clips.build(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `short.mp4`: one second, twelve frames."""
    folder = tmp_path_factory.mktemp("short")
    clips.encode(
        folder / "short.mp4", (np.full((HEIGHT_PX, WIDTH_PX, 3), 20 * index, np.uint8) for index in range(FPS))
    )
    return folder


@pytest.fixture(scope="module")
def server(short_folder: Path) -> Iterator[DemoServer]:
    with DemoServer(short_folder) as server:
        yield server


# People


def test_each_portrait_is_a_square_with_one_face_in_its_middle(pack: ZooPack) -> None:
    portraits = faces.portraits()
    assert tuple(portrait.person for portrait in portraits) == faces.PEOPLE
    assert len(set(faces.PEOPLE)) == 8
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
        assert np.abs(image[:side, :side].astype(int) - another[:side, :side]).mean() > 15, (one, other)


def test_finding_the_portraits_imports_none_of_the_packages_they_come_with() -> None:
    script = (
        "import sys; from visitord.demo import faces; faces.portraits(); "
        "sys.exit(' '.join({'insightface', 'skimage', 'onnxruntime'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr.strip()) == (0, "")


@pytest.mark.parametrize(
    ("distribution", "file"),
    [("no-such-thing", "a.png"), ("scikit-image", "skimage/absent.png"), ("scikit-image", "skimage/__init__.py")],
)
def test_a_picture_that_is_not_to_be_had_is_one_sentence(
    distribution: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(faces.CROPS, "hanks", faces.Crop(distribution, file, 9, 9, 9))
    with pytest.raises(VisitordError, match=rf"{file} is missing: pip install --force-reinstall {distribution}\.$"):
        faces.portraits()


# Timetable


def in_view(passes: tuple[Pass, ...], camera: str, time_s: float) -> list[Pass]:
    return [one for one in passes if one.camera == camera and one.start_s <= time_s <= one.end_s]


def moments(passes: tuple[Pass, ...]) -> Iterator[float]:
    """Times over the whole timetable, finer than the frames."""
    return (tick / 24 for tick in range(int(passes[-1].end_s * 24) + 2))


@pytest.mark.parametrize("count", [1, 7, 8, 13])
def test_everybody_passes_the_entrance_and_then_the_hall_twice(count: int) -> None:
    people = [f"person-{index}" for index in range(count)]
    passes = clips.schedule(people)
    assert len(passes) == 4 * count
    assert (passes[0].camera, passes[0].start_s) == ("entrance", 1.0)
    assert [one.start_s for one in passes] == sorted(one.start_s for one in passes)
    assert all(one.end_s - one.start_s == pytest.approx(4.5) for one in passes)
    for person in people:
        mine = [one for one in passes if one.person == person]
        assert [one.camera for one in mine] == [*CAMERAS, *CAMERAS]
        entrance, hall, entrance_again, hall_again = mine
        assert 1.0 <= hall.start_s - entrance.end_s <= 5.0
        assert 1.0 <= hall_again.start_s - entrance_again.end_s <= 5.0
        assert entrance_again.start_s - hall.end_s >= 20.0


@pytest.mark.parametrize("count", [8, 13])
def test_one_or_two_are_in_view_but_never_three(count: int) -> None:
    passes = clips.schedule([f"person-{index}" for index in range(count)])
    for camera in CAMERAS:
        assert {len(in_view(passes, camera, time_s)) for time_s in moments(passes)} == {0, 1, 2}


def test_two_in_one_view_are_well_apart() -> None:
    passes = clips.schedule(faces.PEOPLE)
    gaps = []
    for camera in CAMERAS:
        for time_s in moments(passes):
            spots = sorted(clips.spot(one, time_s) for one in in_view(passes, camera, time_s))
            gaps += [right.left - (left.left + left.side) for left, right in pairwise(spots)]
    assert len(gaps) > 100
    assert min(gaps) >= 300


def test_people_cross_the_view_rightwards_at_the_entrance_and_leftwards_in_the_hall() -> None:
    for one in clips.schedule(faces.PEOPLE):
        spots = [clips.spot(one, one.start_s + 4.5 * step / 50) for step in range(51)]
        assert 110 <= spots[25].side / faces.SIDE_PER_FACE <= 170
        if one.camera == "hall":
            spots.reverse()
        centres = [spot.left + spot.side / 2 for spot in spots]
        assert centres == sorted(centres)
        assert spots[0].left + spots[0].side <= 0
        assert spots[-1].left >= WIDTH_PX
        assert all(0 <= spot.top <= HEIGHT_PX - spot.side for spot in spots)
        assert len({spot.top + spot.side // 2 for spot in spots}) > 5, "it bobs"


def test_painting_blends_a_soft_ellipse_and_leaves_the_rest() -> None:
    view = np.full((300, 300, 3), 50, np.uint8)
    walker.paint(view, np.full((100, 100, 3), 200, np.uint8), walker.Spot(left=100, top=100, side=100))
    assert (view[150, 150] == 200).all()
    assert (view[101, 101] == 50).all(), "the square's corner stays empty"
    assert len(np.unique(view[150, 100:125])) > 5, "the rim is soft"
    view[100:200, 100:200] = 50
    assert (view == 50).all()


@pytest.mark.parametrize("corner", [(-50, 10), (70, 10), (10, -50), (10, 70), (120, 10), (-100, 10)])
def test_painting_over_the_edge_shows_the_part_inside(corner: tuple[int, int]) -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    view, large = np.zeros((120, 120, 3), np.uint8), np.zeros((360, 360, 3), np.uint8)
    walker.paint(view, white, walker.Spot(*corner, 100))
    walker.paint(large, white, walker.Spot(corner[0] + 120, corner[1] + 120, 100))
    assert (view == large[120:240, 120:240]).all()


# Clips


def test_the_demo_is_about_a_minute_long_and_has_a_clip_per_camera(demo: Demo) -> None:
    assert 60.0 <= demo.length_s <= 70.0
    assert {camera: clip.name for camera, clip in demo.clips.items()} == {
        "entrance": "entrance.mp4",
        "hall": "hall.mp4",
    }
    assert demo.passes == clips.schedule(faces.PEOPLE)
    for person in faces.PEOPLE:
        mine = [one for one in demo.passes if one.person == person]
        assert mine[-1].end_s < demo.length_s
        assert demo.length_s + mine[0].start_s - mine[-1].end_s >= 20.0, "away long enough in a loop"


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_clip_has_the_promised_format_and_shows_people_where_they_should_be(
    demo: Demo, camera: str, pack: ZooPack
) -> None:
    middles = {round((one.start_s + one.end_s) / 2 * FPS): one.person for one in demo.passes if one.camera == camera}
    stills: dict[int, Image] = {}
    times_s: list[float | None] = []
    keys: list[int] = []
    with av.open(str(demo.clips[camera])) as container:
        for index, packet in enumerate(container.demux(video=0)):
            assert packet.pts == packet.dts, "decoding order is showing order"
            keys += [index] if packet.is_keyframe else []
            for frame in packet.decode():
                assert (frame.width, frame.height) == (1280, 720)
                if len(times_s) in {0, 1, 2, *middles}:
                    stills[len(times_s)] = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
                times_s.append(frame.time)
    count = round(demo.length_s * FPS)
    assert times_s == pytest.approx([index / 12 for index in range(count)], abs=1e-3)
    assert keys == list(range(0, count, 12))
    change = [np.abs(stills[index].astype(int) - stills[0]).max() for index in (1, 2)]
    assert 0 < max(change) < 25, "noise, but nobody is there before the first pass"
    for index, person in middles.items():
        now = in_view(demo.passes, camera, index / FPS)
        assert person in [one.person for one in now]
        found = pack.detect(stills[index])
        for one in now:
            spot = clips.spot(one, index / FPS)
            inside = [face for face in found if spot.left < face.box[[0, 2]].mean() < spot.left + spot.side]
            assert len(inside) == 1 or one.person != person, one
            assert all(spot.top < face.box[[1, 3]].mean() < spot.top + spot.side for face in inside), one
        assert len(found) <= len(now)


def test_building_again_reuses_the_clips(demo: Demo) -> None:
    folder = demo.clips["hall"].parent
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert sorted(before) == FILES
    started_s = time.monotonic()
    assert clips.build(folder) == demo
    assert time.monotonic() - started_s < 1.0
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_clips_of_another_recipe_or_not_whole_are_built_anew_beside_and_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "ROUNDS", 1)
    monkeypatch.setattr(faces, "PEOPLE", faces.PEOPLE[:1])
    monkeypatch.setattr(clips, "WIDTH_PX", 320)
    folder = tmp_path / "not" / "there" / "yet"
    entrance, hall = clips.build(folder).clips.values()
    old, inode = entrance.read_bytes(), entrance.stat().st_ino
    with entrance.open("rb") as reader:
        monkeypatch.setattr(clips, "RECIPE", clips.RECIPE + 1)
        clips.build(folder)
        assert entrance.stat().st_ino != inode
        assert reader.read() == old, "whoever reads the old clip keeps it whole"
    whole = hall.stat().st_size
    os.truncate(hall, whole // 2)
    clips.build(folder)
    assert hall.stat().st_size == whole
    entrance.unlink()
    clips.build(folder)
    assert sorted(path.name for path in folder.iterdir()) == FILES


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


def gone_within(port: int, seconds: float) -> bool:
    deadline_s = time.monotonic() + seconds
    while accepts(port):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


def opened(url: str) -> av.container.InputContainer:
    return av.open(url, options={"rtsp_transport": "tcp", "analyzeduration": "500000"}, timeout=15.0)


def watch(url: str, most: int) -> list[float]:
    """The times in seconds of the frames from `url`, at most `most`; fewer when the stream ended."""
    times_s: list[float] = []
    with opened(url) as container:
        for frame in container.decode(video=0):
            assert (frame.width, frame.height) == (WIDTH_PX, HEIGHT_PX)
            times_s.append(float(frame.time or 0.0))
            if len(times_s) == most:
                break
    return times_s


def test_two_clients_each_get_a_clip_at_its_own_rate(demo: Demo) -> None:
    started_s = time.monotonic()
    with (
        DemoServer(demo.clips["hall"].parent) as server,
        opened(server.url("entrance.mp4", loop=True)) as one,
        opened(server.url("hall.mp4", loop=False)) as other,
    ):
        frames = zip(one.decode(video=0), other.decode(video=0), strict=False)
        for _ in range(3 * FPS):
            assert [(frame.width, frame.height) for frame in next(frames)] == [(1280, 720)] * 2
        assert 2.5 <= time.monotonic() - started_s <= 10.0


def test_a_looped_clip_goes_on_and_its_time_with_it(server: DemoServer) -> None:
    times_s = watch(server.url("short.mp4", loop=True), 3 * FPS)
    assert times_s == sorted(times_s)
    assert times_s[-1] - times_s[0] == pytest.approx(3.0, abs=0.3)


def test_an_unlooped_clip_ends_after_one_play(server: DemoServer) -> None:
    assert len(watch(server.url("short.mp4", loop=False), 5 * FPS)) == FPS


def test_the_server_is_gone_after_the_block_even_with_a_client_or_an_error(short_folder: Path) -> None:
    server = DemoServer(short_folder)
    with pytest.raises(KeyError), server:
        client = socket.create_connection(("127.0.0.1", server.port))
        started_s = time.monotonic()
        raise KeyError
    assert time.monotonic() - started_s < 5.0
    assert not accepts(server.port)
    client.close()
    with DemoServer(short_folder, server.port) as again:
        assert again.url("short.mp4", loop=False).startswith(f"rtsp://127.0.0.1:{server.port}/short.mp4")
        assert accepts(server.port)


def test_the_server_listens_on_this_machine_only(server: DemoServer) -> None:
    tables = [Path("/proc/net") / name for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    listening = [local.split(":") for _, local, _, state, *_ in lines if state == "0A"]
    assert [address for address, port in listening if int(port, 16) == server.port] == ["0100007F"]


def test_much_output_of_the_server_does_not_stop_it(server: DemoServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10.0) as client:
        path = "x" * 4000  # the server prints the address of every request
        for number in range(1, 101):
            client.sendall(f"OPTIONS rtsp://127.0.0.1/{path} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
            assert b"200 OK" in client.recv(4096)


def test_a_taken_port_is_one_sentence(short_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = int(holder.getsockname()[1])
        with pytest.raises(VisitordError, match=rf"127\.0\.0\.1:{port} cannot listen: choose a port that is free\.$"):
            DemoServer(short_folder, port).__enter__()


@pytest.mark.parametrize(
    ("child", "message"), [("exit 1", r"ended before it listened\.$"), ("exec sleep 60", r"not come up within 1 s\.$")]
)
def test_a_server_that_does_not_come_up_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: str, message: str
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{child}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr("visitord.demo.server.START_TIMEOUT_S", 1.0)
    started_s = time.monotonic()
    with pytest.raises(VisitordError, match=message):
        DemoServer(tmp_path).__enter__()
    assert time.monotonic() - started_s < 5.0


def test_without_the_library_the_message_says_what_to_install(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aio_rtsp_toolkit", None)
    with pytest.raises(VisitordError, match=r"install it with pip install 'visitord\[demo\]'\.$"):
        DemoServer(short_folder).__enter__()


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
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        process.kill()


def test_the_server_dies_with_a_killed_parent(parent: subprocess.Popen[str]) -> None:
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert accepts(port)
    parent.kill()
    parent.wait(10)
    assert gone_within(port, 5.0)


def test_ctrl_c_reaches_the_parent_but_not_the_server(parent: subprocess.Popen[str]) -> None:
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.stdout.readline() == "still there\n"
    assert parent.wait(10) == 0
    assert gone_within(port, 5.0)
