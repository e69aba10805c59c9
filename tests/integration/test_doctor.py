"""visitorctl doctor names what is wrong, and what to do about it."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from fixtures.installation import Box
from visitord.capture.health import Health, State
from visitord.cli import doctor
from visitord.store import cameras
from visitord.store.database import Database
from visitord.store.spool import Spool

CAMERA = '[[camera]]\nname = "door"\nsource = "rtsp://127.0.0.1:9/1"\n'


def wrong(box: Box) -> dict[str, str]:
    """The first problem of each check that found one; the exit code tells that there is any."""
    done = box.run("visitorctl", "doctor", "--format", "json")
    rows = json.loads(done.out)
    assert done.code == any(row["is"] == "wrong" for row in rows)
    return {row["check"]: row["what"] for row in reversed(rows) if row["is"] == "wrong"}


@pytest.fixture
def sound(tmp_path: Path, models_dir: Path, database_url: str) -> Box:
    return Box.at(tmp_path / "box", models_dir, database_url, CAMERA)


def test_all_is_well_but_for_what_only_a_daemon_can_mend(sound: Box) -> None:
    found = wrong(sound)
    assert found.keys() == {"cameras"}
    assert (
        found["cameras"] == "Camera door is unknown: no daemon has reported it; start visitord run."
    )


def test_a_box_without_cameras_models_and_database(tmp_path: Path) -> None:
    box = Box.at(tmp_path / "box", None, "postgresql://someone:hidden-word@127.0.0.1:9/none")
    found = wrong(box)
    assert found.keys() == {"configuration", "models", "database"}
    assert "No camera is configured" in found["configuration"]
    assert "visitord models install" in found["models"]
    assert "cannot be used" in found["database"]
    assert "hidden-word" not in str(found)


def test_a_secret_that_is_missing_is_said_and_the_rest_is_checked_all_the_same(sound: Box) -> None:
    config = (sound.folder / "config.toml").read_text()
    sound.configure(config.replace("rtsp://127.0.0.1:9", "rtsp://user:${NOT_THERE}@127.0.0.1:9"))
    found = wrong(sound)
    assert "NOT_THERE" in found["configuration"]
    assert "cameras" in found


def test_what_waits_and_what_was_lost(sound: Box) -> None:
    spool = sound.folder / "state" / "spool.db"
    Spool(spool, 1_000_000, "pack")
    with sqlite3.connect(spool) as file:
        rows = [("{}", b"", "pack", None), ("{}", b"", "pack", "no such camera")]
        file.executemany(
            "insert into waiting (body, portrait, pack, refused) values (?, ?, ?, ?)", rows
        )
        file.execute("update lost set count = 3 where what = 'sightings'")
    done = sound.run("visitorctl", "doctor")
    for part in (
        "1 sightings wait",
        "1 sightings were refused",
        "3 sightings and 0 pictures were lost",
        "spool.max_mb",
    ):
        assert part in done.out


def test_a_state_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('state_dir = "config.toml"\n')
    assert wrong(Box(tmp_path))["disk"].endswith(
        "config.toml is a file: state_dir must name a folder."
    )


def test_a_disk_that_is_full(sound: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(sound.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**8))
    from visitord.core.config import load

    (problem,) = doctor._disk(load(sound.folder / "config.toml"))
    assert "0.1 GB left" in problem


def test_a_camera_whose_name_another_box_uses(sound: Box, database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("insert into site values ('main', 'UTC', '5m'), ('other', 'UTC', '5m')")
        cameras.report(cursor, "other", "elsewhere", [Health("door", State.LIVE, "")])
    assert (
        "no daemon has reported it" in wrong(sound)["cameras"]
    )  # the other site's is another camera
    with database.transaction() as cursor:
        cameras.report(cursor, "main", "front", [Health("door", State.LIVE, "")])
    assert "Camera door is also the name of one that box front reads" in wrong(sound)["cameras"]


def test_a_spool_that_cannot_be_read_does_not_hide_the_rest(sound: Box) -> None:
    (sound.folder / "state" / "spool.db").write_text(
        "not a database, but long enough to look like one" * 9
    )
    done = sound.run("visitorctl", "status")
    assert done.code == 0
    assert "spool.db cannot be read" in done.err
    assert "No daemon has reported a camera yet" in done.out
    assert "cannot be read" in wrong(sound)["spool"]


def right(box: Box) -> dict[str, str]:
    """What each check says that it looked at and found right."""
    rows = json.loads(box.run("visitorctl", "doctor", "--format", "json").out)
    return {row["check"]: row["what"] for row in rows if row["is"] == "right"}


def test_a_check_that_could_look_at_nothing_says_so(
    tmp_path: Path, models_dir: Path, database_url: str
) -> None:
    disabled = f"{CAMERA}enabled = false\n"
    box = Box.at(tmp_path / "box", models_dir, database_url, disabled)
    found = right(box)
    assert found["cameras"] == "None is configured and enabled, so none was looked at."
    assert found["daemon"] == "None runs on this box, so none was looked at."


def test_cameras_that_are_live_are_counted(sound: Box, database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("insert into site values ('main', 'UTC', '30 s')")
        cameras.report(cursor, "main", "front", [Health("door", State.LIVE, "")])
    sound.configure('box = "front"\n' + (sound.folder / "config.toml").read_text())
    assert right(sound)["cameras"] == "The one that is enabled is live, or has played to its end."
