"""Groups of people, such as the staff: made, filled, and taken apart.

Each function is one transaction.  All raise NotFoundError for a group or a person that there is
not, and VisitordError for what makes no sense.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from visitord.admin.author import Author
from visitord.core.clock import Clock
from visitord.core.near_names import did_you_mean
from visitord.store import group_names, groups, people
from visitord.store.database import Database
from visitord.store.groups import ListedGroup, Member
from visitord.store.people import Person


@dataclass(frozen=True, slots=True)
class Added:
    """Who is in a group now.

    added: they were not before.  already: they were.  is_new: the group was made for them.  near: a
    group of a similar name, in words, where one was made.
    """

    group: str
    added: tuple[Person, ...]
    already: tuple[Person, ...]
    is_new: bool
    near: str | None


@dataclass(frozen=True, slots=True)
class Removed:
    """Who is in a group no more."""

    group: str
    people: tuple[Person, ...]


def add(database: Database, name: str, who: Sequence[str], author: Author, clock: Clock) -> Added:
    """Put people into a group, which is made if there is none of that name.

    Parameters
    ----------
    database : Database
        Changed in one transaction: all of them, or none.
    name : str
        The group, whatever case.
    who : sequence of str
        Anything that names a person, each.
    author, clock
        Kept with it.
    """
    with database.transaction() as cursor:
        named = _named(people.find(cursor, one) for one in who)
        others = group_names.names(cursor)
        group, is_new = groups.make(cursor, name, author.by, clock.now())
        added = tuple(
            person for person in named if groups.add(cursor, group, person, author.by, clock.now())
        )

    already = tuple(person for person in named if person not in added)
    near = did_you_mean(group.name, others) if is_new else None
    return Added(group.name, added, already, is_new, near)


def remove(
    database: Database, name: str, who: Sequence[str], author: Author, clock: Clock
) -> Removed:
    """Take people out of a group; the group stays, also without anybody in it.

    The parameters are those of `add`.
    """
    with database.transaction() as cursor:
        group = group_names.find(cursor, name)
        named = _named(people.find(cursor, one) for one in who)
        for person in named:
            groups.remove(cursor, group, person, author.by, clock.now())
    return Removed(group.name, named)


def rename(database: Database, name: str, new_name: str) -> tuple[str, str]:
    """Give a group another name; returns the name it had, and the new one as it is kept."""
    with database.transaction() as cursor:
        group = group_names.find(cursor, name)
        return group.name, groups.rename(cursor, group, new_name)


def find(database: Database, name: str) -> ListedGroup:
    """One group."""
    with database.transaction() as cursor:
        group = group_names.find(cursor, name)
        (found,) = [one for one in groups.listed(cursor) if one.name == group.name]
    return found


def delete(database: Database, name: str) -> str:
    """Delete a group; nobody is in it any more.  Returns what it was called."""
    with database.transaction() as cursor:
        group = group_names.find(cursor, name)
        groups.delete(cursor, group)
    return group.name


def listed(database: Database) -> list[ListedGroup]:
    """All groups, by name."""
    with database.transaction() as cursor:
        return groups.listed(cursor)


def members(database: Database, name: str) -> list[Member]:
    """Who is in a group, those seen last first."""
    with database.transaction() as cursor:
        return groups.members(cursor, group_names.find(cursor, name))


def _named(found: Iterable[Person]) -> tuple[Person, ...]:
    """Each person once, in the order they were named."""
    return tuple({person.visitor_id: person for person in found}.values())
