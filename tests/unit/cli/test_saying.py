"""Sentences for people at a terminal, and the lines of the log."""

import logging

import click
import pytest
from click.testing import CliRunner

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
