"""The configuration that a command line asks for."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from visitord.cli import visitord
from visitord.cli.configuration import config
from visitord.cli.program import program
from visitord.core import config as core_config


def test_its_file_is_read_once_in_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[site]\nname = "north"\n')
    read: list[Path | None] = []
    load = core_config.load
    monkeypatch.setattr(core_config, "load", lambda path: read.append(path) or load(path))  # type: ignore[func-returns-value]

    @program
    def main() -> None:
        """A program."""

    @main.command()
    def ask() -> None:
        click.echo(config().site.name)
        click.echo(config().site.name)

    for _ in range(2):
        done = CliRunner().invoke(main, ["ask", "--config", str(file)])
        assert done.output == "north\nnorth\n"
    assert read == [file, file]


def test_init_writes_the_file_that_config_names(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    for place in (["init", "--config", str(file)], ["init", str(file)]):
        done = CliRunner().invoke(visitord.main, place)
        assert (done.exit_code, f"{file} is written." in done.output) == (0, True)
        file.unlink()
