"""Paths on the command line."""

import os
from pathlib import Path
from typing import Any

import click

from visitord.core import paths


class WrittenPath(click.ParamType[Path]):
    """A path as a person writes it: one that is there, or with ~ for a home folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if os.path.lexists(value):
            return Path(value)
        try:
            return paths.expanded(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


PATH = WrittenPath()
