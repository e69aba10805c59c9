"""How much is stored."""

from dataclasses import dataclass

from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("totals")


@dataclass(frozen=True, slots=True)
class Totals:
    """How many there are.

    unidentified: of the visits, by people without an identity.  pending: of the sightings.
    present: people here now.
    """

    visitors: int
    visits: int
    unidentified: int
    sightings: int
    pending: int
    present: int


def totals(cursor: Cursor) -> Totals:
    """What the database holds."""
    (found,) = statements.fetch_all(cursor, Totals, _SQL["totals"])
    return found
