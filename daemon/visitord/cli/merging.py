"""visitorctl merge, undo, split and reject: who is who, and who is not."""

import click

from visitord.admin import merging
from visitord.admin.author import Author
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect
from visitord.cli.listing import show
from visitord.cli.options import format_option, why_option
from visitord.cli.saying import say
from visitord.core.clock import Clock
from visitord.store.merges import MergeInForce


@click.command()
@click.argument("keep", type=WHO)
@click.argument("other", type=WHO)
@why_option
def merge(keep: str, other: str, why: str) -> None:
    """Say that OTHER is the same person as KEEP.

    KEEP's name and id stay; OTHER's label and id lead there from now on.  visitorctl undo takes it
    back.
    """
    done = merging.merge(connect(), keep, other, Author.here(why), Clock())
    if done.merged.name == done.kept.name:
        say(f"{done.merged.label} is now part of {done.kept.label}.")
    else:
        say(f"{done.merged.name} is now part of {done.kept.name}.")


@click.command()
@click.argument("merge", required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list."
)
@why_option
@format_option
def undo(merge: str | None, limit: int, why: str, form: str) -> None:
    """Take back MERGE, or list the merges that can be.

    Everything is as it was before, and no job will merge the two again.
    """
    database = connect()
    if merge is not None:
        done = merging.undo(database, merge, Author.here(why), Clock())
        return say(f"{done.merged.name} stands apart from {done.kept.name} again.")

    found = merging.merges_in_force(database, limit)
    columns = ("merge_id", "kept", "merged", "by", "reason", "merged_at")
    return show(found, form, "No merge is in force.", columns, MergeInForce)


@click.command()
@click.argument("who", type=WHO)
@click.option(
    "--sightings", multiple=True, required=True, metavar="ID…", help="Those that are somebody else."
)
@click.argument("more", nargs=-1, metavar="")
@why_option
def split(who: str, sightings: tuple[str, ...], more: tuple[str, ...], why: str) -> None:
    """Say that some sightings of WHO are somebody else: they become a new identity.

    visitorctl show WHO lists the sightings; the first 8 characters of an id are enough.
    """
    done = merging.split(connect(), who, (*sightings, *more), Author.here(why), Clock())
    say(f"{done.sightings} sightings of {done.person.name} are now {done.new.name}.")


@click.command()
@click.argument("one", type=WHO)
@click.argument("other", type=WHO)
@why_option
def reject(one: str, other: str, why: str) -> None:
    """Say that ONE and OTHER are two people: no job will merge them."""
    apart = merging.reject(connect(), one, other, Author.here(why), Clock())
    say(f"{apart.one.name} and {apart.other.name} stay two people.")
