"""Sentences for people at a terminal, and the lines of the log."""

import logging
import sys
import threading

import click
import pytest
from click.testing import CliRunner

from visitord.cli.faults import hide_secrets
from visitord.cli.logs import log_to_stderr
from visitord.cli.program import program
from visitord.cli.saying import say
from visitord.core.errors import VisitordError

HIDDEN = "Sam\u200b\x1b[2J\u202e"
SHOWN = r"Sam\u200b\x1b[2J\u202e"


def test_what_a_name_hides_is_spelt_out_and_lines_stay_lines() -> None:
    @click.command()
    def command() -> None:
        say(f"{HIDDEN} counts again.\nSo does 王.")

    assert CliRunner().invoke(command).output == f"{SHOWN} counts again.\nSo does 王.\n"


def test_an_error_spells_out_what_nobody_would_see() -> None:
    @program
    def group() -> None:
        """A program."""

    @group.command()
    def fail() -> None:
        """A command."""
        raise VisitordError(f"{HIDDEN} is not ignored.")

    assert CliRunner().invoke(group, ["fail"]).stderr == f"Error: {SHOWN} is not ignored.\n"


def test_a_name_makes_no_line_of_its_own_in_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.Logger("root")
    monkeypatch.setattr(logging, "root", root)
    log_to_stderr()
    root.info("%s came", f"{HIDDEN}\nERROR all is lost")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(rf"INFO {SHOWN}\nERROR all is lost came")


def test_a_traceback_in_the_log_has_no_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.Logger("root")
    monkeypatch.setattr(logging, "root", root)
    log_to_stderr()
    try:
        raise RuntimeError("broken at rtsp://user:hidden@192.0.2.10/1?ticket=hidden")
    except RuntimeError:
        root.critical("The thread died.", exc_info=True)
    logged = capsys.readouterr().err
    assert logged.endswith("RuntimeError: broken at rtsp://***@192.0.2.10/1?ticket=***\n")
    assert "hidden" not in logged.splitlines()[-1]


def test_a_fault_in_a_thread_of_a_program_is_printed_without_a_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    hide_secrets()

    def break_down() -> None:
        raise RuntimeError("broken at " + "rtsp://user:hidden" + "@192.0.2.10/1")

    thread = threading.Thread(target=break_down)
    thread.start()
    thread.join()
    printed = capsys.readouterr().err
    assert "RuntimeError: broken at rtsp://***@192.0.2.10/1" in printed
    assert "Traceback" in printed
