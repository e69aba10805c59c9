"""Groups of people: which there are, and who is in them.

A membership is noted for the identity that stands for a person when it is said.  A person is in the
groups of all identities merged into theirs, so that a merge gives the kept one both people's groups
and its undoing gives each back what it had.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from visitord.core.errors import VisitordError
from visitord.store import identities, statements
from visitord.store.database import Cursor
from visitord.store.group_names import Group, called, find, proper
from visitord.store.people import Person

_SQL = statements.load("groups")


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group with how many people are in it; by: the account that made it."""

    name: str
    members: int
    by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group; by: the account that put them into it.

    site, timezone: where they were seen last; None where that is nowhere.
    """

    visitor_id: UUID
    name: str
    label: str
    status: str
    last_seen: datetime | None
    by: str
    added_at: datetime
    site: str | None
    timezone: str | None


def make(cursor: Cursor, name: str, by: str, now: datetime) -> tuple[Group, bool]:
    """The group of a name, made if there is none; and whether it was.

    Raises VisitordError for what cannot be a name.
    """
    text = proper(name)
    cursor.execute(_SQL["make"], {"id": uuid4(), "name": text, "by": by, "now": now})
    is_new = cursor.rowcount == 1
    return find(cursor, text), is_new


def add(cursor: Cursor, group: Group, person: Person, by: str, now: datetime) -> bool:
    """Put a person into a group; returns whether they were not in it before.

    Parameters
    ----------
    cursor : of an open transaction
    group, person : who to where
    by, now : the account that says so, and when

    Raises
    ------
    VisitordError
        if the person was merged, or the group deleted, meanwhile
    """
    identities.hold(cursor, [person.visitor_id])
    if statements.fetch_one(cursor, Group, _SQL["lock"], {"group": group.group_id}) is None:
        raise VisitordError(
            f"The group {group.name} was deleted by somebody else just now; look again and repeat."
        )

    values = {"person": person.visitor_id, "group": group.group_id, "by": by, "now": now}
    if statements.fetch_value(cursor, _SQL["is_member"], values):
        return False
    cursor.execute(_SQL["add"], values)
    return True


def remove(cursor: Cursor, group: Group, person: Person, by: str, now: datetime) -> None:
    """Take a person out of a group.

    Parameters
    ----------
    cursor : of an open transaction
    group, person : who from where
    by, now : the account that says so, and when

    Raises
    ------
    VisitordError
        if they are not in it, or were merged meanwhile
    """
    identities.hold(cursor, [person.visitor_id])
    values = {"person": person.visitor_id, "group": group.group_id, "by": by, "now": now}
    cursor.execute(_SQL["remove"], values)
    if not cursor.rowcount:
        raise VisitordError(
            f"{person.name} is not in {group.name}.",
            advice=f'visitorctl group list "{group.name}" shows who is.',
        )


def give_back(cursor: Cursor, root: UUID, merged_at: datetime) -> None:
    """Somebody stands for themselves again: what was taken from them since they did not, is theirs.

    Parameters
    ----------
    cursor : of an open transaction
    root : who was merged into somebody
    merged_at : when that was
    """
    cursor.execute(_SQL["give_back"], {"root": root, "since": merged_at})


def rename(cursor: Cursor, group: Group, name: str) -> str:
    """Give a group another name; returns it as kept.

    Raises VisitordError for what cannot be a name, or is the name of another group.
    """
    text = proper(name)
    other = called(cursor, text)
    if other is not None and other.group_id != group.group_id:
        raise VisitordError(f"There is a group {other.name} already; choose another name.")

    cursor.execute(_SQL["rename"], {"group": group.group_id, "name": text})
    return text


def delete(cursor: Cursor, group: Group) -> None:
    """Delete a group; the people who were in it stay."""
    cursor.execute(_SQL["delete"], {"group": group.group_id})


def listed(cursor: Cursor) -> list[ListedGroup]:
    """All groups, by name."""
    return statements.fetch_all(cursor, ListedGroup, _SQL["listed"])


def members(cursor: Cursor, group: Group) -> list[Member]:
    """Who is in a group, those seen last first."""
    return statements.fetch_all(cursor, Member, _SQL["members"], {"name": group.name})
