"""Time, passed in wherever it is needed so that tests and replays can move it."""

import time
from datetime import UTC, datetime

SET_S = 60.0  # a wall clock that is merely kept right moves by less between two looks


class Clock:
    """The machine's clocks; a test has a subclass or a stand-in that it moves."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC: by the wall clock, which may be set at any time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on the steady clock, which never jumps; only differences mean anything."""
        return time.monotonic()

    def since_boot(self) -> float:
        """Seconds on a steady clock that, like the wall clock, goes on while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    """Compares a wall clock with the steady one, from look to look.  Of one thread.

    Who deletes what is old asks it first: a wall clock that was set makes everything old, or was
    wrong when what is now old was made.
    """

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def set_by(self, now: datetime, t: float) -> float | None:
        """By how much the wall clock was set since the last look.

        Parameters
        ----------
        now
            What the wall clock says.
        t
            What the steady clock says that goes on in sleep, seconds: `Clock.since_boot`.

        Returns
        -------
        float or None
            Seconds, above zero where it was set forward; None at the first look.
        """
        last = self._last
        self._last = (now, t)
        if last is None:
            return None

        then, then_t = last
        return (now - then).total_seconds() - (t - then_t)


def aware(moment: datetime) -> datetime:
    """`moment` in UTC; raises ValueError for a naive datetime, whose instant nobody can know."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; add an offset such as +00:00")
    return moment.astimezone(UTC)
