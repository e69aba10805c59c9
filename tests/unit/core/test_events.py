"""Ids of events."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from visitord.core.events import EventKind, event_id

VISIT = UUID(int=7)


def test_an_event_has_the_same_id_however_often_it_is_told() -> None:
    first = event_id(EventKind.ARRIVAL, VISIT)
    assert first == event_id(EventKind.ARRIVAL, UUID(int=7))
    assert first == UUID("552bdb0b-e441-5d34-942a-fddb3ea7652d")


def test_events_of_other_kinds_and_of_something_else_have_other_ids() -> None:
    ids = {
        event_id(EventKind.ARRIVAL, VISIT),
        event_id(EventKind.DEPARTURE, VISIT),
        event_id(EventKind.ARRIVAL, UUID(int=8)),
        event_id(EventKind.MERGED, VISIT, True),
        event_id(EventKind.MERGED, VISIT, False),
        event_id(EventKind.CAMERA, "main", "door"),
        event_id(EventKind.CAMERA, "maindoor", ""),
    }
    assert len(ids) == 7


def test_an_instant_is_the_same_in_any_time_zone() -> None:
    here = datetime(2026, 1, 5, 9, tzinfo=UTC)
    there = here.astimezone(timezone(timedelta(hours=1)))
    assert event_id(EventKind.CAMERA, here) == event_id(EventKind.CAMERA, there)
