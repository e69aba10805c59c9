"""Lists what was told, and what comes after it."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from visitord.core.events import EventKind
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.window import Window

_SQL = statements.load("event_log")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; the names of its fields are the keys of the JSON that is printed.

    sequence: its place in the order.  picture: name of the face picture of the visit's first
    sighting, None where there is none any more.  Columns of the view `event_log` else.
    """

    event_id: UUID
    sequence: int
    kind: str
    at: datetime
    told_at: datetime
    late: bool
    site: str | None
    box: str | None
    camera: str | None
    visitor_id: UUID | None
    name: str | None
    label: str | None
    status: str | None
    visit_id: UUID | None
    first_time: bool | None
    score: float | None
    duration_s: float | None
    picture: str | None
    other_visitor_id: UUID | None
    other_name: str | None
    undone: bool | None
    state: str | None
    reason: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True)
class EventTotals:
    """How many events are kept, and for each receiver how many it waits for and has lost."""

    kept: int
    receivers: list[dict[str, str | int]]


def events(
    cursor: Cursor,
    window: Window | None = None,
    kinds: Collection[EventKind] = (),
    *,
    after: int = 0,
    most: int | None = None,
) -> list[Event]:
    """What was told, in order.

    Parameters
    ----------
    cursor : of an open transaction
    window : about when it happened, and where; what is of no site is of every one
    kinds : only these; empty: all
    after : only what was told after that number
    most : how many at once; None: all
    """
    values = {
        **asdict(window or Window()),
        "kinds": [kind.value for kind in kinds],
        "after": after,
        "most": most,
    }
    return statements.fetch_all(cursor, Event, _SQL["events"], values)


def last(cursor: Cursor) -> int:
    """The number of what was told last, 0 where nothing was."""
    return int(statements.fetch_value(cursor, _SQL["last"]))


def totals(cursor: Cursor) -> EventTotals:
    """How much is kept, and for whom."""
    (found,) = statements.fetch_all(cursor, EventTotals, _SQL["totals"])
    return found
