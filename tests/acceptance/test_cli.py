"""The commands as people meet them: help, errors in one sentence, exit codes."""

import contextlib
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.films import film
from fixtures.installation import Box, Done
from fixtures.paths import ROOT
from fixtures.waiting import PATIENCE_S

BIN = Path(sys.executable).parent


def test_config_is_accepted_before_and_after_a_command(box: Box, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text('[[camera]]\nname = "yard"\nsource = "rtsp://192.0.2.1/1"\n')
    for arguments in (
        ["--config", str(elsewhere), "check-config"],
        ["check-config", "--config", str(elsewhere)],
    ):
        assert "1 camera(s)" in box.ok("visitord", *arguments)
    assert "0 camera(s)" in box.ok("visitord", "check-config")


def test_the_environment_names_a_configuration(box: Box, tmp_path: Path) -> None:
    (tmp_path / "named.toml").write_text('[site]\nname = "annex"\ntimezone = "Nowhere"\n')
    done = box.run("visitord", "check-config", VISITORD_CONFIG=str(tmp_path / "named.toml"))
    done.fails_with("named.toml", "site.timezone", "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[databse]\n", ("databse", "did you mean database")),
        ("[visit]\ngap = 5\n", ("visit.gap", '"30s"')),
        ("a = \n", ("not valid TOML", "line 1")),
    ],
)
def test_a_wrong_configuration_fails_every_command_in_one_sentence(
    box: Box, text: str, parts: tuple[str, ...]
) -> None:
    box.configure(text)
    for command in (("visitord", "check-config"), ("visitord", "run"), ("visitorctl", "list")):
        box.run(*command).fails_with("config.toml", *parts)


def test_only_commands_that_read_cameras_need_their_secrets(box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[[camera]]\nname = "a"\nsource = "rtsp://u:${NOT_SET}@h/"\n')
    for command in ("check-config", "run"):
        box.run("visitord", command).fails_with("camera.a.source", "NOT_SET")
    box.ok("visitorctl", "list")


def test_a_configuration_that_is_not_there_is_named(box: Box) -> None:
    box.run("visitord", "run", "--config", "nowhere.toml").fails_with(
        "nowhere.toml", "No such file"
    )


def test_check_config_shows_sources_without_their_passwords(box: Box) -> None:
    box.configure(
        '[[camera]]\nname = "a"\nsource = "rtsp://user:${SECRET}@${HOST}/1?x=${SECRET}"\n'
        '[[camera]]\nname = "b"\nsource = "http://user:hidden-word@192.0.2.1/1?x=hidden-word"\n'
    )
    done = box.run("visitord", "check-config", SECRET="hidden-word", HOST="192.0.2.1")  # noqa: S106
    assert done.code == 0
    assert "a: rtsp://***@${HOST}/1?x=***\n" in done.out
    assert "b: http://***@192.0.2.1/1?x=***\n" in done.out
    assert "hidden-word" not in done.out + done.err


def test_check_config_and_doctor_say_which_secrets_others_can_read(
    box: Box, open_path: Path, database_url: str
) -> None:
    config, secret = open_path / "config.toml", open_path / "it's secret"
    config.write_text(
        f'[database]\nurl = "{database_url}"\n'
        '[[camera]]\nname = "a"\nsource = "rtsp://192.0.2.1/1?key=hidden-word"\nenabled = false\n'
        f'[[camera]]\nname = "b"\nsource = "rtsp://u@192.0.2.1/1"\npassword_file = "{secret}"\n'
    )
    secret.write_text("hidden-word")
    open_path.chmod(0o755)
    config.chmod(0o644)
    secret.chmod(0o640)

    done = box.run("visitord", "check-config", "--config", str(config))
    assert done.code == 0
    assert done.err.splitlines() == [
        f"Warning: {config} holds a password or what may be one, and other accounts can read it "
        "(mode 644): let the account that runs visitord own it, and run: "
        f"chmod 600 {config}",
        f"Warning: {secret} holds a password, and other accounts can read it (mode 640): let the "
        "account that runs visitord own it, and run: "
        f"chmod 600 {shlex.quote(str(secret))}",
    ]
    looked_at = box.run("visitorctl", "doctor", "--format", "json", "--config", str(config))
    rows = [row for row in json.loads(looked_at.out) if row["is"] == "warning"]
    assert [f"Warning: {row['what']}" for row in rows] == done.err.splitlines()

    config.chmod(0o600)
    secret.chmod(0o400)
    assert box.run("visitord", "check-config", "--config", str(config)).err == ""


def test_run_without_a_camera_says_how_to_describe_one(box: Box) -> None:
    named = str(box.folder / "config.toml")
    box.run("visitord", "run").fails_with("No camera is configured: add a [[camera]]", named)


def test_a_configuration_to_start_from_is_written_once(tmp_path: Path, models_dir: Path) -> None:
    empty = Box.at(tmp_path / "box", models_dir, "embedded")
    (empty.folder / "config.toml").unlink()
    empty.run("visitord", "run").fails_with("No camera is configured: visitord init")

    assert "config.toml is written" in empty.ok("visitord", "init")
    written = empty.folder / "config.toml"
    assert written.read_bytes() == (ROOT / "config.example.toml").read_bytes()
    assert written.stat().st_mode & 0o077 == 0
    assert "0 camera(s)" in empty.ok("visitord", "check-config")

    written.write_text("# mine\n")
    empty.run("visitord", "init").fails_with("config.toml is there already")
    assert written.read_text() == "# mine\n"


def test_a_database_that_is_not_there_is_one_sentence(box: Box) -> None:
    box.configure(
        '[database]\nurl = "postgresql://someone:hidden-word@127.0.0.1:9/none"\n'
        '[[camera]]\nname = "a"\nsource = "rtsp://127.0.0.1:9/1"\n'
    )
    for command in (("visitorctl", "list"), ("visitorctl", "cluster"), ("visitord", "migrate")):
        done = box.run(*command)
        done.fails_with("127.0.0.1", "cannot be used", "database.url")
        assert "hidden-word" not in done.out + done.err


def test_a_database_without_tables_says_migrate_and_migrating_helps(
    box: Box, empty_url: str
) -> None:
    box.configure(f'[database]\nurl = "{empty_url}"\n')
    box.run("visitorctl", "list").fails_with("visitord migrate")
    assert "Applied 0001_baseline" in box.ok("visitord", "migrate")
    assert "up to date" in box.ok("visitord", "migrate")
    assert "Nobody to show" in box.ok("visitorctl", "list")


def test_models_that_are_not_there_are_one_sentence(box: Box) -> None:
    (box.folder / "state" / "models").unlink()
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[[camera]]\nname = "a"\nsource = "rtsp://127.0.0.1:9/1"\n')
    cv2.imwrite(str(box.folder / "x.png"), np.zeros((50, 50, 3), np.uint8))
    for command in (
        ("visitord", "run"),
        ("visitord", "replay", "x.png"),
        ("visitorctl", "cluster"),
    ):
        box.run(*command).fails_with(
            "opencv-zoo is not installed", "visitord models install opencv-zoo"
        )


def test_an_opencv_that_does_not_load_is_one_sentence(box: Box, tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file')"
    )
    process = box.start("visitord", "replay", "x.png", PYTHONPATH=str(tmp_path))
    out, err = process.communicate(timeout=PATIENCE_S)
    Done(process.returncode, out, err).fails_with("libGL.so.1", "-m visitord.models.wheels")


def test_the_demo_refuses_to_write_into_a_real_visit_log(box: Box) -> None:
    box.configure('[[camera]]\nname = "a"\nsource = "rtsp://127.0.0.1:9/1"\n')
    box.run("visitord", "demo", "--once").fails_with("cameras of its own", "another folder")


def test_nobody_of_that_name_lists_the_near_ones(box: Box) -> None:
    box.run("visitorctl", "show", "someone").fails_with(
        'Nobody is known as "someone"', "no person has been enrolled"
    )


@pytest.mark.parametrize(
    "command",
    [
        ("visitorctl", "nonsense"),
        ("visitorctl", "list", "--format", "xml"),
        ("visitorctl", "list", "--since", "yesterdayish"),
        ("visitorctl", "rename", "visitor 1"),
        ("visitord", "replay"),
    ],
)
def test_wrong_usage_exits_with_two(box: Box, command: tuple[str, ...]) -> None:
    done = box.run(*command)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_sql_reads_only(box: Box) -> None:
    assert "0" in box.ok("visitorctl", "sql", "select count(*) from visitord.visitor")
    box.run("visitorctl", "sql", "delete from visitord.visit").fails_with("One statement")
    box.run("visitorctl", "sql", "delete from visitord.visit returning *").fails_with("read-only")
    box.run("visitorctl", "sql", "select nonsense").fails_with("nonsense")
    box.run("visitorctl", "sql", "commit; select 1").fails_with("One statement")
    box.run("visitorctl", "sql", "set transaction read write; select 1").fails_with("One statement")
    box.run("visitorctl", "sql", "select '0044-03-15 BC'::date").fails_with("cast it to text")

    def rows(query: str) -> list[dict[str, object]]:
        return list(json.loads(box.ok("visitorctl", "sql", query, "--format", "json")))

    assert rows("select 1 as a, 2 as a, sum(x) as n from generate_series(1, 2) x") == [
        {"a": 1, "a#2": 2, "n": 3}
    ]
    (row,) = rows(
        """select '{"k": [1]}'::jsonb as j, 'NaN'::float as f, """
        """1.5::numeric as d, '\\xff'::bytea as b"""
    )
    assert row == {"j": {"k": [1]}, "f": None, "d": 1.5, "b": "ff"}
    csv = box.ok(
        "visitorctl", "sql", """select '{"k": 1}'::jsonb as j where true""", "--format", "csv"
    )
    assert csv == 'j\n"{""k"": 1}"\n'
    empty = box.ok(
        "visitorctl", "sql", "select name, visits from visitord.visitor", "--format", "csv"
    )
    assert empty == "name,visits\n"


def test_what_a_view_does_not_allow_is_not_blamed_on_the_server(box: Box) -> None:
    box.run("visitorctl", "sql", "delete from visitord.visitor").fails_with(
        "refused: cannot delete from view"
    )


def test_a_command_in_the_wrong_folder_makes_no_database_there(tmp_path: Path) -> None:
    Box(tmp_path).run("visitorctl", "list").fails_with("neither a config.toml nor", "--config")
    Box(tmp_path).run("visitorctl", "review", "--link").fails_with(
        "neither a config.toml nor", "--config"
    )
    assert list(tmp_path.iterdir()) == []


def test_promises_that_mean_nothing_and_networks_that_are_not_there_are_found_by_check_config(
    box: Box,
) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + "strangers = 0.5\n" if text.rstrip().endswith("threads = 1") else "")
    box.run("visitord", "check-config").fails_with("models.strangers", "greater than or equal to 1")
    camera = '[[camera]]\nname = "door"\nsource = "rtsp://127.0.0.1:9/1"\nliveness = "flag"\n'
    box.configure(f'[models]\nliveness = "nowhere"\n{camera}')
    box.run("visitord", "check-config").fails_with("nowhere")


def test_times_are_the_sites_own(box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[site]\ntimezone = "Europe/Berlin"\n')
    query = "select date_trunc('day', '2026-01-04T23:30:00Z'::timestamptz) as day"
    assert "2026-01-05 00:00:00" in box.ok("visitorctl", "sql", query)
    answer = json.loads(box.ok("visitorctl", "sql", query, "--format", "json"))
    assert answer == [{"day": "2026-01-05T00:00:00+01:00"}]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["visitorctl", "visits", "--since", "800000d"], 2),
        (["visitord", "replay", "x.png", "--start", "9999-12-31T23:59:59Z"], 1),
        (["visitorctl", "show", os.fsdecode(b"\xff")], 1),
    ],
)
def test_odd_arguments_are_one_sentence_too(box: Box, command: list[str], code: int) -> None:
    cv2.imwrite(str(box.folder / "x.png"), np.zeros((50, 50, 3), np.uint8))
    done = box.run(*command)
    assert done.code == code
    assert "Traceback" not in done.err
    assert done.err.strip().splitlines()[-1].startswith("Error: ")


def test_help_and_version_are_there_for_every_command(box: Box) -> None:
    assert "0.1.0" in box.ok("visitord", "--version")
    for program, words in (
        ("visitord", "run demo replay check-config migrate models"),
        ("visitorctl", "list show"),
    ):
        text = box.ok(program, "--help")
        for word in words.split():
            assert word in text
            assert "--config" in box.ok(program, word, "--help")


def test_a_reader_that_has_enough_is_no_error(box: Box) -> None:
    done = subprocess.run(  # noqa: S602
        f"{BIN / 'visitorctl'} sql 'select generate_series(1, 200000)' --format csv | head -1",
        shell=True,
        cwd=box.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "generate_series"
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_a_full_disk_behind_the_output_is_one_sentence(box: Box) -> None:
    with Path("/dev/full").open("w") as full:
        command = [str(Path(sys.executable).parent / "visitorctl"), "--help"]
        done = subprocess.run(
            command, cwd=box.folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "No space left on device." in done.stderr


def test_replay_shows_progress_on_a_terminal(box: Box) -> None:
    path = film(box.folder / "short.mp4", [], 3)
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [str(BIN / "visitord"), "replay", str(path)],
        cwd=box.folder,
        stderr=terminal,
        stdout=subprocess.PIPE,
        check=True,
    )
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # the end of what was written
        while True:
            shown += os.read(controller, 65536)
    assert b"short.mp4" in shown
    assert b"100%" in shown
    assert b"pictures analysed" in done.stdout


def test_a_configuration_named_last_counts_for_what_comes_before_it(
    box: Box, tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text("x = 1\n")
    done = box.run(
        "visitorctl", "visits", "--since", "2026-01-05", "--config", str(tmp_path / "wrong.toml")
    )
    done.fails_with("wrong.toml", "unknown key x")


def test_a_state_folder_of_another_account_is_one_sentence(box: Box) -> None:
    (box.folder / "config.toml").write_text('[database]\nurl = "embedded"\n')
    state = box.folder / "state"
    (state / "postgres").mkdir()
    (state / "postgres" / "PG_VERSION").write_text("18")
    os.chown(state / "postgres", 65534, 65534)
    box.run("visitorctl", "list").fails_with("belongs to the account", "sudo -u")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("192.168.1.5", "is neither an address nor a file; write rtsp://"),
        ("192.168.1.5:554/stream1", "is neither an address nor a file; write rtsp://"),
        ("clip.mp4", "clip.mp4 is no file that is there"),
    ],
)
def test_a_source_that_is_no_camera_is_told_by_check_config(
    box: Box, source: str, said: str
) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(f'{text}[[camera]]\nname = "door"\nsource = "{source}"\n')
    box.run("visitord", "check-config").fails_with(".source", said)


def test_packs_that_can_be_installed_are_listed(box: Box) -> None:
    listed = box.ok("visitord", "models", "list")
    assert "buffalo_l" in listed
    assert "raccoon_s" in listed
    assert "research only" in listed


def test_a_link_that_nobody_serves_is_told(box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(f'{text}[review]\nlisten = "127.0.0.1:9"\n')
    done = box.run("visitorctl", "review", "--link")
    assert done.code == 0
    assert done.out.startswith("http://127.0.0.1:9/")
    assert "Nobody serves the page at http://127.0.0.1:9" in done.err
