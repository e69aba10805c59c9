"""visitord models switch: what is known, taken along to another model pack."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.saying import say
from visitord.core.config import Config
from visitord.models.opening import open_pack
from visitord.store.reembedding import LeftBehind, ReembeddingProgress

if TYPE_CHECKING:  # its libraries take seconds to import
    from visitord.admin.pack_switch import Progress

NICENESS = 10  # cameras go first


@click.command("switch")
@click.argument("pack", required=False)
@click.option(
    "--back", is_flag=True, help="To the pack that was in use before the one of models.pack."
)
@click.option(
    "--drop-old",
    is_flag=True,
    help="Delete what packs but models.pack know, once all daemons use that.",
)
@click.option("--yes", is_flag=True, help="With --drop-old: even if then no pack knows somebody.")
def switch(pack: str | None, back: bool, drop_old: bool, yes: bool) -> None:
    """Carry everyone over to PACK, from the pictures that were kept.

    The daemon goes on meanwhile.  What the old pack knows stays until --drop-old.  It may be
    stopped at any time; repeated, it does what is left.
    """
    if [pack is not None, back, drop_old].count(True) != 1:
        raise click.UsageError("Say to which PACK, or --back, or --drop-old.")
    from visitord.admin import pack_switch

    settings = config()
    database = connect()
    used = open_pack(settings)
    if drop_old:
        dropped = pack_switch.drop_others(database, used, even_if_forgotten=yes)
        return say(f"{dropped} templates of other packs are gone; what {used.name} knows is left.")

    to = pack or pack_switch.pack_before(database, used)
    os.nice(NICENESS)
    with _progress(to) as progress:
        done = pack_switch.switch(database, settings, used, to, progress)
    say(f"{to} knows {done.known.people} people, by {done.known.templates} pictures.")
    for line in what_is_missing(done.sightings, done.left_behind):
        say(line)
    return say(_what_next(settings, to, done.in_use))


@contextmanager
def _progress(to: str) -> "Iterator[Progress]":
    """A bar on stderr while the block runs; nothing where that is no terminal."""
    from collections.abc import Callable

    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:

        def begin(total: int) -> Callable[[int], object]:
            task = bar.add_task(f"to {to}", total=total)
            return lambda done: bar.advance(task, done)

        yield begin


def what_is_missing(sightings: ReembeddingProgress, behind: Sequence[LeftBehind]) -> Iterator[str]:
    """Which sightings and people could not be taken along, and why, a sentence for each line."""
    missing = sightings.sightings - sightings.reembedded
    if missing:
        elsewhere = sightings.left
        yield (
            f"{missing} of {sightings.sightings} sightings were not carried over: "
            f"of {missing - elsewhere} no picture was kept, "
            f"and that of {elsewhere} is not on this box."
        )

    for kept, why in (
        (True, "their pictures are not on this box"),
        (False, "no picture of them was kept"),
    ):
        names = [person.name for person in behind if person.kept == kept]
        if names:
            strangers = "Not carried over, and strangers when they come again"
            yield f"{strangers}: {', '.join(names)} ({why})."


def _what_next(settings: Config, to: str, in_use: bool) -> str:
    if in_use:
        return "models.pack names it already; nothing else to do."
    again = f"then run visitord models switch {to} once more, for whoever came meanwhile"
    where = settings.path or "a config.toml"
    return f'To use it: set pack = "{to}" under [models] in {where} and restart visitord; {again}.'
