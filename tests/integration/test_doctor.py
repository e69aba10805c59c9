"""visitorctl doctor names what is wrong, and what to do about it."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from fixtures.installation import Box
from fixtures.reports import START
from visitord.capture.health import Health, State
from visitord.cli import doctor
from visitord.core import secrets
from visitord.core.config import Config, load
from visitord.service.state import ServiceState
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


@pytest.fixture
def secretive(tmp_path: Path) -> Config:
    """A configuration with a password in a variable, and one in a file, that are not there."""
    (tmp_path / "config.toml").write_text(
        CAMERA.replace("127.0.0.1:9", "user:${NOT_THERE}@127.0.0.1:9")
        + '[[camera]]\nname = "hall"\nsource = "rtsp://user@127.0.0.1:9/2"\n'
        'password_file = "hall-password"\n'
    )
    return load(tmp_path / "config.toml")


def test_secrets_that_nobody_has_are_wrong_each_of_them(secretive: Config) -> None:
    variable, file = doctor._configuration(secretive)
    assert isinstance(variable, str)
    assert isinstance(file, str)
    assert "NOT_THERE" in variable
    assert "hall-password cannot be read: No such file or directory." in file
    assert file.endswith(
        "If systemd gives it to the service, that alone sees it, and its log tells."
    )


def test_secrets_that_the_running_daemon_was_given_are_unseen(
    secretive: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.state, "ask", lambda _: ServiceState([], START))
    for finding in doctor._configuration(secretive):
        assert isinstance(finding, doctor._Unseen)
        assert finding.what.endswith("was given it, or it would not have started.")


def test_a_password_file_that_is_another_accounts_is_unseen(
    secretive: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOT_THERE", "word")

    def refuse(path: Path, _: int) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(secrets, "read", refuse)
    (finding,) = doctor._findings(doctor.CONFIGURATION, secretive)
    assert isinstance(finding, doctor._Unseen)
    assert "hall-password cannot be read: Permission denied." in finding.what
    assert finding.what.endswith("run doctor as the account of the service.")


def test_a_state_folder_of_another_account_is_unseen(
    tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box.at(tmp_path / "box", models_dir, "embedded", CAMERA)
    settings = load(box.folder / "config.toml")
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "geteuid", lambda: settings.state.stat().st_uid + 1)
    for check in (doctor._disk, doctor._threads, doctor._database, doctor._cameras):
        (finding,) = check(settings)
        assert isinstance(finding, doctor._Unseen)
        assert str(settings.state) in finding.what


def test_what_is_unseen_is_no_error() -> None:
    assert doctor._row_of("disk", doctor._Unseen("Closed.")) == {
        "check": "disk",
        "is": "unseen",
        "what": "Closed.",
    }


def test_cameras_that_are_live_are_counted(sound: Box, database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("insert into site values ('main', 'UTC', '30 s')")
        cameras.report(cursor, "main", "front", [Health("door", State.LIVE, "")])
    sound.configure('box = "front"\n' + (sound.folder / "config.toml").read_text())
    assert right(sound)["cameras"] == "The one that is enabled is live, or has played to its end."
