"""When somebody came: a row for each day, a bar for each visit, along the 24 hours of the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

DAY_MIN = 1440
BAR_MIN = 12  # a shorter one could not be seen on a phone


@dataclass(frozen=True, slots=True)
class Bar:
    """Part of a visit on one day, in minutes of the clock; text: when it began and ended."""

    left_min: int
    width_min: int
    text: str


def days(visits: Sequence[tuple[datetime, datetime]]) -> list[tuple[date, list[Bar]]]:
    """The days of visits given by start and end in local time, newest first; one past midnight is
    on both days.
    """
    found: dict[date, list[Bar]] = {}
    for start, end in sorted(visits):
        for n in range((end.date() - start.date()).days + 1):
            day = start.date() + timedelta(days=n)
            left = start.hour * 60 + start.minute if day == start.date() else 0
            right = end.hour * 60 + end.minute if day == end.date() else DAY_MIN
            width = max(BAR_MIN, right - left)  # also where the clock was set back meanwhile
            bar = Bar(min(left, DAY_MIN - width), width, f"{start:%H:%M} to {end:%H:%M}")
            found.setdefault(day, []).append(bar)
    return sorted(found.items(), reverse=True)
