"""The demo's people, timetable, clips and RTSP server, all of them real."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from visitord.demo import clips, faces, walker
from visitord.demo.clips import CAMERAS, FPS, HEIGHT_PX, WIDTH_PX, Demo, Pass
from visitord.demo.server import DemoServer
from visitord.errors import VisitordError

Image = NDArray[np.uint8]

READ_TIMEOUT_S = 15.0
TICKS_PER_S = 24


@dataclass(frozen=True)
class Recording:
    """What a clip turned out to hold; frames are kept at a few times only."""

    count: int
    sizes: set[tuple[int, int]]
    times_s: list[float]
    key_indices: list[int]
    in_showing_order: bool
    stills: dict[int, Image]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return clips.build(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def small_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same recipe in a view so small that its clips take about a second."""
    monkeypatch.setattr(clips, "WIDTH_PX", 160)
    monkeypatch.setattr(clips, "HEIGHT_PX", 96)


@pytest.fixture(scope="module")
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `short.mp4`: one second, twelve frames."""
    folder = tmp_path_factory.mktemp("short")
    with av.open(str(folder / "short.mp4"), mode="w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"bf": "0", "g": str(FPS)})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(FPS):
            image = np.full((180, 320, 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return folder


# People


def test_portraits_are_one_square_per_person() -> None:
    portraits = faces.portraits()
    assert tuple(portrait.person for portrait in portraits) == faces.PEOPLE
    assert len(set(faces.PEOPLE)) == 8
    for portrait in portraits:
        side_px, width_px, channels = portrait.image.shape
        assert side_px == width_px >= 150
        assert channels == 3
        assert portrait.image.dtype == np.uint8
        assert portrait.image.std() > 20


def test_portraits_differ() -> None:
    for one, other in combinations(faces.portraits(), 2):
        side_px = min(one.image.shape[0], other.image.shape[0])
        difference = one.image[:side_px, :side_px].astype(int) - other.image[:side_px, :side_px]
        assert np.abs(difference).mean() > 15, (one.person, other.person)


def test_a_portrait_shows_the_whole_face_and_no_other() -> None:
    for picture in faces.PICTURES:
        for face in picture.faces:
            box = faces.crop_box(face)
            right_px, bottom_px = box.left_px + box.side_px, box.top_px + box.side_px
            assert box.left_px <= face.x_px and face.x_px + face.width_px <= right_px
            assert box.top_px <= face.y_px and face.y_px + face.height_px <= bottom_px
            assert 1.5 <= box.side_px / face.height_px <= 1.6
            for other in set(picture.faces) - {face}:
                beside = other.x_px >= right_px or other.x_px + other.width_px <= box.left_px
                above = other.y_px >= bottom_px or other.y_px + other.height_px <= box.top_px
                assert beside or above, (face.person, other.person)


def test_finding_the_portraits_imports_none_of_the_packages_they_come_with() -> None:
    script = (
        "import sys; from visitord.demo import faces; faces.portraits(); "
        "sys.exit(' '.join({'insightface', 'skimage', 'onnxruntime'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr.strip()) == (0, "")


def test_a_missing_picture_is_one_sentence() -> None:
    with pytest.raises(VisitordError, match=r"absent\.png is missing: reinstall .*scikit-image\.$") as caught:
        faces.package_file("skimage", "scikit-image", "data/absent.png")
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_one_sentence() -> None:
    with pytest.raises(VisitordError, match=r"install it with pip install no-such-package\.$"):
        faces.package_file("no_such_package", "no-such-package", "face.png")


# Timetable


def people_of(count: int) -> list[str]:
    return [f"person-{index}" for index in range(count)]


def in_view(passes: tuple[Pass, ...], camera: str, time_s: float) -> list[Pass]:
    return [one for one in passes if one.camera == camera and one.start_s <= time_s <= one.end_s]


def moments(passes: tuple[Pass, ...]) -> Iterator[float]:
    """Times over the whole timetable, finer than the frames."""
    end_s = max(one.end_s for one in passes)
    return (tick / TICKS_PER_S for tick in range(int(end_s * TICKS_PER_S) + 2))


@pytest.mark.parametrize("count", [1, 7, 8, 13])
def test_everybody_passes_the_entrance_and_then_the_hall_twice(count: int) -> None:
    passes = clips.schedule(people_of(count))
    assert len(passes) == 4 * count
    for person in people_of(count):
        entrance, hall, entrance_again, hall_again = [one for one in passes if one.person == person]
        assert [entrance.camera, hall.camera] == list(CAMERAS)
        assert [entrance_again.camera, hall_again.camera] == list(CAMERAS)
        assert 1.0 <= hall.start_s - entrance.end_s <= 5.0
        assert 1.0 <= hall_again.start_s - entrance_again.end_s <= 5.0
        assert entrance_again.start_s - hall.end_s >= 20.0


@pytest.mark.parametrize("count", [1, 7, 8, 13])
def test_passes_take_four_and_a_half_seconds_and_are_sorted(count: int) -> None:
    passes = clips.schedule(people_of(count))
    assert all(one.end_s - one.start_s == pytest.approx(4.5) for one in passes)
    assert [one.start_s for one in passes] == sorted(one.start_s for one in passes)
    assert (passes[0].camera, passes[0].start_s) == ("entrance", 1.0)


@pytest.mark.parametrize("count", [8, 13])
def test_one_or_two_are_in_view_but_never_three(count: int) -> None:
    passes = clips.schedule(people_of(count))
    for camera in CAMERAS:
        crowds = {len(in_view(passes, camera, time_s)) for time_s in moments(passes)}
        assert crowds == {0, 1, 2}


def test_two_in_one_view_are_well_apart() -> None:
    people = people_of(8)
    passes = clips.schedule(people)
    pairs = 0
    for camera in CAMERAS:
        for time_s in moments(passes):
            spots = [
                walker.spot(clips.path_of(one, people), clips.progress(one, time_s))
                for one in in_view(passes, camera, time_s)
            ]
            if len(spots) == 2:
                pairs += 1
                first, second = sorted(spots, key=lambda spot: spot.left_px)
                assert second.left_px - (first.left_px + first.side_px) >= 300
    assert pairs > 100


def test_a_walker_comes_in_on_one_side_and_leaves_on_the_other() -> None:
    people = people_of(8)
    for one in clips.schedule(people):
        path = clips.path_of(one, people)
        shares = [step / 50 for step in range(51)]
        spots = [walker.spot(path, 1 - share if path.leftwards else share) for share in shares]
        centres = [spot.left_px + spot.side_px / 2 for spot in spots]
        assert centres == sorted(centres)
        assert spots[0].left_px + spots[0].side_px <= 0
        assert spots[-1].left_px >= WIDTH_PX
        assert all(0 <= spot.top_px <= HEIGHT_PX - spot.side_px for spot in spots)
        assert len({spot.top_px + spot.side_px // 2 for spot in spots}) > 5, "it bobs"
        assert 110 <= walker.spot(path, 0.5).side_px / faces.CROP_PER_FACE <= 170


def test_the_two_cameras_see_people_walk_in_opposite_directions() -> None:
    ways = {one.camera: clips.path_of(one, ["a"]).leftwards for one in clips.schedule(["a"])}
    assert ways == {"entrance": False, "hall": True}


def test_painting_blends_a_soft_ellipse_and_leaves_the_rest() -> None:
    view = np.full((300, 300, 3), 50, np.uint8)
    portrait = faces.Portrait("grey", np.full((100, 100, 3), 200, np.uint8))
    walker.paint(view, portrait, walker.Spot(left_px=100, top_px=100, side_px=100))
    assert (view[150, 150] == 200).all()
    assert (view[101, 101] == 50).all(), "the square's corner stays empty"
    assert len(np.unique(view[150, 100:125])) > 5, "the rim is soft"
    view[100:200, 100:200] = 50
    assert (view == 50).all()


def test_painting_over_the_edge_shows_the_part_inside() -> None:
    view = np.zeros((120, 120, 3), np.uint8)
    portrait = faces.Portrait("white", np.full((100, 100, 3), 255, np.uint8))
    walker.paint(view, portrait, walker.Spot(left_px=-50, top_px=10, side_px=100))
    assert view[60, 0].min() == 255
    assert view[:, 55:].max() == 0
    before = view.copy()
    walker.paint(view, portrait, walker.Spot(left_px=120, top_px=10, side_px=100))
    assert (view == before).all()


# Clips


def read(clip: Path, still_indices: set[int]) -> Recording:
    sizes: set[tuple[int, int]] = set()
    times_s: list[float] = []
    key_indices: list[int] = []
    stills: dict[int, Image] = {}
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        in_showing_order = all(packet.pts == packet.dts for packet in packets)
        container.seek(0)
        for index, frame in enumerate(container.decode(video=0)):
            sizes.add((frame.width, frame.height))
            times_s.append(float(frame.time or 0.0))
            if frame.key_frame:
                key_indices.append(index)
            if index in still_indices:
                stills[index] = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    return Recording(len(times_s), sizes, times_s, key_indices, in_showing_order, stills)


def test_the_demo_is_about_a_minute_long_and_has_a_clip_per_camera(demo: Demo) -> None:
    assert 60.0 <= demo.length_s <= 70.0
    assert demo.length_s > max(one.end_s for one in demo.passes)
    assert {camera: clip.name for camera, clip in demo.clips.items()} == {
        "entrance": "entrance.mp4",
        "hall": "hall.mp4",
    }
    assert demo.passes == clips.schedule(faces.PEOPLE)


def test_people_stay_away_long_enough_when_the_clips_are_looped(demo: Demo) -> None:
    for person in faces.PEOPLE:
        mine = [one for one in demo.passes if one.person == person]
        assert demo.length_s + mine[0].start_s - mine[-1].end_s >= 20.0


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_clip_has_the_promised_format_and_shows_people_where_they_should_be(demo: Demo, camera: str) -> None:
    mine = [one for one in demo.passes if one.camera == camera]
    middles = {round((one.start_s + one.end_s) / 2 * FPS): one for one in mine}
    clip = read(demo.clips[camera], {0, 6, *middles})
    assert clip.sizes == {(1280, 720)}
    assert clip.count == round(demo.length_s * FPS)
    assert clip.times_s == pytest.approx([index / 12 for index in range(clip.count)], abs=1e-3)
    assert clip.key_indices == list(range(0, clip.count, 12))
    assert clip.in_showing_order
    empty = clip.stills[0].astype(int)
    assert np.abs(clip.stills[6] - empty).max() < 25, "nobody is there before the first pass"
    for index, one in middles.items():
        spot = walker.spot(clips.path_of(one, faces.PEOPLE), clips.progress(one, index / FPS))
        change = np.abs(clip.stills[index] - empty).max(axis=2)
        rows = slice(spot.top_px, spot.top_px + spot.side_px)
        columns = slice(spot.left_px, spot.left_px + spot.side_px)
        assert change[rows, columns].mean() > 25, one
        around = slice(spot.left_px - 60, spot.left_px + spot.side_px + 60)
        change[rows, columns] = 0
        assert change[:, around].mean() < 4, one


def test_the_room_has_noise_that_changes_from_frame_to_frame(demo: Demo) -> None:
    clip = read(demo.clips["hall"], set(range(8)))
    assert any((clip.stills[index] != clip.stills[0]).any() for index in range(1, 8))


def test_building_again_reuses_the_clips(demo: Demo) -> None:
    folder = demo.clips["hall"].parent
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert sorted(before) == ["demo.stamp", "entrance.mp4", "hall.mp4"]
    started_s = time.monotonic()
    assert clips.build(folder) == demo
    assert time.monotonic() - started_s < 1.0
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_another_recipe_is_built_anew_beside_and_renamed(
    tmp_path: Path, small_view: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    clip = clips.build(folder).clips["entrance"]
    old_bytes, old_inode = clip.read_bytes(), clip.stat().st_ino
    with clip.open("rb") as reader:
        monkeypatch.setattr(clips, "RECIPE", clips.RECIPE + 1)
        clips.build(folder)
        assert clip.stat().st_ino != old_inode
        assert reader.read() == old_bytes, "whoever reads the old clip keeps it whole"
    assert sorted(path.name for path in folder.iterdir()) == ["demo.stamp", "entrance.mp4", "hall.mp4"]


def test_a_clip_that_was_cut_short_or_removed_is_built_anew(tmp_path: Path, small_view: None) -> None:
    demo = clips.build(tmp_path)
    whole = demo.clips["hall"].stat().st_size
    os.truncate(demo.clips["hall"], whole // 2)
    clips.build(tmp_path)
    assert demo.clips["hall"].stat().st_size > whole // 2
    demo.clips["entrance"].unlink()
    clips.build(tmp_path)
    assert demo.clips["entrance"].is_file()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VisitordError, match="clips cannot be written to") as caught:
        clips.build(tmp_path / "file")
    assert "\n" not in str(caught.value)


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


def watch(url: str, most: int) -> int:
    """Frames decoded from `url`, at most `most`; fewer when the stream ended."""
    count = 0
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=READ_TIMEOUT_S) as container:
        for _ in container.decode(video=0):
            count += 1
            if count == most:
                break
    return count


def test_a_client_gets_the_clip_at_its_own_rate(demo: Demo) -> None:
    with DemoServer(demo.clips["entrance"].parent) as server:
        started_s = time.monotonic()
        assert watch(server.url("entrance.mp4", loop=False), 60) == 60
        assert 4.0 <= time.monotonic() - started_s <= 12.0


def test_two_clients_are_served_side_by_side(demo: Demo) -> None:
    with DemoServer(demo.clips["entrance"].parent) as server:
        urls = [server.url(f"{camera}.mp4", loop=True) for camera in CAMERAS]
        options = {"rtsp_transport": "tcp"}
        with (
            av.open(urls[0], options=options, timeout=READ_TIMEOUT_S) as one,
            av.open(urls[1], options=options, timeout=READ_TIMEOUT_S) as other,
        ):
            pairs = zip(one.decode(video=0), other.decode(video=0), strict=False)
            for _ in range(24):
                first, second = next(pairs)
                assert (first.width, first.height) == (second.width, second.height) == (1280, 720)


def test_a_looped_clip_goes_on_and_its_time_with_it(short_folder: Path) -> None:
    times_s: list[float] = []
    with DemoServer(short_folder) as server:
        url = server.url("short.mp4", loop=True)
        with av.open(url, options={"rtsp_transport": "tcp"}, timeout=READ_TIMEOUT_S) as container:
            for frame in container.decode(video=0):
                if frame.time is not None:
                    times_s.append(float(frame.time))
                if len(times_s) == 5 * FPS:
                    break
    assert len(times_s) == 5 * FPS
    assert times_s == sorted(times_s)
    assert times_s[-1] - times_s[0] == pytest.approx(5.0, abs=0.3)


def test_an_unlooped_clip_ends_after_one_play(short_folder: Path) -> None:
    with DemoServer(short_folder) as server:
        assert watch(server.url("short.mp4", loop=False), 5 * FPS) == FPS


def test_the_server_is_gone_after_the_block_even_with_a_client(short_folder: Path) -> None:
    with DemoServer(short_folder) as server:
        assert accepts(server.port)
        client = socket.create_connection(("127.0.0.1", server.port))
        started_s = time.monotonic()
    assert time.monotonic() - started_s < 5.0
    assert not accepts(server.port)
    client.close()


def test_the_server_is_gone_after_an_error_in_the_block(short_folder: Path) -> None:
    server = DemoServer(short_folder)
    with pytest.raises(KeyError), server:
        assert accepts(server.port)
        raise KeyError
    assert not accepts(server.port)


def test_a_server_can_be_started_again_on_a_given_port(short_folder: Path) -> None:
    with DemoServer(short_folder) as server:
        port = server.port
    with DemoServer(short_folder, port) as again:
        assert again.url("short.mp4", loop=False).startswith(f"rtsp://127.0.0.1:{port}/short.mp4")
        assert accepts(port)


def test_the_server_listens_on_this_machine_only(short_folder: Path) -> None:
    listening = "0A"
    with DemoServer(short_folder) as server:
        sockets = [
            line.split()[1:4]
            for table in ("/proc/net/tcp", "/proc/net/tcp6")
            if Path(table).exists()
            for line in Path(table).read_text().splitlines()[1:]
        ]
    mine = [
        local.split(":")[0]
        for local, _, state in sockets
        if state == listening and int(local.split(":")[1], 16) == server.port
    ]
    assert mine == ["0100007F"]


def test_much_output_of_the_server_does_not_stop_it(short_folder: Path) -> None:
    with (
        DemoServer(short_folder) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10.0) as client,
    ):
        path = "x" * 4000  # the server prints the address of every request
        for number in range(1, 101):
            client.sendall(f"OPTIONS rtsp://127.0.0.1/{path} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
            assert b"200 OK" in client.recv(4096)


def test_a_taken_port_is_one_sentence(short_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = int(holder.getsockname()[1])
        with pytest.raises(VisitordError, match=rf"cannot listen on 127\.0\.0\.1:{port}: choose"):
            DemoServer(short_folder, port).__enter__()


def test_an_unknown_clip_has_no_address(short_folder: Path) -> None:
    with pytest.raises(VisitordError, match=r"no clip absent\.mp4"):
        DemoServer(short_folder).url("absent.mp4", loop=False)


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
    print(server.port, flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.5)
        socket.create_connection(("127.0.0.1", server.port), timeout=2.0).close()
        print("still there", flush=True)
"""


@pytest.fixture
def parent(short_folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own session that runs a server and prints its port."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(short_folder)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
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
