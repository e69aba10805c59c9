"""Gives people names."""

from dataclasses import dataclass

from visitord.store import people
from visitord.store.database import Database
from visitord.store.people import Person


@dataclass(frozen=True, slots=True)
class Renamed:
    """A person as called before, the name as it is kept, and who else has it."""

    person: Person
    name: str
    namesakes: tuple[Person, ...]


def rename(database: Database, who: str, name: str) -> Renamed:
    """Give a person a name; whether others of that name are the same person is left to people.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    who : str
        Anything that names a person.
    name : str
        Becomes theirs, with its white space tidied.

    Raises
    ------
    NotFoundError
        For nobody, or more than one.
    VisitordError
        For what cannot be a name.
    """
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        kept = people.rename(cursor, person, name)
        called = people.called(cursor, kept)

    namesakes = tuple(other for other in called if other.visitor_id != person.visitor_id)
    return Renamed(person, kept, namesakes)


def clear(database: Database, who: str) -> Person:
    """Take a person's name away; returns them as they were called.

    Raises
    ------
    NotFoundError
        For nobody, or more than one.
    VisitordError
        For somebody who has no name.
    """
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        people.clear_name(cursor, person)
    return person
