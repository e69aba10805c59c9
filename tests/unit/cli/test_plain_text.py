"""Arguments that are text, and those that need not be."""

import os
from pathlib import Path

import click
from click.testing import CliRunner

from visitord.cli.paths import PATH
from visitord.cli.program import program

CAFE = os.fsdecode(b"caf\xe9")


@program
def group() -> None:
    """A program."""


@group.command()
@click.argument("names", nargs=-1)
@click.option("--file", type=PATH)
@click.option("--camera")
def show(names: tuple[str, ...], file: Path | None, camera: str | None) -> None:
    """A command."""
    click.echo(f"{names} {camera} {file is not None and os.fsencode(file)!r}")


def test_a_path_need_not_be_text() -> None:
    done = CliRunner().invoke(group, ["show", "Sam", "--file", CAFE])
    assert (done.exit_code, done.output) == (0, "('Sam',) None b'caf\\xe9'\n")


def test_any_other_argument_must_be() -> None:
    for arguments in (["Sam", CAFE], ["Sam", "--camera", CAFE]):
        done = CliRunner().invoke(group, ["show", *arguments])
        assert done.exit_code == 1
        assert done.stderr == 'Error: "caf\\udce9" is not UTF-8 text; only a path may be so.\n'
