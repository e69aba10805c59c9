"""People who are recognised, but do not count."""

from visitord.store import people
from visitord.store.database import Database
from visitord.store.people import Person


def ignore(database: Database, who: str) -> Person:
    """Leave a person out of reports and arrivals from now on; raises VisitordError."""
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        people.ignore(cursor, person)
    return person


def unignore(database: Database, who: str) -> Person:
    """Let a person count again; raises VisitordError for one who is not ignored."""
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        people.unignore(cursor, person)
    return person
