"""The help of each command ends with examples, and they are of what there is."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from visitord.cli import visitorctl, visitord
from visitord.cli.deferred import DeferredCommand
from visitord.cli.examples import EXAMPLES, SERVICE

PROGRAMS = {"visitorctl": visitorctl.main, "visitord": visitord.main}


def loaded(command: click.Command) -> click.Command:
    return command.loaded if isinstance(command, DeferredCommand) else command


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """The words of each command of a program, those of its commands' commands among them."""
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)


@pytest.mark.parametrize(
    "words", [(name, *words) for name, main in PROGRAMS.items() for words in commands(main)]
)
def test_the_help_of_every_command_ends_with_examples(words: tuple[str, ...]) -> None:
    program, *command = words
    done = CliRunner().invoke(PROGRAMS[program], [*command, "--help"])
    assert done.exit_code == 0
    assert " ".join(words) in done.output.split("Example")[-1]


@pytest.mark.parametrize(
    "example", [line for lines in (*EXAMPLES.values(), *SERVICE.values()) for line in lines]
)
def test_examples_are_of_commands_and_options_there_are(example: str) -> None:
    program, *words = example.replace("source <(", "").split()
    command: click.Command = PROGRAMS[program]
    options: set[str] = set()
    for word in words:
        if not isinstance(command, click.Group):
            break
        command = loaded(command.commands[word])
        options |= {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options
