"""visitorctl group: groups of people, such as the staff."""

import click

from visitord.admin import grouping
from visitord.admin.author import Author
from visitord.cli.arguments import GROUP, WHO
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.deferred import examples
from visitord.cli.examples import EXAMPLES
from visitord.cli.listing import show
from visitord.cli.options import confirm, format_option, yes_option
from visitord.cli.program import Group
from visitord.cli.saying import listed, say
from visitord.core.clock import Clock
from visitord.store.groups import ListedGroup, Member
from visitord.store.people import Person

WHY = "said by a person"


@click.group(cls=Group)
def group() -> None:
    """Groups of people, such as the staff."""


@group.command("add", epilog=examples(EXAMPLES["group add"]))
@click.argument("name", metavar="GROUP", type=GROUP)
@click.argument("who", nargs=-1, required=True, type=WHO)
def add(name: str, who: tuple[str, ...]) -> None:
    """Put people into GROUP, which is made if there is none."""
    done = grouping.add(connect(), name, who, Author.here(WHY), Clock())
    if done.is_new:
        say(f"{done.group} is a new group{f'; {done.near}?' if done.near else '.'}")
    if done.added:
        say(f"{_listed(done.added)} now in {done.group}.")
    if done.already:
        say(f"{_listed(done.already)} in {done.group} already.")


@group.command("remove", epilog=examples(EXAMPLES["group remove"]))
@click.argument("name", metavar="GROUP", type=GROUP)
@click.argument("who", nargs=-1, required=True, type=WHO)
def remove(name: str, who: tuple[str, ...]) -> None:
    """Take people out of GROUP."""
    done = grouping.remove(connect(), name, who, Author.here(WHY), Clock())
    say(f"{_listed(done.people)} no more in {done.group}.")


@group.command("list", epilog=examples(EXAMPLES["group list"]))
@click.argument("name", metavar="[GROUP]", required=False, type=GROUP)
@format_option
def list_(name: str | None, form: str) -> None:
    """All groups, or who is in GROUP, those seen last first."""
    if name is None:
        empty = "There is no group; visitorctl group add makes one."
        return show(grouping.listed(connect()), form, empty, record=ListedGroup)

    columns = ("name", "label", "status", "last_seen", "by", "added_at", "visitor_id")
    return show(grouping.members(connect(), name), form, "Nobody is in it.", columns, Member)


@group.command("rename", epilog=examples(EXAMPLES["group rename"]))
@click.argument("name", metavar="GROUP", type=GROUP)
@click.argument("new_name", metavar="NAME")
def rename(name: str, new_name: str) -> None:
    """Give GROUP another name; who is in it stays."""
    before, kept = grouping.rename(connect(), name, new_name)
    say(f"{before} is now called {kept}.")
    _remind(before, f"is called {kept}")


@group.command("delete", epilog=examples(EXAMPLES["group delete"]))
@click.argument("name", metavar="GROUP", type=GROUP)
@yes_option
def delete(name: str, yes: bool) -> None:
    """Delete GROUP; the people who were in it stay."""
    database = connect()
    about = grouping.find(database, name)
    if about.members:
        people = "1 person is" if about.members == 1 else f"{about.members} people are"
        confirm(f"Delete {about.name}, in which {people}?", yes)

    deleted = grouping.delete(database, about.name)
    say(f"There is no group {deleted} any more.")
    _remind(deleted, "is no more")


def _remind(name: str, what: str) -> None:
    """Say so where the configuration names a group that there is not any more."""
    settings = config()
    if name.lower() in map(str.lower, settings.footfall.exclude_groups):
        say(f"Change footfall.exclude_groups in {settings.path}: {name} {what}.", err=True)


def _listed(people: tuple[Person, ...]) -> str:
    """Some people, as the beginning of a sentence."""
    names = listed([person.name for person in people])
    return f"{names} is" if len(people) == 1 else f"{names} are"
