"""Recorded footage through the whole program: real faces, real models, real database."""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fixtures.databases import copied
from fixtures.faces import people
from fixtures.films import Walk, film
from fixtures.installation import Box, Done
from fixtures.pictures import huge_jpeg
from fixtures.reports import START
from fixtures.strangers import make_known
from visitord.capture import recordings
from visitord.core import config
from visitord.core.clock import Clock
from visitord.models.opencv_zoo import ZooPack
from visitord.service import replay
from visitord.service.wiring import open_recorder
from visitord.store.opening import open_database

ONE, TWO = "astronaut", "hanks"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """18 s: the first person, long enough later for another visit both at once, one above the
    other.
    """
    walks = [Walk(ONE, 1, 5), Walk(ONE, 13, 17, 0.0), Walk(TWO, 13.5, 17.5, 1.0)]
    return film(tmp_path_factory.mktemp("clips") / "day.mp4", walks, 18)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5 s with one person."""
    return film(tmp_path_factory.mktemp("clips") / "short.mp4", [Walk(ONE, 1, 4)], 5)


def _box(folder: Path, models_dir: Path, url: str) -> Box:
    """A box where another visit begins after 5 s."""
    box = Box.at(folder, models_dir, url)
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace('gap = "30s"', 'gap = "5s"'))
    return box


@pytest.fixture
def box(tmp_path: Path, models_dir: Path, database_url: str) -> Box:
    return _box(tmp_path / "box", models_dir, database_url)


@pytest.fixture(scope="module")
def replayed(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, server_url: str, clip: Path
) -> Iterator[tuple[str, str]]:
    """A database into which the clip was replayed, and what the command said."""
    with copied(server_url) as url:
        yield (
            url,
            _replay(_box(tmp_path_factory.mktemp("replayed") / "box", models_dir, url), str(clip)),
        )


@pytest.fixture
def known(tmp_path: Path, models_dir: Path, replayed: tuple[str, str]) -> Iterator[Box]:
    """A box of one's own that the clip was replayed in."""
    with copied(replayed[0]) as url:
        yield _box(tmp_path / "known", models_dir, url)


def _replay(box: Box, *arguments: str) -> str:
    return box.ok(
        "visitord", "replay", *arguments, "--camera", "door", "--start", START.isoformat()
    )


def test_a_clip_becomes_a_visit_log_and_a_second_replay_adds_nothing(
    known: Box, replayed: tuple[str, str], clip: Path
) -> None:
    assert "3 new visits by 2 people" in replayed[1]
    visits = json.loads(known.ok("visitorctl", "visits", "--format", "json"))
    keys = "visit_id identity name status camera cameras started_at ended_at duration_s sightings"
    assert [list(v) for v in visits] == [
        [*keys.split(), "visitor_id", "site", "timezone", "called", "groups"]
    ] * 3
    assert [v["name"] for v in visits].count("visitor 1") == 2
    first = visits[0]
    begun, ended = (datetime.fromisoformat(first[k]) for k in ("started_at", "ended_at"))
    assert START + timedelta(seconds=1) <= begun < ended <= START + timedelta(seconds=5.5)
    assert first["duration_s"] == pytest.approx((ended - begun).total_seconds())
    assert first["camera"] == "door"
    assert first["cameras"] == ["door"]
    assert first["status"] == "provisional"
    together = known.rows("select count(*) as n from visitord.together")
    assert together == [{"n": 2}]

    tables = ("identity", "sighting", "template", "together", "visit", "merge")
    dump = [known.rows(f"select * from visitord.{t} order by 1, 2") for t in tables]
    assert "0 new visits" in _replay(known, str(clip))
    assert [known.rows(f"select * from visitord.{t} order by 1, 2") for t in tables] == dump


def test_whoever_is_new_is_enrolled_and_known_again_where_hundreds_are_known(
    box: Box, clip: Path
) -> None:
    make_known(box, 300)
    assert "3 new visits by 2 people" in _replay(box, str(clip))
    visits = json.loads(box.ok("visitorctl", "visits", "--format", "json"))
    assert sorted(v["name"] for v in visits) == ["visitor 301", "visitor 301", "visitor 302"]


def test_a_renamed_person_keeps_the_name_in_every_view_and_on_another_camera(
    known: Box, clip: Path
) -> None:
    assert "is now called Guest of honour" in known.ok(
        "visitorctl", "rename", "visitor 1", "Guest of honour"
    )
    later = (START + timedelta(days=1)).isoformat()
    known.ok("visitord", "replay", str(clip), "--camera", "hall", "--start", later)
    for view in ("visitor", "visit_log", "sighting_log"):
        names = {
            row["name"]
            for row in known.rows(f"select name from visitord.{view} where name is not null")
        }
        assert names == {"Guest of honour", "visitor 2"}
    (row,) = known.rows(
        "select status, label, visits from visitord.visitor where name = 'Guest of honour'"
    )
    assert row == {"status": "named", "label": "visitor 1", "visits": 4}
    text = known.ok("visitorctl", "show", "Guest of honour")
    assert "4 visits, 4 sightings" in text
    assert "similarity" in text


def test_photographs_are_replayed_like_footage(box: Box, tmp_path: Path) -> None:
    files = []
    for name, portrait in list(people().items())[:3]:
        files.append(str(tmp_path / f"{name}.jpg"))
        cv2.imwrite(files[-1], portrait.image)
    out = _replay(box, *files)
    assert out.startswith("3 pictures analysed")
    assert box.rows("select count(*) as n from visitord.sighting_log") == [{"n": 3}]
    times = box.rows("select started_at from visitord.sighting_log order by 1")
    assert datetime.fromisoformat(times[0]["started_at"]) == START
    assert "0 new visits" in _replay(box, *files)


def test_files_of_one_camera_follow_one_another_from_the_start(
    box: Box, short: Path, tmp_path: Path
) -> None:
    _replay(box, str(short), str(shutil.copyfile(short, tmp_path / "again.mp4")))
    rows = box.rows("select started_at from visitord.sighting_log order by 1")
    first, second = (datetime.fromisoformat(r["started_at"]) for r in rows)
    assert second - first == pytest.approx(timedelta(seconds=5), abs=timedelta(seconds=0.3))


def test_without_a_start_the_files_date_counts_and_its_name_is_the_camera(
    box: Box, short: Path, tmp_path: Path
) -> None:
    path = shutil.copyfile(short, tmp_path / "yard.mp4")
    box.ok("visitord", "replay", str(path))
    (row,) = box.rows("select camera, started_at from visitord.sighting_log")
    assert row["camera"] == "yard"
    assert (
        timedelta()
        < datetime.now(UTC) - datetime.fromisoformat(row["started_at"])
        < timedelta(minutes=10)
    )


def test_one_unreadable_file_stops_everything_before_it_begins(
    box: Box, clip: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film" * 100)
    done = box.run("visitord", "replay", str(clip), str(broken))
    done.fails_with("broken.mp4 cannot be read as video")
    assert box.rows("select count(*) as n from visitord.sighting") == [{"n": 0}]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.mp4", None, "No such file"),
        ("empty.mp4", b"", "cannot be read as video"),
        ("empty.jpg", b"", "no picture, or it is damaged"),
        ("text.png", b"hello", "no picture, or it is damaged"),
    ],
)
def test_an_unreadable_file_is_one_sentence(
    box: Box, tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    box.run("visitord", "replay", str(tmp_path / name)).fails_with(name, says)


def test_a_folder_is_no_footage(box: Box, tmp_path: Path) -> None:
    box.run("visitord", "replay", str(tmp_path)).fails_with("is not a file")


def test_a_pipe_a_device_and_a_huge_picture_are_no_footage(box: Box, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    box.run("visitord", "replay", str(tmp_path / "pipe.mp4")).fails_with("is not a file")
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    box.run("visitord", "replay", str(tmp_path / "endless.jpg")).fails_with("is not a file")
    (tmp_path / "huge.jpg").write_bytes(huge_jpeg())
    done = box.run("visitord", "replay", str(tmp_path / "huge.jpg"))
    done.fails_with("huge.jpg cannot be read: it has more than 64 megapixels: make it smaller.")


def test_a_file_cut_off_in_the_middle_gives_what_it_holds(
    box: Box, clip: Path, tmp_path: Path
) -> None:
    stream = tmp_path / "cut.ts"
    whole = film(tmp_path / "whole.mp4", [Walk(ONE, 1, 5)], 8)
    with av.open(str(whole)) as source, av.open(str(stream), "w", format="mpegts") as target:
        video = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = video
                target.mux(packet)
    stream.write_bytes(stream.read_bytes()[: stream.stat().st_size * 3 // 4])
    pictures = list(recordings.read(stream, 8))
    assert 3 < pictures[-1].t < 7.5
    assert "1 new visits by 1 people" in _replay(box, str(stream))


def test_an_interrupted_replay_decides_nothing_half_seen(
    box: Box, clip: Path, pack: ZooPack
) -> None:
    settings = config.load(box.folder / "config.toml")
    database = open_database(settings)
    recorder = open_recorder(settings, database, pack, lambda _: None, Clock())
    with pytest.raises(KeyboardInterrupt):
        clips = replay.plan([clip], "door", START)
        for progress in replay.play(clips, pack, recorder, "main", 8):
            if progress.done_s > 2.5:
                raise KeyboardInterrupt
    database.close()
    assert box.rows("select count(*) as n from visitord.sighting") == [{"n": 0}]


def test_a_raw_stream_without_time_stamps_is_read_at_its_rate(tmp_path: Path) -> None:
    raw = tmp_path / "recorder.h264"
    whole = film(tmp_path / "whole.mp4", [], 3)
    with av.open(str(whole)) as source, av.open(str(raw), "w", format="h264") as target:
        stream = target.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
        for frame in source.decode(video=0):
            frame.pts = None
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    pictures = list(recordings.read(raw, 60))
    assert len(pictures) == 36
    assert 1 < pictures[-1].t < 3.5


def test_a_file_may_be_called_like_a_time(box: Box, tmp_path: Path) -> None:
    film(box.folder / "2026-01-05T09:00:00.mp4", [], 1)
    assert "12 pictures" in box.ok("visitord", "replay", "2026-01-05T09:00:00.mp4", "--fps", "12")


def test_a_long_file_name_still_makes_a_camera_name(box: Box, short: Path) -> None:
    path = shutil.copyfile(short, box.folder / f"{'n' * 90}.mp4")
    box.ok("visitord", "replay", str(path))
    assert box.rows("select length(camera) as n from visitord.sighting") == [{"n": 64}]
    box.run("visitord", "replay", str(path), "--camera", "a/b").fails_with(
        "cannot be a camera's name"
    )


def test_listings_come_as_table_json_and_csv_within_a_window(known: Box) -> None:
    table = known.ok("visitorctl", "visits")
    assert table.splitlines()[0].split() == [
        "called",
        "started_at",
        "ended_at",
        "duration_s",
        "site",
        "cameras",
        "sightings",
        "status",
    ]
    assert len(table.splitlines()) == 4
    rows = list(csv.DictReader(io.StringIO(known.ok("visitorctl", "list", "--format", "csv"))))
    assert [r["label"] for r in sorted(rows, key=lambda r: r["label"])] == [
        "visitor 1",
        "visitor 2",
    ]
    since = (START + timedelta(seconds=9)).isoformat()
    assert (
        len(json.loads(known.ok("visitorctl", "visits", "--since", since, "--format", "json"))) == 2
    )
    assert (
        len(json.loads(known.ok("visitorctl", "visits", "--until", since, "--format", "json"))) == 1
    )
    at_door = known.ok("visitorctl", "visits", "--camera", "door", "--format", "json")
    assert len(json.loads(at_door)) == 3
    assert len(json.loads(known.ok("visitorctl", "visits", "visitor 2", "--format", "json"))) == 1


def test_a_merge_by_hand_makes_two_people_one(known: Box) -> None:
    assert "visitor 2 is now part of visitor 1" in known.ok(
        "visitorctl", "merge", "visitor 1", "visitor 2"
    )
    (row,) = known.rows("select name, visits, sightings from visitord.visitor")
    assert row == {"name": "visitor 1", "visits": 2, "sightings": 3}
    known.run("visitorctl", "merge", "visitor 1", "visitor 2").fails_with("same person already")


def test_footage_filmed_at_night_enrols_nobody(box: Box, short: Path, tmp_path: Path) -> None:
    dark = tmp_path / "night.mp4"
    with av.open(str(short)) as source, av.open(str(dark), "w") as target:
        stream = target.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
        for frame in source.decode(video=0):
            image = (frame.to_ndarray(format="bgr24") * 0.12).astype(np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        target.mux(stream.encode(None))
    _replay(box, str(dark))
    assert box.rows("select count(*) as n from visitord.visitor") == [{"n": 0}]


def test_footage_from_a_phone_held_upright_is_turned_as_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    half = np.zeros((96, 160, 3), np.uint8)
    half[:, :80] = 255  # the left half is bright
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(half, format="bgr24")))
        container.mux(stream.encode(None))
    # The track header's matrix, in 16.16 fixed point: from "as it is" to "a quarter clockwise".
    one, minus = b"\x00\x01\x00\x00", b"\xff\xff\x00\x00"
    as_it_is = one + bytes(12) + one + bytes(12)
    content = path.read_bytes()
    at = content.index(as_it_is, content.index(b"tkhd"))
    path.write_bytes(
        content[:at] + bytes(4) + one + bytes(4) + minus + bytes(8) + content[at + 24 :]
    )
    image = next(recordings.read(path, 10)).image
    assert image.shape == (160, 96, 3)
    assert image[:70].mean() > 200 > 50 > image[90:].mean()


def test_a_replay_says_as_what_it_was_filed(box: Box, short: Path) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[site]\ntimezone = "Europe/Berlin"\n')
    said = box.ok(
        "visitord", "replay", str(short), "--camera", "door", "--start", "2026-01-05T09:00:00Z"
    )
    *_, last, back = said.splitlines()
    assert back.startswith("To take it back: visitord unreplay ")
    assert last == "Filed from 2026-01-05 10:00:00 to 2026-01-05 10:00:05 CET as camera door."


def test_footage_of_a_camera_that_is_not_there_is_asked_about(box: Box, short: Path) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[[camera]]\nname = "entrance"\nsource = "rtsp://127.0.0.1:9/1"\n')
    command = ("replay", str(short), "--start", START.isoformat())
    done = box.run("visitord", *command, "--camera", "entrence")
    assert done.code == 2
    assert "none of the cameras (entrance)" in done.err
    assert "--new-camera" in done.err
    assert box.rows("select 1 from visitord.sighting_log") == []

    assert "as camera yard." in box.ok("visitord", *command, "--camera", "yard", "--new-camera")
    assert "as camera yard." in box.ok("visitord", *command, "--camera", "yard")
    assert "as camera entrance." in box.ok("visitord", *command, "--camera", "entrance")


def test_other_footage_of_a_camera_and_time_that_is_there_is_asked_about(
    known: Box, clip: Path, short: Path, tmp_path: Path
) -> None:
    """The same footage is known by its content, and by when it was filed."""

    def replay(path: Path, start: datetime, *more: str) -> Done:
        at = ("--camera", "door", "--start", start.isoformat())
        return known.run("visitord", "replay", str(path), *at, *more)

    same = tmp_path / "renamed.mp4"
    shutil.copy(clip, same)
    assert "0 new visits" in replay(same, START).out
    other = tmp_path / clip.name
    shutil.copy(short, other)
    for path, start in ((other, START), (same, START + timedelta(seconds=5))):
        asked = replay(path, start)
        assert asked.code == 2
        assert re.search(r"sightings? by camera door from .* came of other footage", asked.err)
        assert f"Add those of {path.name}?" in asked.err
        assert "--overlap" in asked.err
    assert known.rows("select count(*) as n from visitord.sighting_log") == [{"n": 3}]
    assert replay(other, START, "--overlap").code == 0
    assert known.rows("select count(*) as n from visitord.sighting_log") == [{"n": 4}]


# Taking one back


def test_a_replay_is_taken_back_whole_and_can_be_made_again(
    known: Box, clip: Path, short: Path
) -> None:
    tables = ("identity", "sighting", "template", "together", "visit")
    before = [known.rows(f"select * from visitord.{table} order by 1, 2") for table in tables]
    said = known.ok(
        *("visitord", "replay", str(clip), "--camera", "hall"),
        *("--start", (START + timedelta(days=1)).isoformat()),
    )
    run = said.split("To take it back: visitord unreplay ")[1].strip()
    after = known.rows("select count(*) as n from visitord.sighting_log")
    assert after != [{"n": 3}]

    listed = json.loads(known.ok("visitord", "unreplay", "--format", "json"))
    assert [row["files"] for row in listed] == [[clip.name], [clip.name]]
    assert listed[0]["cameras"] == ["hall"]
    done = known.run("visitord", "unreplay", run)
    assert done.code == 2
    assert "Take back 3 sightings?" in done.err

    assert known.ok("visitord", "unreplay", run, "--yes") == "Taken back: 3 sightings.\n"
    restored = [known.rows(f"select * from visitord.{table} order by 1, 2") for table in tables]
    assert restored == before
    known.run("visitord", "unreplay", run, "--yes").fails_with(run)
    assert "unreplay" not in _replay(known, str(clip)), "which brings nothing new"


def test_people_known_only_from_a_replay_go_with_it_and_come_back_with_it(
    box: Box, short: Path
) -> None:
    said = _replay(box, str(short))
    run = said.split("To take it back: visitord unreplay ")[1].strip()
    done = box.run("visitord", "unreplay", run)
    assert "Take back 1 sighting, and of visitor 1, of whom nothing else is known?" in done.err
    box.ok("visitord", "unreplay", run, "--yes")
    assert box.rows("select 1 from visitord.visitor") == []
    assert not list((box.folder / "state" / "crops").glob("*/*"))

    assert "1 new visits by 1 people" in _replay(box, str(short))
    assert len(box.rows("select 1 from visitord.visitor")) == 1
