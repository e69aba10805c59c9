"""When a person came: a row for each day, a bar for each visit, along the 24 hours of the clock."""

from collections.abc import Iterator, Sequence
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
    """The days of visits given by start and end in local time, newest first.

    A visit past midnight is on both days.
    """
    found: dict[date, list[Bar]] = {}
    for start, end in sorted(visits):
        for day in _days_between(start.date(), end.date()):
            found.setdefault(day, []).append(_bar(day, start, end))
    return sorted(found.items(), reverse=True)


def _days_between(first: date, last: date) -> Iterator[date]:
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def _bar(day: date, start: datetime, end: datetime) -> Bar:
    """The part of a visit that lies on a day."""
    left = _minute(start) if day == start.date() else 0
    right = _minute(end) if day == end.date() else DAY_MIN
    width = max(BAR_MIN, right - left)  # also where the clock was set back meanwhile
    return Bar(min(left, DAY_MIN - width), width, f"{start:%H:%M} to {end:%H:%M}")


def _minute(moment: datetime) -> int:
    """Of its day."""
    return moment.hour * 60 + moment.minute
