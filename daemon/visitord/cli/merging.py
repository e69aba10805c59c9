"""visitorctl merge, undo, split and reject: who is who, and who is not."""

import click

from visitord.admin import merging
from visitord.admin.author import Author
from visitord.admin.merging import Merged
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect
from visitord.cli.listing import show
from visitord.cli.options import confirm_or_warn, format_option, why_option, yes_option
from visitord.cli.saying import say
from visitord.cli.values import ID_SHOWN
from visitord.core.clock import Clock
from visitord.store.corrections import Rejection
from visitord.store.merges import MergeInForce


@click.command()
@click.argument("keep", type=WHO)
@click.argument("other", type=WHO)
@why_option
@yes_option
def merge(keep: str, other: str, why: str, yes: bool) -> None:
    """Say that OTHER is the same person as KEEP.

    KEEP's name and id stay; OTHER's label and id lead there from now on.  At a terminal you are
    asked first where they were said to be two, or were in one picture; else it is said.
    """
    database = connect()
    author = Author.here(why)
    try:
        done = merging.merge(database, keep, other, author, Clock(), certain=yes)
    except merging.ContradictedError as error:
        confirm_or_warn(error.fact, "Merge them all the same?", yes)
        done = merging.merge(database, keep, other, author, Clock(), certain=True)

    say(merge_in_words(done))


def merge_in_words(done: Merged) -> str:
    """What a merge made of two people, and how it is taken back."""
    command = f"visitorctl undo {str(done.merge_id)[:ID_SHOWN]}"
    return f"{done.merged.name} is now part of {done.kept.name}; to take it back: {command}"


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
@click.argument("one", type=WHO, required=False)
@click.argument("other", type=WHO, required=False)
@click.option("--list", "listed", is_flag=True, help="List the pairs of whom it was said.")
@click.option("--withdraw", is_flag=True, help="Take it back: jobs may merge the two again.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many to list."
)
@why_option
@format_option
def reject(
    one: str | None,
    other: str | None,
    listed: bool,
    withdraw: bool,
    limit: int,
    why: str,
    form: str,
) -> None:
    """Say that ONE and OTHER are two people: no job will merge them."""
    if listed:
        if one is not None or withdraw:
            raise click.UsageError("--list shows all pairs; leave out the rest.")
        columns = ("name", "other_name", "by", "reason", "rejected_at")
        empty = "Of no pair was it said that they are two people."
        return show(merging.rejections(connect(), limit), form, empty, columns, Rejection)

    if one is None or other is None:
        raise click.UsageError("Say of which two people, or --list.")
    if withdraw:
        apart = merging.withdraw(connect(), one, other)
        return say(f"{apart.one.name} and {apart.other.name} may be merged again.")
    apart = merging.reject(connect(), one, other, Author.here(why), Clock())
    return say(f"{apart.one.name} and {apart.other.name} stay two people.")
