"""Times as cron writes them: minute, hour, day of the month, month, day of the week.

All of cron's meaning: Sunday is 0 and 7, days have names, and where both days are restricted either
will do.  In the night when clocks change, a time that is skipped comes when the clock goes on, and
one that is repeated comes once.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS = 5
_ANY = datetime(2000, 1, 1, tzinfo=UTC)


def check(text: str) -> None:
    """Raises ValueError, which says why, for what cron would not take or what never comes."""
    if len(text.split()) != FIELDS:
        raise ValueError("it has not five fields")
    try:
        times = CronSim(text, _ANY)
    except CronSimError as error:
        raise ValueError(str(error)) from None
    if next(times, None) is None:
        raise ValueError("there is no such day")


def next_time(text: str, after: datetime, zone: str) -> datetime:
    """The first instant after another one that fits.

    Parameters
    ----------
    text
        Five fields that `check` accepts.
    after
        Aware.
    zone
        Name of the time zone whose clock the fields mean.

    Returns
    -------
    datetime
        In that zone.
    """
    # In a repeated hour, the first that comes may lie in the hour before it.
    times = CronSim(text, after.astimezone(ZoneInfo(zone)))
    return next(time for time in times if time.astimezone(UTC) > after)
