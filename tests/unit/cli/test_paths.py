"""Paths on the command line."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from visitord.cli import visitorctl, visitord
from visitord.cli.paths import PATH

NO_PATH = "~nosuchaccount/x"
COMMANDS = {
    visitord.main: (
        f"--config {NO_PATH} check-config",
        f"check-config --config {NO_PATH}",
        f"replay {NO_PATH}",
        f"models install --from {NO_PATH}",
        f"models import-mxnet {NO_PATH} --epoch 0",
    ),
    visitorctl.main: (
        f"list --config {NO_PATH}",
        f"enroll Sam {NO_PATH}",
        f"enroll --folder {NO_PATH}",
        f"cluster --picture {NO_PATH}",
        f"calibrate --picture {NO_PATH}",
        f"snapshot door -o {NO_PATH}",
    ),
}


@pytest.mark.parametrize(
    ("program", "line"),
    [(program, line) for program, lines in COMMANDS.items() for line in lines],
    ids=str,
)
def test_every_path_argument_refuses_a_home_folder_that_is_not_there(
    program: click.Group, line: str
) -> None:
    done = CliRunner().invoke(program, line.split())
    assert done.exit_code == 2
    (said,) = [text for text in done.stderr.splitlines() if text.startswith("Error: ")]
    assert f'"{NO_PATH}" begins with the home folder of an account' in said


def test_a_configuration_that_the_environment_names_is_refused_likewise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VISITORD_CONFIG", NO_PATH)
    done = CliRunner().invoke(visitord.main, ["check-config"])
    assert done.exit_code == 1
    assert done.stderr.startswith(f'Error: $VISITORD_CONFIG "{NO_PATH}" begins with the home')


def test_a_pack_named_by_such_a_path_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(visitord.main, ["models", "install", NO_PATH])
    assert done.exit_code == 1
    assert done.stderr.startswith(f'Error: The model pack "{NO_PATH}" begins with the home')


def test_a_home_folder_is_put_in_unless_there_is_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/box")
    monkeypatch.chdir(tmp_path)
    assert PATH.convert("~/x.jpg", None, None) == Path("/home/box/x.jpg")
    (tmp_path / "~nosuchaccount").touch()
    assert PATH.convert("~nosuchaccount", None, None) == Path("~nosuchaccount")
