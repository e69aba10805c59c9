"""visitorctl completion: what the Tab key needs to know of commands, people and cameras."""

import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from visitord.cli.console import config
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.store import people
from visitord.store.database import Database

SHELLS = ("bash", "zsh", "fish")
OFFERED_MAX = 50
WITHIN_S = 1.0  # nobody waits longer for a key


class _Offered(click.ParamType[str]):
    """Text, for which the Tab key offers what `known` returns in time."""

    name = "text"

    def __init__(self, known: Callable[[Config], list[str]]) -> None:
        self._known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        del param, ctx
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del param
        words: list[str] = []

        def find() -> None:
            with contextlib.suppress(VisitordError, OSError), ctx.scope(cleanup=False):
                words.extend(self._known(config()))

        finder = threading.Thread(target=find, daemon=True)
        finder.start()
        finder.join(WITHIN_S)
        fitting = [word for word in words if word.lower().startswith(incomplete.lower())]
        return [CompletionItem(_spelt(word)) for word in fitting[:OFFERED_MAX]]


def _spelt(word: str) -> str:
    """As a shell takes it; only bash leaves that to the program."""
    bash = any(
        key.endswith("_COMPLETE") and kind == "bash_complete" for key, kind in os.environ.items()
    )
    return re.sub(r"([^\w.,:/@+-])", r"\\\1", word) if bash else word


def _people(settings: Config) -> list[str]:
    """Names and labels; nothing where an embedded database would have to be started."""
    if (
        settings.database_url() == "embedded"
        and not (settings.state / "postgres" / "postmaster.pid").exists()
    ):
        return []
    database = Database.at(settings.database_url(), settings.state)
    with contextlib.closing(database), database.transaction() as cursor:
        return people.names(cursor)


WHO = _Offered(_people)
CAMERA = _Offered(lambda settings: [camera.name for camera in settings.camera])


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options, people and cameras.

    Put the line for your shell where it reads its settings: ~/.bashrc, ~/.zshrc (after compinit),
    or ~/.config/fish/config.fish.
    """
    root = ctx.find_root()
    name = Path(root.info_name or "visitorctl").name
    made = get_completion_class(shell)
    assert made  # noqa: S101 - one of the three that click knows
    source = made(root.command, {}, name, f"_{name}_COMPLETE".replace("-", "_").upper()).source()
    click.echo(
        source.replace("read type value", "read -r type value")
    )  # in bash, it would eat backslashes
