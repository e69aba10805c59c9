"""Who is here, as far as this process has seen: where a visit begins without asking the database."""

from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.records import TrackReport

KEPT_MAX = 10_000  # people, before those who left are forgotten


class Presence:
    """Owned by the recorder's thread.  gap: an absence longer than this ends a visit."""

    def __init__(self, gap: timedelta) -> None:
        self._gap = gap
        self._seen: dict[UUID, datetime] = {}  # the end of each person's last sighting

    def saw(self, person: UUID, report: TrackReport) -> bool:
        """Note that a person was seen; returns whether a visit begins."""
        last = self._seen.get(person)
        self._seen[person] = max(last or report.ended_at, report.ended_at)
        if len(self._seen) > KEPT_MAX:
            here_since = report.ended_at - self._gap
            self._seen = {p: end for p, end in self._seen.items() if end >= here_since}
        return last is None or report.started_at - last > self._gap
