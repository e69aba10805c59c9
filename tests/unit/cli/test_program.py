"""Programs end with a sentence, and their commands are imported when they run."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from visitord.cli.deferred import DeferredCommand, examples
from visitord.cli.program import program, sentence
from visitord.cli.visitorctl import main
from visitord.core.errors import NotFoundError, VisitordError

BIN = Path(sys.executable).parent
LATE = {
    "av",
    "cv2",
    "flask",
    "insightface",
    "numpy",
    "onnxruntime",
    "PIL",
    "rich",
    "scipy",
    "sklearn",
    "yoyo",
}
"""Libraries that take a tenth of a second or more to import."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (VisitordError("The disk is full."), "The disk is full."),
        (
            NotFoundError("Nobody is called Sam.", advice="visitorctl list shows everyone."),
            "Nobody is called Sam; visitorctl list shows everyone.",
        ),
        (
            PermissionError(13, "Permission denied", "/state"),
            "/state: Permission denied; run this as the account that owns it.",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "x.toml"),
            "x.toml: No such file or directory.",
        ),
        (OSError("broken"), "What was to be written or read: broken."),
        (
            UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
            "An argument is not valid text in this machine's encoding.",
        ),
        (
            ImportError("libGL.so.1: no such file"),
            "A library does not load on this machine (libGL.so.1: no such file); on a server "
            f"without a desktop run: {sys.executable} -m visitord.models.wheels",
        ),
    ],
)
def test_an_error_is_a_sentence(error: Exception, said: str) -> None:
    assert sentence(error) == said


def test_a_program_ends_with_the_sentence_of_an_error() -> None:
    @program
    def group() -> None:
        """A program."""

    @group.command()
    def fail() -> None:
        """A command."""
        raise VisitordError("The disk is full.")

    done = CliRunner().invoke(group, ["fail"])
    assert (done.exit_code, done.stderr) == (1, "Error: The disk is full.\n")


def test_what_a_program_writes_is_for_its_account_alone_whatever_the_umask_was(
    tmp_path: Path,
) -> None:
    @program
    def group() -> None:
        """A program."""

    @group.command()
    def write() -> None:
        """A command."""
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").touch()

    os.umask(0)
    assert CliRunner().invoke(group, ["write"]).exit_code == 0
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", sorted(main.commands))
def test_the_list_says_of_a_command_what_its_own_help_says(name: str) -> None:
    command = main.commands[name]
    assert isinstance(command, DeferredCommand)
    assert command.loaded.name == name
    assert command.get_short_help_str(200) == command.loaded.get_short_help_str(200)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_a_command_that_is_loaded_takes_one_config(name: str) -> None:
    command = main.commands[name]
    assert isinstance(command, DeferredCommand)
    loaded = command.loaded
    given = ["--config" in parameter.opts for parameter in loaded.params]
    assert given.count(True) == 1


def test_examples_end_a_help() -> None:
    assert examples(()) is None
    assert examples(("visitorctl list",)) == "\b\nExamples:\n  visitorctl list"


def imported(*argv: str) -> set[str]:
    """The top packages that a command imports in a process of its own."""
    command = [sys.executable, "-X", "importtime", str(BIN / argv[0]), *argv[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


def test_the_list_of_commands_imports_no_command() -> None:
    found = imported("visitorctl", "--help")
    assert "click" in found
    assert not found & (LATE | {"psycopg2", "pydantic"})


@pytest.mark.parametrize("name", ["rename", "ignore", "unignore", "visits", "stats"])
def test_what_needs_neither_models_nor_pictures_loads_none_of_their_libraries(name: str) -> None:
    found = imported("visitorctl", name, "--help")
    assert "psycopg2" in found
    assert not found & LATE


@pytest.mark.parametrize("name", ["merge", "undo", "forget", "list", "show", "status", "snapshot"])
def test_what_needs_no_models_loads_no_vision_library_and_no_scheduler(name: str) -> None:
    assert not imported("visitorctl", name, "--help") & (LATE - {"numpy", "rich"})


def test_a_deferred_command_can_be_completed() -> None:
    context = click.Context(main)
    words = [item.value for item in main.shell_complete(context, "sug")]
    assert words == ["suggestions"]
