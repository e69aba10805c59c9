"""Sightings nobody was found for, and a person's word on who they are.

Each function is one transaction and raises NotFoundError for what nothing, or more than one, is
called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from visitord.admin.author import Author
from visitord.core.errors import VisitordError
from visitord.store import people, unidentified
from visitord.store.database import Database
from visitord.store.people import Person
from visitord.store.unidentified import Unidentified
from visitord.store.window import Window


@dataclass(frozen=True, slots=True)
class Identified:
    """Whose so many sightings are now."""

    person: Person
    sightings: int


class InOnePictureError(VisitordError):
    """Sightings are to be filed under somebody who was in one picture with them."""


def waiting(database: Database, window: Window, limit: int) -> list[Unidentified]:
    """The sightings nobody was found for, the newest first, at most `limit`."""
    with database.transaction() as cursor:
        return unidentified.waiting(cursor, window, limit)


def meant(database: Database, sightings: Sequence[str]) -> list[UUID]:
    """Those that ids, or their first 8 characters, name; each must be one nobody was found for."""
    with database.transaction() as cursor:
        return unidentified.meant(cursor, sightings)


def assign(
    database: Database,
    sightings: Sequence[str],
    who: str,
    author: Author,
    *,
    certain: bool = False,
) -> Identified:
    """Sightings are of a known person.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    sightings : sequence of str
        Ids, or their first 8 characters.
    who : str
        Anything that names a person.
    author : Author
        Kept with it, as the reason.
    certain : bool
        Also where the person was in one picture with them.

    Raises
    ------
    InOnePictureError
        Where the person was, and the caller is not certain.
    """
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        ids = unidentified.meant(cursor, sightings)
        if not certain and unidentified.seen_with(cursor, ids, person):
            raise InOnePictureError(
                f"{person.name} was in one picture with this face: they are two people.",
                advice="say that you are certain to file it there all the same.",
            )
        unidentified.assign(cursor, ids, person, author.by, author.why)
    return Identified(person, len(ids))


def enrol(
    database: Database, sightings: Sequence[str], author: Author, name: str | None = None
) -> Identified:
    """Sightings are of somebody who is not known yet, from now on by this name if there is one."""
    with database.transaction() as cursor:
        ids = unidentified.meant(cursor, sightings)
        person = unidentified.enrol(cursor, ids, author.by, author.why)
        if name is not None:
            people.rename(cursor, person, name)
            person = people.find(cursor, str(person.visitor_id))
    return Identified(person, len(ids))
