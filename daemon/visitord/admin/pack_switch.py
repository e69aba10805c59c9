"""visitord models switch: what is known, carried over to another model pack while the old one goes
on serving.
"""

import os
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import Progress

from visitord.cli.console import config, database, out
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.models.opening import open_pack
from visitord.store import gallery_changes, identities, reembedding
from visitord.store.crops import Crops
from visitord.store.database import Database, unhurried
from visitord.store.embedded import account_name
from visitord.store.reembedding import LeftBehind, PackSwitch, ReembeddingProgress


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
    settings, opened = config(), database()
    used = open_pack(settings)
    if drop_old:
        return _drop_old(opened, used.name, used.fingerprint, yes)
    to = pack or _before(opened, used.name, used.fingerprint)
    os.nice(10)  # cameras go first
    fingerprint = _carry(opened, settings, to)
    with opened.transaction() as cursor:
        if fingerprint != used.fingerprint:
            noted = PackSwitch(
                from_pack=used.fingerprint,
                from_name=settings.models.pack,
                to_pack=fingerprint,
                to_name=to,
                by=account_name(),
            )
            reembedding.note_switch(cursor, noted)
        known = reembedding.known_to(cursor, fingerprint)
        sightings = reembedding.progress(cursor, fingerprint)
        behind = reembedding.left_behind(cursor, fingerprint)
    click.echo(f"{to} knows {known.people} people, by {known.templates} pictures.")
    _tell_left(sightings, behind)
    return click.echo(_advice(settings, to))


def _before(database: Database, name: str, fingerprint: str) -> str:
    with database.transaction() as cursor:
        if before := reembedding.switched_from(cursor, fingerprint):
            return before
    raise VisitordError(f"There is nothing to go back from: nobody switched to {name} here.")


def _carry(database: Database, settings: Config, to: str) -> str:
    """Carry over what is left, showing how far it is; returns the new pack's fingerprint."""
    from visitord.admin.reembedding import (
        carry,
        carry_photographs,
        learn,
    )  # its libraries take seconds to import

    pack = open_pack(settings, to)
    with database.transaction() as cursor:
        unhurried(cursor)
        before = reembedding.progress(cursor, pack.fingerprint)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"to {to}", total=before.left)
        carry(database, pack, Crops(settings.crops_dir), lambda n: bar.advance(task, n))
    learn(database, pack.fingerprint)
    carry_photographs(database, pack, Crops(settings.crops_dir))
    return pack.fingerprint


def _tell_left(sightings: ReembeddingProgress, behind: Sequence[LeftBehind]) -> None:
    missing, elsewhere = sightings.sightings - sightings.reembedded, sightings.left
    if missing:
        why = f"of {missing - elsewhere} no picture was kept, and that of {elsewhere} is not on this box"
        click.echo(f"{missing} of {sightings.sightings} sightings were not carried over: {why}.")
    for kept, why in (
        (True, "their pictures are not on this box"),
        (False, "no picture of them was kept"),
    ):
        if names := [person.name for person in behind if person.kept == kept]:
            stay = (
                f"Not carried over, and strangers when they come again: {', '.join(names)} ({why})."
            )
            out.print(stay, markup=False)


def _advice(settings: Config, to: str) -> str:
    if settings.models.pack == to:
        return "models.pack names it already; nothing else to do."
    again = f"then run visitord models switch {to} once more, for whoever came meanwhile"
    where = settings.path or "a config.toml"
    return f'To use it: set pack = "{to}" under [models] in {where} and restart visitord; {again}.'


def _drop_old(database: Database, name: str, fingerprint: str, yes: bool) -> None:
    with database.transaction() as cursor:
        unhurried(cursor)
        identities.freeze(cursor)
        behind = ", ".join(p.name for p in reembedding.left_behind(cursor, fingerprint))
        if behind and not yes:
            remedy = "carry them over with visitord models switch, or say --yes"
            raise VisitordError(
                f"{name} does not know {behind}, who would be known to no pack: {remedy}."
            )
        dropped = reembedding.drop_others(cursor, fingerprint)
        gallery_changes.announce(cursor, dropped)
    click.echo(f"{len(dropped)} templates of other packs are gone; what {name} knows is left.")
