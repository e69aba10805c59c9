"""A person's visits as the page lists them: when, how long, where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from visitord.store.visit_log import Visit

MINUTE_S = 60
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """A visit in words.

    start: by the clocks of its site.  zone: their time zone, where the hour alone does not say when
    it was; else empty.  length: how long it lasted.  cameras: those that saw the person.
    """

    start: datetime
    zone: str
    length: str
    site: str
    cameras: str


def shown(visits: Sequence[Visit], zone: str) -> list[ShownVisit]:
    """Visits, the newest first, for a page whose times are those of `zone`."""
    found = []
    for visit in sorted(visits, key=lambda visit: visit.started_at, reverse=True):
        start = visit.started_at.astimezone(ZoneInfo(visit.timezone))
        told = start.tzname() if visit.timezone != zone or _comes_twice(start) else ""
        cameras = ", ".join(visit.cameras)
        found.append(ShownVisit(start, told or "", in_words(visit.duration_s), visit.site, cameras))
    return found


def _comes_twice(moment: datetime) -> bool:
    """Whether the clocks show this time twice on this day, for they are set back."""
    other = moment.replace(fold=1 - moment.fold)
    return moment.utcoffset() != other.utcoffset()


def in_words(length_s: float) -> str:
    """A length of time: in seconds, minutes, or hours and minutes."""
    if length_s < MINUTE_S:
        return f"{round(length_s)} s"
    minutes = round(length_s / MINUTE_S)
    if length_s < HOUR_S:
        return f"{minutes} min"
    hours, rest = divmod(timedelta(minutes=minutes), timedelta(hours=1))
    rest_min = rest // timedelta(minutes=1)
    return f"{hours} h {rest_min} min" if rest_min else f"{hours} h"
