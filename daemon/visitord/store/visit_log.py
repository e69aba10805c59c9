"""Lists visits, and counts them by day or hour."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.window import Window

_SQL = statements.load("visit_log")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit; the names of its fields are the keys of the JSON that `visitorctl visits` prints.

    identity, visitor_id, name: who, None for somebody who could not be identified.  camera: the
    first of `cameras`.  timezone: of the site.  called: the name, with the label where several
    people have it.  groups: those the person is in now.
    """

    visit_id: UUID
    identity: UUID | None
    name: str | None
    status: str
    camera: str
    cameras: list[str]
    started_at: datetime
    ended_at: datetime
    duration_s: float
    sightings: int
    visitor_id: UUID | None
    site: str
    timezone: str
    called: str | None
    groups: list[str]


@dataclass(frozen=True, slots=True)
class FootfallRow:
    """Who arrived at a site on a local day or in a local hour.

    visits: `identified` and `unidentified` ones, of which the former are of so many `visitors`.
    share_identified: 0 to 1, None where nobody came.  bar: `visits` as at most 40 blocks.
    """

    site: str
    arrived: str
    visits: int
    visitors: int
    identified: int
    unidentified: int
    share_identified: float | None
    bar: str


def visits(
    cursor: Cursor, window: Window | None = None, visitor_id: UUID | None = None
) -> list[Visit]:
    """The visits within a window, in order of time.

    Parameters
    ----------
    cursor : of an open transaction
    window : None: all there are
    visitor_id : of this person alone
    """
    values = {**asdict(window or Window()), "visitor": visitor_id}
    return statements.fetch_all(cursor, Visit, _SQL["visits"], values)


def footfall(cursor: Cursor, window: Window, by: Literal["day", "hour"]) -> list[FootfallRow]:
    """How many came within a window, also on the days and in the hours in which nobody did.

    Parameters
    ----------
    cursor : of an open transaction
    window : about when they arrived
    by : the local day, or the local hour of any day
    """
    return statements.fetch_all(cursor, FootfallRow, _SQL["footfall"], {**asdict(window), "by": by})
