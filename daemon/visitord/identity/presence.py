"""Who is here as far as this process has seen.

So arrivals are told of while the database is away too, and once.  A sighting that is decided while
it is away is guessed: taken from memory alone, and perhaps otherwise once it is written.  An
arrival that follows from it is announced ahead: the one that comes of writing it is not told again.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.records import Arrival, Template, TrackReport

KEPT_MAX = 10_000  # people, before those who left are forgotten


@dataclass(frozen=True, slots=True, eq=False)
class _Guess:
    """What was decided of a sighting from memory alone."""

    person: UUID | None  # it was filed under
    template_update: Template | None  # learnt from it


class Presence:
    """Owned by the recorder's thread.  gap: an absence longer than this ends a visit."""

    def __init__(self, gap: timedelta) -> None:
        self._gap = gap

        # The end of each person's last sighting.  Only those who left are ever dropped.
        self._seen: dict[UUID, datetime] = {}

        # What is in memory only: arrivals by person, guesses by sighting.  `forget` ends both.
        self._announced: dict[UUID, list[datetime]] = {}
        self._guesses: dict[UUID, _Guess] = {}

    def saw(self, person: UUID, report: TrackReport) -> bool:
        """Note that a person was seen; returns whether a visit begins."""
        last = self._seen.get(person)
        self._seen[person] = max(last or report.ended_at, report.ended_at)

        if len(self._seen) > KEPT_MAX:
            still_here = report.ended_at - self._gap
            self._seen = {p: end for p, end in self._seen.items() if end >= still_here}

        return last is None or report.started_at - last > self._gap

    def since(self, t: datetime) -> set[UUID]:
        """Who was seen after this time."""
        return {person for person, end in self._seen.items() if end > t}

    def guess(
        self, report: TrackReport, person: UUID | None, template_update: Template | None
    ) -> None:
        """Note a decision taken from memory alone.

        Parameters
        ----------
        report
            The track.
        person
            Who it was filed under; None where it is pending.
        template_update
            What was learnt from it, if anything.
        """
        self._guesses[report.sighting_id] = _Guess(person, template_update)

    def guessed(self, sightings: Set[UUID]) -> dict[UUID, UUID | None]:
        """Who those of these sightings that were guessed are filed under."""
        return {i: self._guesses[i].person for i in sightings & self._guesses.keys()}

    def template_updates(self) -> list[Template]:
        """What was learnt from guesses that are not written yet."""
        learnt = (guess.template_update for guess in self._guesses.values())
        return [template_update for template_update in learnt if template_update]

    def announce(self, arrival: Arrival) -> Arrival:
        """Note an arrival that is told of before it is written; returns it."""
        self._announced.setdefault(arrival.visitor_id, []).append(arrival.at)
        return arrival

    def written(self, report: TrackReport, arrival: Arrival | None) -> Arrival | None:
        """The arrival that comes of writing a report, unless that visit was announced before."""
        self._guesses.pop(report.sighting_id, None)
        if arrival is None:
            return None

        before = self._announced.get(arrival.visitor_id, [])
        if any(abs(arrival.at - at) <= self._gap for at in before):
            return None
        return arrival

    def forget(self, sightings: Set[UUID]) -> None:
        """Everything is written but these sightings: what was in memory besides them is over."""
        self._guesses = {i: self._guesses[i] for i in sightings & self._guesses.keys()}
        if not sightings:
            self._announced.clear()
