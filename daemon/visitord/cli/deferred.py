"""Commands whose modules are imported when they run, so that none waits for another's libraries."""

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from typing import Any

import click

from visitord.cli.configuration import config_option
from visitord.cli.plain_text import told_in_text


class DeferredCommand(click.Command):
    """A command known by its name and what its list says of it.

    Parameters
    ----------
    name : str
        What people type.
    place : str
        Where the command is, as "module:attribute".
    summary : str
        The first sentence of its help.
    examples : str or None
        The end of its help.
    """

    def __init__(self, name: str, place: str, summary: str, examples: str | None = None) -> None:
        super().__init__(name, help=summary, epilog=examples)
        self._place = place

    @cached_property
    def loaded(self) -> click.Command:
        """The command itself."""
        module, _, attribute = self._place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        command.epilog = command.epilog or self.epilog
        return config_option(told_in_text(command))

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        return self.loaded.make_context(info_name, args, parent, **extra)


def examples(lines: Sequence[str]) -> str | None:
    """What people type, as click prints it at the end of a command's help; None for nothing."""
    if not lines:
        return None
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))
