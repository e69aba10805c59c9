"""visitorctl ignore, unignore and forget: people who do not count, and people who are gone."""

import sys

import click

from visitord.cli.completion import WHO
from visitord.cli.console import config, database
from visitord.core.config import Config
from visitord.core.errors import SpoolError
from visitord.store import erasure, people, visitors
from visitord.store.crops import Crops
from visitord.store.erasure import Erased

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


def confirm(question: str, yes: bool) -> None:
    """Go on only if a person, or --yes, says so; raises UsageError where there is nobody to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask at: say so with --yes.")
    click.confirm(question, abort=True)


def clear_up(settings: Config, erased: Erased) -> str:
    """Delete what this box keeps of whom was just forgotten; a remark where that has to wait for
    its daemon.
    """
    try:
        erasure.finish(
            erased, Crops(settings.crops_dir), settings.spool_file, settings.gallery_file
        )
    except (OSError, SpoolError) as error:
        return f" Files on this box cannot be deleted yet, its daemon tries again: {error}"
    return ""


@click.command()
@click.argument("who", type=WHO)
def ignore(who: str) -> None:
    """Leave a person out of reports and arrivals from now on.

    They stay recognised, also after a restart, a merge, and with a new look that the merge job
    finds to be theirs.
    """
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        people.ignore(cursor, person)
    click.echo(f"{person.name} is ignored from now on; visitorctl unignore takes it back.")


@click.command()
@click.argument("who", type=WHO)
def unignore(who: str) -> None:
    """Let an ignored person count again."""
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        people.unignore(cursor, person)
    click.echo(f"{person.name} counts again.")


@click.command()
@click.argument("who", type=WHO)
@yes_option
def forget(who: str, yes: bool) -> None:
    """Erase a person: everything seen, learnt and kept of them, on every box.

    It cannot be undone.  Backups made before still hold them.  Whoever comes again is a new
    visitor.
    """
    opened = database()
    with opened.transaction() as cursor:
        person = people.find(cursor, who)
        about = visitors.detail(cursor, person.visitor_id)
    named = person.label if person.name == person.label else f"{person.name} ({person.label})"
    counts = f"{about.visits} visits, {about.sightings} sightings, {about.templates} template(s)"
    what = f"{counts} and all pictures of them"
    confirm(f"Erase {named} for good, with {what}?", yes)
    with opened.transaction() as cursor:
        erased = erasure.forget(cursor, person)
    gone = f"{named} is forgotten: {erased.sightings} sightings and {len(erased.crops)} pictures are gone."
    click.echo(gone + clear_up(config(), erased))
