"""What is known of one person."""

from dataclasses import dataclass
from datetime import timedelta

from visitord.store import people, sighting_log, visit_log, visitors
from visitord.store.database import Database
from visitord.store.sighting_log import SightingDetail
from visitord.store.visit_log import Visit
from visitord.store.visitors import PersonDetail
from visitord.store.window import Window


@dataclass(frozen=True, slots=True)
class PersonReport:
    """A person, their visits in order of time, and their latest sightings."""

    about: PersonDetail
    visits: list[Visit]
    sightings: list[SightingDetail]


def find(database: Database, who: str) -> PersonDetail:
    """One person, by anything that names them; raises NotFoundError for none, or several."""
    with database.transaction() as cursor:
        return visitors.detail(cursor, people.find(cursor, who).visitor_id)


def describe(
    database: Database, who: str, sightings_max: int, visits_within: timedelta | None = None
) -> PersonReport:
    """Everything about one person.

    Parameters
    ----------
    database : Database
        Read in one transaction.
    who : str
        Anything that names a person, or somebody merged into them.
    sightings_max : int
        How many of the latest.
    visits_within : timedelta
        Before they were last seen; by default all.

    Raises
    ------
    NotFoundError
        For nobody, or more than one.
    """
    with database.transaction() as cursor:
        about = visitors.detail(cursor, people.find(cursor, who).visitor_id)

        window = Window()
        if visits_within is not None and about.last_seen is not None:
            window = Window(since=about.last_seen - visits_within)
        visits = visit_log.visits(cursor, window, about.visitor_id)

        sightings = sighting_log.of_person(cursor, about.visitor_id, sightings_max)
    return PersonReport(about, visits, sightings)
