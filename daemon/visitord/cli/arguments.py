"""Arguments that the Tab key completes: people, groups, sites and cameras."""

import contextlib
import os
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from visitord.cli.configuration import config
from visitord.core.errors import VisitordError
from visitord.core.text import composed
from visitord.store import group_names, people, places
from visitord.store.database import Cursor, Database

if TYPE_CHECKING:
    from visitord.core.config import Config

OFFERED_MAX = 50
WITHIN_S = 1.0  # longer than this, a person at the keyboard does not wait


class Completed(click.ParamType[str]):
    """Text, for which the Tab key offers what is known, if that is found in time.

    Parameters
    ----------
    known : callable
        What there is, by the configuration; called in a thread of its own.
    """

    name = "text"

    def __init__(self, known: "Callable[[Config], list[str]]") -> None:
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


class Place(Completed):
    """The name of a site, a camera or a group, in the form in which all are kept."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return composed(super().convert(value, param, ctx))


def _spelt(word: str) -> str:
    """As the shell takes it; only bash leaves that to the program."""
    asking = {key: kind for key, kind in os.environ.items() if key.endswith("_COMPLETE")}
    if "bash_complete" not in asking.values():
        return word
    return re.sub(r"([^\w.,:/@+-])", r"\\\1", word)


def _asked(settings: "Config", question: Callable[[Cursor], list[str]]) -> list[str]:
    """What the database answers; nothing where an embedded one would have to be started."""
    url = settings.database_url()
    running = (settings.state / "postgres" / "postmaster.pid").exists()
    if url == "embedded" and not running:
        return []

    database = Database.at(url, settings.state)
    with contextlib.closing(database), database.transaction() as cursor:
        return question(cursor)


def _people(settings: "Config") -> list[str]:
    """Names and labels."""
    return _asked(settings, people.names)


def _groups(settings: "Config") -> list[str]:
    """Those there are, and those the configuration names."""
    configured = settings.footfall.exclude_groups
    return list(dict.fromkeys([*_asked(settings, group_names.names), *configured]))


def _sites(settings: "Config") -> list[str]:
    return ["all", *_asked(settings, places.sites)]


def _cameras(settings: "Config") -> list[str]:
    return [camera.name for camera in settings.camera]


WHO = Completed(_people)
GROUP = Place(_groups)
SITE = Place(_sites)
CAMERA = Place(_cameras)
CAMERA_OR_SOURCE = Completed(_cameras)
