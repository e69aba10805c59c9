"""Time, passed in wherever it is needed so that tests and replays can move it."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clocks; a test has a subclass or a stand-in that it moves."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; only differences mean anything."""
        return time.monotonic()


def aware(moment: datetime) -> datetime:
    """`moment` in UTC; raises ValueError for a naive datetime, whose instant nobody can know."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; add an offset such as +00:00")
    return moment.astimezone(UTC)
