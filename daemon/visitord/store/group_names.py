"""What groups are called: finds one by what a person types, and says what a name may be."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from visitord.core.errors import NotFoundError, VisitordError
from visitord.core.near_names import did_you_mean
from visitord.core.text import unseen
from visitord.core.values import NAME_MAX, valid_name
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.people import tidied

_SQL = statements.load("group_names")


@dataclass(frozen=True, slots=True)
class Group:
    """Some people; name: as it is kept."""

    group_id: UUID
    name: str


def proper(name: str) -> str:
    """The name of a group as it is kept; raises VisitordError for what cannot be one."""
    text = tidied(name)
    if not valid_name(text) or unseen(text):
        raise VisitordError(
            f"The name of a group has 1 to {NAME_MAX} visible characters, none of them a slash."
        )
    return text


def names(cursor: Cursor) -> list[str]:
    """The names of all groups."""
    return statements.fetch_column(cursor, _SQL["names"])


def find(cursor: Cursor, name: str) -> Group:
    """The group of a name, whatever case; raises NotFoundError, listing the near ones."""
    found = called(cursor, name)
    if found is None:
        raise unknown(name, names(cursor))
    return found


def spelt(cursor: Cursor, wanted: Iterable[str], configured: Iterable[str] = ()) -> list[str]:
    """The names of groups as they are kept, for a listing.

    Parameters
    ----------
    cursor : of an open transaction
    wanted : as a person typed them
    configured : groups that count as known before anybody is in them

    Raises
    ------
    NotFoundError
        for a group that is not known, listing the near ones
    """
    named = list(wanted)
    if not named:
        return []

    kept = {name.lower(): name for name in (*configured, *names(cursor))}
    for name in named:
        if tidied(name).lower() not in kept:
            raise unknown(name, kept.values())
    return [kept[tidied(name).lower()] for name in named]


def unknown(name: str, known: Iterable[str]) -> NotFoundError:
    """The error for a group that there is not."""
    listed = sorted(known)
    meant = did_you_mean(name, listed)
    if meant:
        return NotFoundError(f'There is no group "{name}"; {meant}?')
    if not listed:
        return NotFoundError(
            f'There is no group "{name}"; none was made yet.',
            advice="visitorctl group add makes one.",
        )
    return NotFoundError(f'There is no group "{name}"; there are: {", ".join(listed)}.')


def called(cursor: Cursor, name: str) -> Group | None:
    """The group of a name, whatever case; None where there is none."""
    return statements.fetch_one(cursor, Group, _SQL["find"], {"name": tidied(name)})
