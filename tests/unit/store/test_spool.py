"""Finished tracks on disk: what was put comes out equal and in order, whatever happens to the file
or the disk.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from fixtures.build import after, uid
from fixtures.scripted import SetClock
from fixtures.spools import filled, opened, track
from visitord.core.clock import Clock
from visitord.core.errors import SpoolError
from visitord.core.records import TrackReport
from visitord.store.spool import Spool, Waiting, erase, ids, put_aside, waiting
from visitord.store.spool_file import FORMAT


def content(report: TrackReport) -> list[object]:
    """Everything in a track, comparable; embeddings to the last bit, only the best sample's
    portrait.
    """
    samples = [
        (s.at, s.embedding.dtype, s.embedding.tobytes(), s.quality, s.face_px)
        for s in report.samples
    ]
    portrait = report.samples[0].portrait if report.samples else b""
    return [getattr(report, name) for name in TrackReport.__slots__ if name != "samples"] + [
        samples,
        portrait,
    ]


def numbers(held: Spool) -> list[int]:
    """Which tracks wait, in order."""
    found, seq = [], 0
    while waits := held.first(seq):
        seq = waits.seq
        found.append(waits.report.sighting_id.int)
    return found


def copied(path: Path, folder: Path) -> Path:
    """The files as they lie on disk at this moment, as a power cut would leave them."""
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith("-shm"):  # memory, not disk
            shutil.copy(file, folder)
    return folder / path.name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool.db"


@pytest.mark.parametrize(
    "given",
    [
        track(1, b"\xff\xd8 a picture \x00"),
        track(2),
        track(3, samples=0),
        replace(track(4, dim=512), together=frozenset(), final=True, still=True, static=True),
    ],
    ids=["with a picture", "without", "without a sample", "a photograph that never moved"],
)
def test_what_was_put_comes_out_equal(path: Path, given: TrackReport) -> None:
    held = opened(path)
    held.put(given)
    waits = held.first(0)
    assert waits
    assert content(waits.report) == content(given)


def test_tracks_come_in_the_order_in_which_they_were_put_and_stay_until_they_are_dropped(
    path: Path,
) -> None:
    held = filled(path, 5, 3, 4)
    assert numbers(held) == numbers(held) == [5, 3, 4]
    first = held.first(0)
    assert first
    held.drop(first.seq)
    assert numbers(held) == [3, 4]
    held.put(track(1))
    assert numbers(held) == [3, 4, 1]


def test_numbers_are_not_used_again(path: Path) -> None:
    """Whoever has written up to a number must not pass over what comes later."""
    held = filled(path, 1)
    waits = held.first(0)
    assert waits
    held.drop(waits.seq)
    again = filled(path, 2)
    later = again.first(waits.seq)
    assert later
    assert later.report.sighting_id == uid(2)


def test_what_was_put_is_there_after_a_restart_and_after_a_power_cut(
    path: Path, tmp_path: Path
) -> None:
    held = filled(path, 1, 2, 3)
    assert numbers(opened(path)) == [1, 2, 3]
    cut = copied(path, tmp_path / "cut")
    held.drop(3)
    assert numbers(opened(cut)) == [1, 2, 3]
    assert numbers(held) == []


def test_what_the_database_refuses_goes_aside_with_its_reason_and_the_others_flow_on(
    path: Path,
) -> None:
    held = filled(path, 1, 2, 3)
    held.refuse(2, "its camera has too long a name")
    assert numbers(held) == [1, 3]
    held.drop(3)
    assert waiting(path) == Waiting(0, refused=1)
    rows = sqlite3.connect(path).execute("select seq, refused from waiting").fetchall()
    assert rows == [(2, "its camera has too long a name")]


@pytest.mark.parametrize("body", ["", "nonsense", "{}", "[1, 2", '{"sighting_id": 7}', b"\xff\xfe"])
def test_a_spoilt_record_goes_aside_and_the_next_one_comes(path: Path, body: str | bytes) -> None:
    held = filled(path, 1, 2)
    with sqlite3.connect(path) as file:
        file.execute("update waiting set body = ? where seq = 1", (body,))
    assert numbers(held) == [2]
    assert waiting(path) == Waiting(1, refused=1)


def test_tracks_of_another_recogniser_go_aside(path: Path) -> None:
    """After a change of pack while they waited: their embeddings mean nothing to the new one."""
    filled(path, 1)
    other = opened(path, pack="pack-2")
    other.put(track(2))
    assert numbers(other) == [2]
    assert waiting(path) == Waiting(1, refused=1)


def test_a_full_spool_gives_up_its_oldest_pictures_then_its_oldest_sightings(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture = bytes(40_000)
    held = opened(path, 600_000)
    for n in range(1, 31):
        held.put(track(n, picture))
    assert numbers(held) == list(range(1, 31))
    pictures = [
        size
        for (size,) in sqlite3.connect(path).execute(
            "select length(portrait) from waiting order by seq"
        )
    ]
    lost = waiting(path).lost_pictures
    assert 0 < lost < 30
    assert pictures == [0] * lost + [len(picture)] * (30 - lost)
    assert (
        "The 1 oldest pictures in the spool are too many for spool.max_mb and were deleted."
        in caplog.text
    )
    assert "oldest sightings" not in caplog.text
    for n in range(31, 151):
        held.put(track(n, picture, samples=8))
    left = numbers(held)
    assert left == list(range(151 - len(left), 151))
    assert 1 < len(left) < 120
    assert waiting(path) == Waiting(len(left), 0, lost_pictures=150, lost_sightings=150 - len(left))
    assert "oldest sightings in the spool are too many for spool.max_mb" in caplog.text


DAY_S = 86400.0


def kept_for_30_days(path: Path, clock: Clock) -> Spool:
    return Spool(path, 1_000_000, "pack-1", keep=timedelta(days=30), clock=clock)


def test_what_has_waited_too_long_is_given_up_and_counted(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SetClock(after(0))
    held = kept_for_30_days(path, clock)
    for day in (0, 1, 30, 31):
        clock.passes(day * DAY_S + 60 - clock.monotonic())
        held.put(track(day + 1))
    assert numbers(held) == [2, 31, 32]
    assert waiting(path) == Waiting(3, expired=1)
    text = "The 1 oldest sightings in the spool have waited for spool.keep and were deleted."
    assert text in caplog.text


@pytest.mark.parametrize("by", [timedelta(days=20_000), timedelta(days=-20_000)])
def test_a_wall_clock_that_is_set_makes_nothing_old(path: Path, by: timedelta) -> None:
    """As when a box without a clock battery, which lost its database, is set right."""
    clock = SetClock(after(0))
    held = kept_for_30_days(path, clock)
    held.put(track(1))
    clock.set(clock.now() + by)
    clock.passes(10)
    held.put(replace(track(2), started_at=clock.now(), ended_at=clock.now()))
    assert numbers(held) == [1, 2]
    assert waiting(path) == Waiting(2)


def test_the_time_before_a_restart_counts_and_the_time_between_does_not(path: Path) -> None:
    for number in (1, 2, 3):
        clock = SetClock(after(number * 1000 * DAY_S))
        held = kept_for_30_days(path, clock)
        clock.passes(20 * DAY_S)
        held.put(track(number))
    assert numbers(held) == [2, 3]


def test_a_spool_of_an_older_version_is_taken_over_and_its_tracks_wait_anew(path: Path) -> None:
    filled(path, 1, 2)
    with sqlite3.connect(path) as file:
        file.executescript(
            "alter table waiting drop column put_s; drop table ran; "
            "delete from lost where what = 'expired'; pragma user_version = 1;"
        )
    assert waiting(path) == Waiting(2)
    clock = SetClock(after(0))
    held = kept_for_30_days(path, clock)
    clock.passes(29 * DAY_S)
    held.put(track(3))
    assert numbers(held) == [1, 2, 3]
    assert waiting(path) == Waiting(3)


def test_a_spool_of_an_older_version_is_worked_off(path: Path) -> None:
    """It kept embeddings as lists of numbers."""
    filled(path, 1)
    with sqlite3.connect(path) as file:
        body = json.loads(file.execute("select body from waiting").fetchone()[0])
        for sample in body["samples"]:
            sample["embedding"] = np.frombuffer(b64decode(sample["embedding"]), "<f4").tolist()
        file.execute("update waiting set body = ?", (json.dumps(body),))
    found = opened(path).first(0)
    assert found
    assert [s.embedding.tolist() for s in found.report.samples] == [
        s.embedding.tolist() for s in track(1).samples
    ]


def test_a_full_spool_makes_room_among_what_was_refused_too(path: Path) -> None:
    held = opened(path, 300_000)
    for n in range(1, 80):
        held.put(track(n, samples=8))
        held.refuse(n, "for the test")
    waits = waiting(path)
    assert waits.sightings == 0
    assert waits.refused + waits.lost_sightings == 79
    assert waits.lost_sightings > 0


def test_the_newest_sighting_is_kept_even_if_it_alone_is_too_much(path: Path) -> None:
    held = opened(path, 20_000)
    for n in (1, 2, 3):
        held.put(track(n, bytes(50_000), samples=8))
    assert numbers(held) == [3]
    assert waiting(path) == Waiting(1, 0, lost_pictures=3, lost_sightings=2)


def test_room_that_was_freed_is_used_again(path: Path) -> None:
    held = opened(path, 300_000)
    for n in range(1, 60):
        held.put(track(n, bytes(10_000)))
        held.drop(n)
    assert waiting(path) == Waiting()
    assert path.stat().st_size < 300_000


def size_bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def worked_off(held: Spool) -> None:
    """Everything that waits is written and dropped, one by one."""
    for n in numbers(held):
        held.drop(n)


def test_a_spool_that_was_worked_off_gives_its_room_back(path: Path) -> None:
    held = opened(path)
    for n in range(1, 41):
        held.put(track(n, bytes(100_000)))
    assert size_bytes(path) > 4_000_000
    held.refuse(40, "for the test")
    worked_off(held)
    assert waiting(path) == Waiting(0, 1)
    assert size_bytes(path) < 3_000_000
    held.put(track(41))
    assert numbers(held) == [41]


def test_a_spool_of_an_older_version_gives_its_room_back_too(path: Path) -> None:
    filled(path, 1)._file.close()
    with sqlite3.connect(path) as file:
        file.executescript("pragma journal_mode = delete; pragma auto_vacuum = none; vacuum;")
        assert file.execute("pragma auto_vacuum").fetchone() == (0,)
    file.close()

    held = opened(path)
    for n in range(2, 41):
        held.put(track(n, bytes(100_000)))
    worked_off(held)
    assert size_bytes(path) < 3_000_000


def aside(path: Path) -> list[Path]:
    """What was put aside, without logs."""
    return [
        file
        for file in path.parent.glob("spool.broken-*")
        if not file.name.endswith(("-wal", "-shm"))
    ]


def test_a_file_that_is_no_spool_is_kept_aside_and_a_new_one_begun(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but 64 bytes of somebody's letter to the editor.")
    held = filled(path, 1)
    assert numbers(held) == [1]
    (kept,) = aside(path)
    assert kept.read_bytes().startswith(b"not a database")
    assert (
        f"{path} cannot be read (file is not a database) and is kept as {kept.name}" in caplog.text
    )


def test_a_file_with_damaged_pages_is_kept_aside_and_a_new_one_begun(path: Path) -> None:
    """Found when it is opened: later every track would fail on it, for ever."""
    filled(path, *range(1, 30))
    with sqlite3.connect(path) as file:
        file.execute("pragma wal_checkpoint(truncate)")
    pages = bytearray(path.read_bytes())
    pages[5 * 4096 : 20 * 4096] = np.random.default_rng(1).bytes(15 * 4096)
    path.write_bytes(pages)
    held = opened(path)
    held.put(track(1))
    assert numbers(held) == [1]
    (kept,) = aside(path)
    assert kept.read_bytes() == pages


def test_a_file_of_a_newer_format_is_kept_aside_whole_and_a_new_one_begun(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whole: what was written last may be in its log only, when its owner was killed."""
    newer = filled(tmp_path / "newer.db", 1, 2)
    newer._file.execute(f"pragma user_version = {FORMAT + 1}")
    copied(tmp_path / "newer.db", path.parent)
    for end in ("", "-wal"):
        Path(path.parent, f"newer.db{end}").rename(f"{path}{end}")
    held = filled(path, 3)
    assert numbers(held) == [3]
    (kept,) = aside(path)
    assert sqlite3.connect(kept).execute("select count(*) from waiting").fetchone() == (2,)
    assert f"of a newer visitord, format {FORMAT + 1}" in caplog.text
    assert numbers(opened(copied(path, tmp_path / "cut"))) == [3]


def test_a_second_file_put_aside_does_not_replace_the_first(path: Path) -> None:
    path.parent.mkdir()
    for i, letter in enumerate((b"a", b"b")):
        for file in path.parent.glob("spool.db*"):
            file.unlink()
        path.write_bytes(letter * 5000)
        os.utime(path, (1_800_000_000, 1_800_000_000 + i / 8))
        opened(path)
    assert sorted(file.read_bytes()[:1] for file in aside(path)) == [b"a", b"b"]


@pytest.mark.parametrize("obstacle", ["its parent is a file", "it is a folder"])
def test_a_place_that_cannot_be_used_is_one_sentence(path: Path, obstacle: str) -> None:
    if obstacle == "it is a folder":
        path.mkdir(parents=True)
        with pytest.raises(SpoolError) as caught:
            waiting(path)
        assert str(caught.value).startswith(f"The spool {path} cannot be read: ")
    else:
        path.parent.write_text("")
    with pytest.raises(SpoolError) as caught:
        opened(path)
    message = str(caught.value)
    assert message.startswith(f"The spool {path} cannot be used: ")
    assert message.endswith(".")
    assert "\n" not in message


def test_a_full_disk_is_an_error_that_leaves_nothing_half_written(path: Path) -> None:
    held = filled(path, 1)
    (pages,) = held._file.execute("pragma page_count").fetchone()
    held._file.execute(f"pragma max_page_count = {pages + 3}")
    with pytest.raises(SpoolError, match=r"disk is full"):
        held.put(track(2, bytes(100_000)))
    assert numbers(held) == [1]
    assert waiting(path) == Waiting(1)
    held._file.execute("pragma max_page_count = 100000")
    held.put(track(3))
    assert numbers(held) == [1, 3]


def test_nothing_waits_where_there_is_no_spool(path: Path) -> None:
    assert waiting(path) == Waiting()
    assert not path.parent.exists()


def test_a_live_spool_of_another_process_can_be_looked_at(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[2:]\n"
        "from fixtures.spools import filled\n"
        "held = filled(Path(sys.argv[1]), 1, 2, 3)\n"
        "held.refuse(2, 'why'); print('ready', flush=True)\n"
        "sys.stdin.read(1); held.put(held.first(0).report); "
        "print('put', flush=True); sys.stdin.read()"
    )
    folders = [folder for folder in sys.path if "tests" in folder]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path), *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "ready\n"
        assert waiting(path) == Waiting(2, refused=1)
        process.stdin.write("x")
        process.stdin.flush()
        assert process.stdout.readline() == "put\n"
        assert waiting(path) == Waiting(3, refused=1)
        process.kill()
    assert waiting(path) == Waiting(3, refused=1)
    assert waiting(copied(path, path.parent / "cut")) == Waiting(3, refused=1)


def test_looking_says_in_one_sentence_that_a_file_is_no_spool(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("x" * 5000)
    with pytest.raises(SpoolError, match=r"^The spool .* cannot be read: .*\.$"):
        waiting(path)


def test_whose_records_wait_is_told_and_records_that_are_spoilt_are_left_out(path: Path) -> None:
    assert ids(path) == []
    held = filled(path, 1, 2, 3)
    held.refuse(1, "for a test")
    for seq, body in ((2, "no JSON"), (3, '{"sighting_id": "no id"}')):
        held._file.execute("update waiting set body = ? where seq = ?", (body, seq))
    held._file.commit()
    assert ids(path) == [uid(1)]
    erase(path, [uid(1)])
    assert ids(path) == []
    assert waiting(path).sightings == 2


def test_spools_that_were_put_aside_are_found(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("x" * 5000)
    filled(path, 1)
    (aside,) = put_aside(path)
    assert aside.name.startswith("spool.broken-")


def test_only_the_owner_may_read_faces(path: Path) -> None:
    filled(path, 1)
    files = sorted(file.name for file in path.parent.iterdir())
    assert files == ["spool.db", "spool.db-shm", "spool.db-wal"]
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


def test_every_track_is_written_through_to_the_disk(path: Path) -> None:
    (level,) = opened(path)._file.execute("pragma synchronous").fetchone()
    assert level == 2  # FULL: at every commit
