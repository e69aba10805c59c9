"""Arrivals told from memory while the database is away, and none of them twice."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.records import Arrival, Template, Thresholds, TrackReport
from visitord.identity import decision
from visitord.identity.presence import Presence
from visitord.service.deciding import file_track
from visitord.service.gallery_follower import GalleryFollower

NEWCOMER = "A new visitor"  # whom the database has given no number yet


@dataclass(frozen=True, slots=True)
class Guess:
    """A decision taken from memory alone: whom a track was filed under, and what was learnt."""

    person: UUID | None
    template: Template | None


class OutageRecogniser:
    """Recognises people by what is in memory.  Owned by the recorder's thread.

    Nothing it finds is written.  Every track is decided anew, in order, once the database is there,
    and may then be decided otherwise.  What it learns goes into the gallery in memory, so that a
    newcomer is recognised the next time; with the first look at the database that is replaced.

    Parameters
    ----------
    site
        Name of the site, for the arrivals.
    gap
        An absence longer than this ends a visit: two arrivals of one person within it are one.
    pack
        Fingerprint of the recogniser.
    known
        The gallery in memory, shared with the recorder.
    presence
        Who is here, shared with the recorder, so that a visit that began before the outage goes on.
    on_arrival
        Told each visit that begins.
    """

    def __init__(
        self,
        site: str,
        gap: timedelta,
        pack: str,
        known: GalleryFollower,
        presence: Presence,
        on_arrival: Callable[[Arrival], None],
    ) -> None:
        self._site = site
        self._gap = gap
        self._pack = pack
        self._known = known
        self._presence = presence
        self._on_arrival = on_arrival
        self._guesses: dict[UUID, Guess] = {}  # of tracks that are not written yet
        self._told: dict[UUID, list[datetime]] = {}  # arrivals of each person, before the writing

    def resume(self) -> None:
        """Know again who was guessed but not written: the gallery may have been loaded since."""
        for template in self.learnt():
            if not len(self._known.gallery.held(template.root_id)):
                self._known.guess(template)

    def learnt(self) -> list[Template]:
        """What was learnt from tracks that are not written yet."""
        return [guess.template for guess in self._guesses.values() if guess.template]

    def look(
        self, report: TrackReport, filed: Mapping[UUID, UUID | None], thresholds: Thresholds
    ) -> None:
        """Recognise who a track is, and tell of an arrival.

        Parameters
        ----------
        report
            The newest report of the track.
        filed
            Tracks that the database has already and that go on, and whom each was filed under.
        thresholds
            Those last in force.
        """
        tracks = {report.sighting_id, *report.together}
        persons = {i: filed[i] for i in tracks & filed.keys()}
        persons |= {i: self._guesses[i].person for i in tracks & self._guesses.keys()}

        if report.sighting_id not in persons:
            companions = {p for i in report.together if (p := persons.get(i))}
            guess = self._guess(report, companions, thresholds)
            if guess is None:
                return
            persons[report.sighting_id] = guess.person

        person = persons[report.sighting_id]
        if person:
            self._see(person, report)

    def _guess(
        self, report: TrackReport, companions: AbstractSet[UUID], thresholds: Thresholds
    ) -> Guess | None:
        pooled = decision.pool(report.samples)
        filing = file_track(report, pooled, companions, self._known.gallery, thresholds, self._pack)
        if filing is None:
            return None

        guess = Guess(filing.person, filing.sighting.template)
        self._guesses[report.sighting_id] = guess
        if guess.template:
            self._known.guess(guess.template)
        return guess

    def _see(self, person: UUID, report: TrackReport) -> None:
        """Note that a person is here, and tell it where a visit begins, unless they are ignored."""
        name = self._known.gallery.name(person)
        begins = self._presence.saw(person, report)
        if not begins or name is None:
            return

        arrival = Arrival(
            person, name or NEWCOMER, self._site, report.camera, report.started_at, visits=0
        )
        self._told.setdefault(person, []).append(arrival.at)
        self._on_arrival(arrival)

    def is_news(self, arrival: Arrival) -> bool:
        """Whether a visit that was written has not been told from memory before."""
        told = self._told.get(arrival.visitor_id, [])
        return all(abs(arrival.at - at) > self._gap for at in told)

    def forget(self, sighting_id: UUID) -> None:
        """Drop the guess on a track that is written now."""
        self._guesses.pop(sighting_id, None)

    def keep_only(self, unwritten: AbstractSet[UUID]) -> None:
        """Everything is written but these tracks: guesses on others are over.

        Once nothing is left, no arrival told from memory can come a second time.
        """
        self._guesses = {i: guess for i, guess in self._guesses.items() if i in unwritten}
        if not unwritten:
            self._told.clear()
