"""The configuration that a command line asks for."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

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
