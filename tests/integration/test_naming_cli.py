"""What people type to name, ignore and forget, to see faces, and what the Tab key offers them."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from dataclasses import replace
from datetime import UTC, datetime

import cv2
import pytest

from fixtures.commands import BIN
from fixtures.faces import people
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import VisitLog
from fixtures.waiting import PATIENCE_S
from visitord.cli.faces import BLOCK_COLUMNS, HINT
from visitord.store.crops import Crops
from visitord.store.database import Database


@pytest.fixture
def visit_log(database: Database, box: Box) -> VisitLog:
    """Two people, the first seen three times within the last hour, with pictures."""
    visit_log = VisitLog(database, crops=Crops(box.folder / "state" / "crops"))
    portrait = cv2.imencode(".jpg", cv2.resize(people()["astronaut"].image, (160, 160)))[
        1
    ].tobytes()
    ago_s = (datetime.now(UTC) - START).total_seconds() - 3600
    for n, face in enumerate((axis(0), axis(1), axis(0), axis(0))):
        made = report(face, ago_s + 100 * n)
        samples = tuple(replace(sample, portrait=portrait + bytes([n])) for sample in made.samples)
        visit_log.recorder.handle(replace(made, samples=samples))
    return visit_log


def listed(box: Box, *options: str) -> list[str]:
    return box.ok("visitorctl", "list", *options, "--format", "csv").splitlines()[1:]


def test_people_are_listed_by_status_without_a_name_and_by_how_often_they_come(
    visit_log: VisitLog, box: Box
) -> None:
    box.ok("visitorctl", "rename", "1", "Sam")
    assert "ignored from now on; visitorctl unignore" in box.ok("visitorctl", "ignore", "2")
    assert [len(listed(box, "--status", s)) for s in ("provisional", "named", "ignored")] == [
        0,
        1,
        1,
    ]
    assert ["visitor 2" in row for row in listed(box, "--unnamed")] == [True]
    assert listed(box, "--unnamed", "--status", "named") == []
    (frequent,) = listed(box, "--frequent")
    assert "Sam" in frequent
    assert ",3,1," in frequent, "three visits on one day"
    assert box.ok("visitorctl", "unignore", "2") == "visitor 2 counts again.\n"
    box.run("visitorctl", "unignore", "2").fails_with("visitor 2 is not ignored")
    assert box.run("visitorctl", "list", "--frequent", "--since", "7d").code == 2
    assert box.run("visitorctl", "list", "--status", "unknown").code == 2


def test_whoever_is_forgotten_is_asked_about_first_with_what_goes(
    visit_log: VisitLog, box: Box
) -> None:
    done = box.run("visitorctl", "forget", "1")
    assert done.code == 2
    assert (
        "Erase visitor 1 for good, with 3 visits, 3 sightings, 1 template(s) and 3 pictures?"
        in done.err
    )
    assert "--yes" in done.err
    for answer, left in (("n", 2), ("y", 1)):
        controller, terminal = pty.openpty()
        os.write(controller, f"{answer}\n".encode())
        command = [str(BIN / "visitorctl"), "forget", "visitor 1"]
        subprocess.run(
            command, cwd=box.folder, stdin=terminal, capture_output=True, check=answer == "y"
        )
        assert len(listed(box)) == left
    assert len(list((box.folder / "state" / "crops").glob("*/*"))) == 1
    box.run("visitorctl", "forget", "visitor 1", "--yes").fails_with(
        'Nobody is known as "visitor 1"'
    )


def in_terminal(
    box: Box, *arguments: str, size: tuple[int, int] = (40, 120), stdin: int | None = None
) -> str:
    """What a command shows in a terminal of that many lines and columns."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        [str(BIN / "visitorctl"), *arguments],
        cwd=box.folder,
        stdin=terminal if stdin is None else stdin,
        stdout=terminal,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    shown = b""
    try:
        while part := os.read(controller, 65536):
            shown += part
    except OSError:  # its end
        pass
    os.close(controller)
    text = shown.decode(errors="replace")
    assert process.wait(PATIENCE_S) == 0, text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize("command", [("list",), ("list", "--frequent"), ("show", "1")])
def test_faces_are_drawn_in_a_terminal(
    visit_log: VisitLog, box: Box, command: tuple[str, ...]
) -> None:
    shown = in_terminal(box, *command, "--faces")
    assert "visitor 1 (visitor 1, provisional)" in shown
    assert shown.count("▀") >= 8 * 16
    assert "\x1b[38;2;" in shown, "24-bit colour"


def test_faces_of_blocks_are_large_and_beside_each_other_and_it_is_said_where_they_are_clearer(
    visit_log: VisitLog, box: Box
) -> None:
    shown = in_terminal(box, "list", "--faces")
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    captions = [line for line in text.splitlines() if "provisional" in line]
    assert len(captions) == 1, "both of them in one row"
    assert captions[0].count("visitor") == 4
    widest = max(len(re.findall("▀+", line)[0]) for line in text.splitlines() if "▀" in line)
    assert widest >= 2 * BLOCK_COLUMNS
    assert " ".join(HINT.split()) in " ".join(text.split())


def test_the_two_faces_of_a_suggestion_are_side_by_side(visit_log: VisitLog, box: Box) -> None:
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into suggestion (one_id, other_id, agreement, reason, made_at) "
            "select min(identity_id::text)::uuid, max(identity_id::text)::uuid, 0.5, 'why', now() "
            "from identity"
        )
    shown = in_terminal(box, "suggestions", "--faces")
    assert "agree at 0.50; why" in shown
    assert shown.count("▀") >= 8 * 32


def test_a_terminal_that_cannot_is_told_so_and_a_file_refused(
    visit_log: VisitLog, box: Box
) -> None:
    assert "▀" in in_terminal(box, "list", "--faces", stdin=subprocess.DEVNULL)
    assert "this terminal shows no picture" in in_terminal(box, "list", "--faces", size=(0, 0))
    kept = box.folder / "state" / "crops"
    for file in kept.glob("*/*"):
        file.write_bytes(b"no picture")
    assert "this terminal shows no picture" in in_terminal(box, "list", "--faces")
    for file in kept.glob("*/*"):
        file.unlink()
    assert "no picture on this box" in in_terminal(box, "list", "--faces")
    for options in (("--faces",), ("--faces", "--format", "json")):
        done = box.run("visitorctl", "list", *options)
        assert done.code == 2
        assert "--faces draws in a terminal" in done.err


def completed(box: Box, line: str, shell: str = "zsh") -> list[str]:
    """What the Tab key offers at the end of a line."""
    words = line.split(" ")
    asked = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_VISITORCTL_COMPLETE": f"{shell}_complete",
    }
    out = box.run("visitorctl", **asked).out
    return (
        [w.split(",", 1)[1] for w in out.splitlines()]
        if shell == "bash"
        else out.splitlines()[1::3]
    )


def test_the_tab_key_offers_commands_people_groups_and_cameras(
    visit_log: VisitLog, box: Box
) -> None:
    box.configure(
        (box.folder / "config.toml").read_text()
        + '[[camera]]\nname = "entrance"\nsource = "rtsp://192.0.2.1/"\n'
    )
    box.ok("visitorctl", "rename", "2", "Anna Lee")
    assert completed(box, "visitorctl unig") == ["unignore"]
    assert completed(box, "visitorctl forget an") == ["Anna Lee"]
    assert completed(box, "visitorctl forget an", "bash") == ["Anna\\ Lee"]
    assert completed(box, "visitorctl merge vis") == ["visitor 2", "visitor 1"]
    assert completed(box, "visitorctl enroll Sam --camera e") == ["entrance"]
    box.ok("visitorctl", "group", "add", "staff", "1")
    assert completed(box, "visitorctl group re") == ["remove", "rename"]
    assert completed(box, "visitorctl group remove st") == ["staff"]
    assert completed(box, "visitorctl list --not-group s") == ["staff"]


def test_the_tab_key_is_silent_where_no_database_answers(box: Box) -> None:
    for url in (
        "postgresql://someone@127.0.0.1:9/none",
        "postgresql://someone@192.0.2.1/none",
        "embedded",
    ):
        box.configure(f'[database]\nurl = "{url}"\n')
        done = box.run(
            "visitorctl",
            COMP_WORDS="visitorctl show ",
            COMP_CWORD="2",
            _VISITORCTL_COMPLETE="bash_complete",
        )
        assert (done.code, done.out.strip(), done.err) == (0, "", ""), url
    assert not (box.folder / "state" / "postgres").exists(), "no server was started for it"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(box: Box, shell: str) -> None:
    script = box.ok("visitorctl", "completion", shell)
    assert f"_VISITORCTL_COMPLETE={shell}_complete" in script


def test_bash_takes_the_script_and_completes(visit_log: VisitLog, box: Box) -> None:
    script = (
        f"PATH={BIN}:$PATH; source <(visitorctl completion bash); "
        "COMP_WORDS=(visitorctl sugg); COMP_CWORD=1; "
        "_visitorctl_completion visitorctl; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=box.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "suggestions"


def test_bash_keeps_a_name_of_two_words_one_argument(visit_log: VisitLog, box: Box) -> None:
    """Else the command would be about whoever has the first word for a name."""
    box.ok("visitorctl", "rename", "1", "Anna Lee")
    script = (
        f"PATH={BIN}:$PATH; source <(visitorctl completion bash); "
        "COMP_WORDS=(visitorctl show Anna); COMP_CWORD=2; "
        '_visitorctl_completion visitorctl; printf "%s\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=box.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "Anna\\ Lee"


def test_a_name_is_the_same_however_its_letters_are_composed(visit_log: VisitLog, box: Box) -> None:
    composed, apart = "Zo\u00eb", "Zoe\u0308"
    box.ok("visitorctl", "rename", "1", apart)
    assert "So is visitor 1" in box.ok("visitorctl", "rename", "2", composed)
    assert visit_log.rows("select distinct name from visitor where name like 'Zo%'") == [
        (composed,)
    ]
    box.ok("visitorctl", "rename", "2", "Anna")
    assert composed in box.ok("visitorctl", "show", apart)


def test_a_name_that_hides_something_is_refused_and_an_old_one_is_shown(
    visit_log: VisitLog, box: Box
) -> None:
    for hidden in ("\u200b", "Sam\u200b", "\u202emaS"):
        box.run("visitorctl", "rename", "1", hidden).fails_with("visible characters only")
        box.run("visitorctl", "enroll", hidden, ".").fails_with("visible characters only")
    with visit_log.database.transaction() as cursor:
        cursor.execute("update identity set name = 'Sam\u200b', status = 'named' where number = 1")
    assert r"Sam\u200b" in box.ok("visitorctl", "list")
    assert r"Sam\u200b" in box.ok("visitorctl", "show", "1")
    assert r"Sam\u200b is ignored" in box.ok("visitorctl", "ignore", "1")


def test_a_name_that_somebody_has_is_given_and_said(visit_log: VisitLog, box: Box) -> None:
    box.ok("visitorctl", "rename", "1", "Anna")
    said = box.ok("visitorctl", "rename", "2", "anna")
    assert said.splitlines() == [
        "visitor 2 is now called anna.",
        'So is visitor 1; if they are one person: visitorctl merge "visitor 1" "visitor 2"',
    ]
    box.ok("visitorctl", "rename", "2", "Anna")
    assert box.ok("visitorctl", "merge", "visitor 1", "visitor 2").startswith(
        "Anna (visitor 2) is now part of Anna (visitor 1); to take it back: visitorctl undo "
    )


def test_people_of_one_name_are_told_apart_wherever_they_are_named(
    visit_log: VisitLog, box: Box
) -> None:
    for number in ("1", "2"):
        box.ok("visitorctl", "rename", number, "Anna")
    table = box.ok("visitorctl", "visits")
    assert "Anna (visitor 1)" in table
    assert "Anna (visitor 2)" in table
    assert box.ok("visitorctl", "ignore", "2").startswith("Anna (visitor 2) is ignored")
    box.run("visitorctl", "show", "Anna").fails_with("Anna (visitor 1)", "Anna (visitor 2)")

    box.ok("visitorctl", "rename", "2", "Eve")
    assert "(visitor 1)" not in box.ok("visitorctl", "visits")
