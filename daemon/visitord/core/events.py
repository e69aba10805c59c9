"""What is told of what happens."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

_NAMESPACE = uuid5(NAMESPACE_URL, "visitord:event")


class EventKind(StrEnum):
    """What an event is about."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    UNIDENTIFIED = "unidentified"
    RENAMED = "renamed"
    MERGED = "merged"
    CAMERA = "camera"


def event_id(kind: EventKind, *what: object) -> UUID:
    """The id of an event, the same however often it is told.

    Parameters
    ----------
    kind : EventKind
        What it is about.
    *what : UUID, str, bool or datetime
        What happened: the visit, the merge, the change.  Instants are the same in any time zone.
    """
    parts = [one.astimezone(UTC).isoformat() if isinstance(one, datetime) else one for one in what]
    return uuid5(_NAMESPACE, "\0".join(map(str, (kind, *parts))))
