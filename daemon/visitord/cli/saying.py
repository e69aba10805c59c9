"""Sentences for people at a terminal."""

from collections.abc import Sequence

import click

from visitord.core.text import visible


def say(text: str, *, err: bool = False) -> None:
    """Print a line, or several; what names in it hold and nobody sees is spelt out."""
    click.echo(shown(text), err=err)


def shown(text: str) -> str:
    """`text` for a terminal, line by line: see `visible`."""
    return "\n".join(map(visible, text.split("\n")))


def listed(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
