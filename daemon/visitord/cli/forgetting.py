"""visitorctl forget: people who are gone, and sightings."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from visitord.admin import forgetting
from visitord.admin.forgetting import Asked, Forgotten, Loss
from visitord.cli.arguments import CAMERA, WHO
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.options import Moment, confirm, yes_option
from visitord.cli.saying import listed, say
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.store import scrubbing
from visitord.store.mentions import Mention

if TYPE_CHECKING:
    from visitord.store.database import Database

UNREACHABLE = (
    "Not reached: backups, copies of the write-ahead log (archives, replicas), the log of a server "
    "of your own, and blocks that a disk has freed and not written over."
)


@click.command()
@click.argument("who", type=WHO, required=False)
@click.option(
    "--sighting", "sightings", multiple=True, metavar="ID…", help="These sightings instead."
)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--camera",
    type=CAMERA,
    metavar="NAME",
    help="What this camera saw instead, from --from to --to.",
)
@click.option(
    "--from", "since", type=Moment(), help="Only what ended after, e.g. 2026-01-05 or 7d."
)
@click.option("--to", "until", type=Moment(), help="Only what began before.")
@click.option("--pending", is_flag=True, help="All sightings that nobody was found for instead.")
@click.option(
    "--clean",
    is_flag=True,
    help="Also replace texts that name them; alone: drop what earlier erasures left behind.",
)
@yes_option
def forget(
    who: str | None,
    sightings: tuple[str, ...],
    more: tuple[str, ...],
    camera: str | None,
    since: datetime | None,
    until: datetime | None,
    pending: bool,
    clean: bool,
    yes: bool,
) -> None:
    """Erase a person: everything seen, learnt and kept of them, on every box.

    With undecided sightings that are more like them than like anyone else.  Instead of a person,
    sightings are erased with their faces: by their ids, those of a camera within a time, or all
    that nobody was found for; so are people of whom nothing is left then.

    It cannot be undone.  Backups made before still hold them.  Whoever comes again is a new
    visitor.
    """
    if sightings and who is not None:  # what follows the first id
        more = (who, *more)
        who = None
    kinds = [who is not None, bool(sightings), camera is not None, pending]
    if sum(kinds) > 1 or (more and not sightings):
        raise click.UsageError("Say one of: WHO, --sighting, --camera, --pending.")
    if not camera and (since or until):
        raise click.UsageError("--from and --to are for --camera.")
    if not any(kinds) and not clean:
        raise click.UsageError(
            "Say whom, or which sightings: WHO, --sighting, --camera, --pending."
        )

    database = connect()
    if who is not None:
        _forget_person(database, who, clean, yes)
    elif any(kinds):
        found = forgetting.chosen(
            database,
            config(),
            ids=(*sightings, *more),
            camera=camera,
            since=since,
            until=until,
            undecided=pending,
        )
        _forget_sightings(database, found, clean, yes)
    else:
        gone = forgetting.clean(database, config(), Clock())
        say("What earlier erasures left behind was looked for.")
        _tell_what_is_left(gone)


# People


def _forget_person(database: "Database", who: str, clean: bool, yes: bool) -> None:
    asked = forgetting.find(database, who)
    if not asked.itself and yes:
        raise VisitordError(_is_part(who, asked))

    loss = forgetting.loss_of(database, asked.about)
    _tell_mentions(loss.mentions, clean)
    confirm(_question(who, asked, loss), yes)

    gone = forgetting.forget(
        database, asked.about, config(), Clock(), clean=clean, within_s=scrubbing.WITHIN_S
    )
    say(f"{_everyone(asked)} {_is_forgotten(asked)}: {_counted(gone)} are gone.")
    _tell_what_is_left(gone)


def _is_part(who: str, asked: Asked) -> str:
    """Why nothing is erased without asking, and what to type instead."""
    label = asked.about.label
    number = label.removeprefix("visitor ")
    return (
        f'"{who}" was merged into {_named(asked)}, who would be erased whole: '
        f"visitorctl forget {number} --yes does that, visitorctl undo parts the two first."
    )


def _question(who: str, asked: Asked, loss: Loss) -> str:
    about = asked.about
    undecided = loss.sightings - about.sightings
    counts = [
        f"{about.visits} visits",
        f"{about.sightings} sightings",
        f"{about.templates} template(s)",
        f"{loss.pictures} pictures",
    ]
    if undecided > 0:
        counts.insert(2, f"{undecided} undecided sightings most like them")
    start = "" if asked.itself else f'"{who}" was merged into {_named(asked)}. '
    return f"{start}Erase {_everyone(asked)} for good, with {listed(counts)}?"


def _named(asked: Asked) -> str:
    about = asked.about
    return about.label if about.name == about.label else f"{about.name} ({about.label})"


def _everyone(asked: Asked) -> str:
    """All who are one with a person, by what they are called."""
    if not asked.merged:
        return _named(asked)
    return f"{_named(asked)} with {listed(asked.merged)}, merged into them,"


def _is_forgotten(asked: Asked) -> str:
    return "is forgotten" if len(asked.parts) == 1 else "are forgotten"


# Sightings


def _forget_sightings(database: "Database", found: Sequence[UUID], clean: bool, yes: bool) -> None:
    if not found:
        say("There is no such sighting; nothing is erased.")
        return

    loss = forgetting.loss_of_sightings(database, found)
    _tell_mentions(loss.mentions, clean)
    people = ""
    if loss.gone:
        names = [
            one.label if one.name == one.label else f"{one.name} ({one.label})" for one in loss.gone
        ]
        people = f", and {listed(names)}, of whom nothing else is known"
    confirm(
        f"Erase {loss.sightings} sightings for good, with {loss.pictures} pictures{people}?", yes
    )

    gone = forgetting.forget_sightings(database, found, config(), Clock(), clean=clean)
    say(f"{_counted(gone)} are gone{people}.")
    _tell_what_is_left(gone)


# What is told of both


def _counted(gone: Forgotten) -> str:
    return f"{gone.sightings} sightings and {gone.pictures} pictures"


def _tell_mentions(found: Sequence[Mention], clean: bool) -> None:
    """Texts that name those who go, before it is asked."""
    for mention in found:
        replaced = clean and mention.replaceable
        what = "is replaced" if replaced else "stays: " + _remedy(mention)
        say(f"This text names them and {what} ({mention}).")


def _remedy(mention: Mention) -> str:
    if mention.replaceable:
        return "--clean replaces it"
    return f'visitorctl rename "{mention.id}" changes it'


def _tell_what_is_left(gone: Forgotten) -> None:
    for left in gone.remaining:
        say(str(left))
    for remark in gone.remarks:
        say(remark)
    say(UNREACHABLE)
