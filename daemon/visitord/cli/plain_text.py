"""What people type as text is text: of all arguments, paths alone may be other bytes."""

import functools
from collections.abc import Iterator
from typing import Any

import click

from visitord.core.errors import VisitordError
from visitord.core.text import is_text, visible


def told_in_text(command: click.Command) -> click.Command:
    """The command, which ends with an error before it begins where an argument is no text."""
    begin = command.callback
    if begin is None:
        return command

    @functools.wraps(begin)
    def checked(*arguments: Any, **values: Any) -> Any:
        for text in _texts(values):
            if not is_text(text):
                raise VisitordError(f'"{visible(text)}" is not UTF-8 text; only a path may be so.')
        return begin(*arguments, **values)

    command.callback = checked
    return command


def _texts(values: Any) -> Iterator[str]:
    """All text among the values of a command's parameters."""
    match values:
        case str():
            yield values
        case dict():
            yield from _texts(tuple(values.values()))
        case tuple() | list():
            for value in values:
                yield from _texts(value)
