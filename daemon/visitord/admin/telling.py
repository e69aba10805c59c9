"""What was told, and what is told from now on."""

from collections.abc import Collection, Iterator

from visitord.core.errors import DatabaseUnavailableError
from visitord.core.events import EventKind
from visitord.store import event_log
from visitord.store.database import Database
from visitord.store.event_log import Event
from visitord.store.window import Window

BATCH = 1000  # events that are read at once


def list_events(
    database: Database, window: Window, kinds: Collection[EventKind] = ()
) -> list[Event]:
    """What was told of a window, in the order in which it was told; of these kinds, or of all."""
    with database.transaction() as cursor:
        return event_log.events(cursor, window, kinds)


def follow(
    database: Database, window: Window, kinds: Collection[EventKind] = ()
) -> Iterator[list[Event]]:
    """What was told of a window, then each time it is asked what was told since; without an end.

    Without `window.since` it begins with what is told next.  While the database is away nothing
    comes, and nothing is missed.

    Parameters
    ----------
    database : Database
        Read in a transaction each time.
    window : Window
        About when it happened, and where.
    kinds : collection of EventKind
        Only these; empty: all.

    Raises
    ------
    DatabaseError
        Where the database does not answer the first time, or never will.
    """
    with database.transaction() as cursor:
        seen = 0 if window.since else event_log.last(cursor)

    while True:
        try:
            with database.transaction() as cursor:
                found = event_log.events(cursor, window, kinds, after=seen, most=BATCH)
        except DatabaseUnavailableError:
            found = []
        if found:
            seen = found[-1].sequence
        yield found
