"""Tells what happens: each event is written in the transaction of what it tells of.

A trigger numbers events when that transaction commits, in the order of the commits: whoever has
read up to a number has missed nothing.  Ids are made from what happened, so telling it twice is
harmless.  Ignored people make no events, and neither does what a replay of recorded footage brings.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from visitord.core.events import EventKind, event_id
from visitord.store import statements
from visitord.store.database import Cursor

# An open track is decided after 15 s at most, and carried on every 10 s.  By then whoever was seen
# badly for a moment may be known: a piece of somebody's track, which is no visit; and who came back
# just before the gap had passed is written.
SETTLES_WITHIN = timedelta(seconds=30)
SWEEP_BATCH = 1000  # of what is told in one transaction
_SQL = statements.load("events")


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody has left.

    duration: of the visit that is over, None where it turned out to be none.  late: whether that
    is told long after it could have been.
    """

    name: str
    site: str
    duration: timedelta | None
    late: bool


@dataclass(frozen=True, slots=True)
class CameraChange:
    """A camera is in another state since then; reason: why."""

    site: str
    box: str
    camera: str
    at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """How many events were deleted; undelivered: counted once for each receiver without them."""

    events: int
    undelivered: int


@dataclass(frozen=True, slots=True)
class _Leaving:
    visit_id: UUID
    visitor_id: UUID
    name: str
    site: str
    ignored: bool
    part_of: UUID | None
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def duration(self) -> timedelta | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


# Who comes and goes


def arrived(cursor: Cursor, visit_id: UUID) -> None:
    """A visit of somebody who is not ignored begins; they stay locked until the transaction ends.

    It is `late` if it was over when it was written.
    """
    values = {"event_id": event_id(EventKind.ARRIVAL, visit_id), "visit": visit_id}
    cursor.execute(_SQL["arrival"], values)


def await_visit(cursor: Cursor, sighting_id: UUID) -> None:
    """A new sighting has no identity: `tell_unidentified` will see whether it begins a visit."""
    cursor.execute(_SQL["await_visit"], {"sighting": sighting_id})


def tell_departures(cursor: Cursor, now: datetime) -> list[Departure]:
    """Tell of everyone who was told to have arrived that they left.

    Their gap has passed by then, and `SETTLES_WITHIN`.  Each is told once, by whichever box comes
    first.  Those who arrived twice and turned out to be one person leave once.

    Parameters
    ----------
    cursor : of an open transaction
    now : by the database's clock

    Returns
    -------
    Those told now, who left first first.
    """
    values = {"now": now, "settles": SETTLES_WITHIN, "most": SWEEP_BATCH}
    leaving = statements.fetch_all(cursor, _Leaving, _SQL["leaving"], values)

    departures = []
    for one in leaving:
        if one.ignored:
            continue
        told = {
            "event_id": event_id(EventKind.DEPARTURE, one.part_of or one.visit_id),
            "visit": one.visit_id,
            "visitor": one.visitor_id,
            "part_of": one.part_of,
            "site": one.site,
            "now": now,
            "settles": SETTLES_WITHIN,
        }
        late = statements.fetch_value(cursor, _SQL["departure"], told)
        if late is not None:
            departures.append(Departure(one.name, one.site, one.duration, late))

    if leaving:
        cursor.execute(_SQL["left"], {"visits": [one.visit_id for one in leaving]})
    return departures


def tell_unidentified(cursor: Cursor, now: datetime) -> int:
    """Tell of visits by people who could not be identified, `SETTLES_WITHIN` after they began.

    Parameters
    ----------
    cursor : of an open transaction
    now : by the database's clock

    Returns
    -------
    How many are told now.
    """
    values = {"now": now, "settles": SETTLES_WITHIN, "most": SWEEP_BATCH}
    due = statements.fetch_column(cursor, _SQL["due"], values)

    told = 0
    for visit_id in due:
        unidentified = {
            "event_id": event_id(EventKind.UNIDENTIFIED, visit_id),
            "visit": visit_id,
            "now": now,
            "settles": SETTLES_WITHIN,
        }
        cursor.execute(_SQL["unidentified"], unidentified)
        told += cursor.rowcount

    if due:
        cursor.execute(_SQL["not_due"], {"visits": due})
    return told


# Who is who


def renamed(cursor: Cursor, visitor_id: UUID, before: str) -> None:
    """Somebody is called otherwise than `before`: by a name, or by their label again."""
    values = {
        "event_id": event_id(EventKind.RENAMED, uuid4()),  # the same name may be given again
        "visitor": visitor_id,
        "before": before,
    }
    cursor.execute(_SQL["renamed"], values)


def merged(
    cursor: Cursor, merge_id: UUID, kept: UUID, merged_id: UUID, *, undone: bool = False
) -> None:
    """Two identities are one; undone: that was taken back."""
    values = {
        "event_id": event_id(EventKind.MERGED, merge_id, undone),
        "kept": kept,
        "merged": merged_id,
        "undone": undone,
    }
    cursor.execute(_SQL["merged"], values)


# How cameras are


def camera_changed(cursor: Cursor, change: CameraChange) -> None:
    """A camera is in another state."""
    made_of = (change.site, change.camera, change.at, change.state)
    values = {
        "event_id": event_id(EventKind.CAMERA, *made_of),
        "at": change.at,
        "site": change.site,
        "box": change.box,
        "camera": change.camera,
        "state": change.state,
        "reason": change.reason,
    }
    cursor.execute(_SQL["camera"], values)


# In time


def give_up(cursor: Cursor, before: datetime, most: int) -> GivenUp:
    """Delete events told before then, at most so many, the oldest first.

    What receivers did not have of them is counted as lost to each.
    """
    values = {"before": before, "most": most}
    gone = statements.fetch_one(cursor, GivenUp, _SQL["give_up"], values)
    assert gone  # noqa: S101 - counts are one row
    return gone
