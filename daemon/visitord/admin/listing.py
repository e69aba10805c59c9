"""Lists who came, when and how often; each function reads in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from visitord.store import (
    cameras,
    event_log,
    people,
    sighting_log,
    totals,
    visit_log,
    visitors,
)
from visitord.store.cameras import CameraState
from visitord.store.database import Database
from visitord.store.event_log import EventTotals
from visitord.store.remaining import Remaining, remaining
from visitord.store.sighting_log import LoggedSighting
from visitord.store.totals import Totals
from visitord.store.visit_log import FootfallRow, Visit
from visitord.store.visitors import FrequentVisitor, Visitor
from visitord.store.window import Window

Exported = Literal["visits", "visitors", "sightings"]
EXPORTED: dict[Exported, type[Visit | Visitor | LoggedSighting]] = {
    "visits": Visit,
    "visitors": Visitor,
    "sightings": LoggedSighting,
}
"""What can be exported, and the records that it consists of."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the cameras of all boxes are, how much is stored, and what erasures still wait for.

    events: how many are kept, and who waits for some.
    """

    cameras: list[CameraState]
    totals: Totals
    remaining: list[Remaining]
    events: EventTotals


def list_visitors(
    database: Database, window: Window, status: str | None = None, unnamed: bool = False
) -> list[Visitor]:
    """People seen within a window, last first; of one status, or without a name, if so wanted."""
    with database.transaction() as cursor:
        return visitors.visitors(cursor, window, status, unnamed)


def list_frequent(
    database: Database, window: Window, status: str | None = None, unnamed: bool = False
) -> list[FrequentVisitor]:
    """Who came to a site, or anywhere, more than once within 30 days, most often first."""
    with database.transaction() as cursor:
        return visitors.frequent(cursor, window, status, unnamed)


def list_visits(database: Database, window: Window, who: str | None = None) -> list[Visit]:
    """The visits within a window in order of time, of everyone or of one person."""
    with database.transaction() as cursor:
        visitor_id = people.find(cursor, who).visitor_id if who else None
        return visit_log.visits(cursor, window, visitor_id)


def count_visits(
    database: Database, window: Window, by: Literal["day", "hour"]
) -> list[FootfallRow]:
    """How many arrived within a window, by local day or by hour of the day."""
    with database.transaction() as cursor:
        return visit_log.footfall(cursor, window, by)


def export(
    database: Database, what: Exported, window: Window
) -> Sequence[Visit | Visitor | LoggedSighting]:
    """Everything of a kind within a window."""
    with database.transaction() as cursor:
        if what == "visits":
            return visit_log.visits(cursor, window)
        if what == "visitors":
            return visitors.visitors(cursor, window)
        return sighting_log.logged(cursor, window)


def status(database: Database) -> Status:
    """How the system is."""
    with database.transaction() as cursor:
        return Status(
            cameras.states(cursor),
            totals.totals(cursor),
            remaining(cursor),
            event_log.totals(cursor),
        )
