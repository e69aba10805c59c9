"""Arrivals told from memory while the database is away."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from uuid import UUID

from visitord.core.records import Arrival, TrackReport
from visitord.identity import decision
from visitord.identity.presence import Presence
from visitord.identity.thresholds import MatchRule
from visitord.service.deciding import DecidedTrack, decide_track
from visitord.service.gallery_follower import GalleryFollower

NEWCOMER = "A new visitor"  # whom the database has given no number yet


class OutageRecogniser:
    """Recognises people by what is in memory.  Owned by the recorder's thread.

    Nothing it finds is written.  Every track is decided anew, in order, once the database is there,
    and may then be decided otherwise.  What it learns goes into the gallery in memory, so that a
    newcomer is recognised the next time; the next look at the database replaces that.

    Parameters
    ----------
    site
        Name of the site, for the arrivals.
    pack
        Fingerprint of the recogniser.
    known
        The gallery in memory, shared with the recorder.
    presence
        Who is here and what was guessed, shared with the recorder: a visit that began before the
        outage goes on, and one that was told is not told again when it is written.
    on_arrival
        Told each visit that begins.
    """

    def __init__(
        self,
        site: str,
        pack: str,
        known: GalleryFollower,
        presence: Presence,
        on_arrival: Callable[[Arrival], None],
    ) -> None:
        self._site = site
        self._pack = pack
        self._known = known
        self._presence = presence
        self._on_arrival = on_arrival

    def resume(self) -> None:
        """Know again who was guessed but not written: the gallery may have been loaded since."""
        for template in self._presence.template_updates():
            if not self._known.gallery.count_of([template.root_id]):
                self._known.guess(template)

    def look(self, report: TrackReport, filed: Mapping[UUID, UUID | None], rule: MatchRule) -> None:
        """Recognise who a track is, and tell of an arrival.

        Parameters
        ----------
        report
            The newest report of the track.
        filed
            Tracks that the database has already and that go on, and whom each was filed under.
        rule
            The one last in force.
        """
        if not self._known.recognises:
            return

        tracks = {report.sighting_id, *report.together}
        persons = {i: filed[i] for i in tracks & filed.keys()}
        persons |= self._presence.guessed(tracks)

        if report.sighting_id not in persons:
            companions = {p for i in report.together if (p := persons.get(i))}
            guess = self._guess(report, companions, rule)
            if guess is None:
                return
            persons[report.sighting_id] = guess.person

        person = persons[report.sighting_id]
        if person:
            self._see(person, report)

    def _guess(
        self, report: TrackReport, companions: AbstractSet[UUID], rule: MatchRule
    ) -> DecidedTrack | None:
        """Decide a track by memory alone; None while waiting may give a better sample."""
        pooled = decision.pool(report.samples, self._known.centre)
        gallery = self._known.gallery
        seen = self._presence.since(report.started_at - decision.RECENT)
        recent = {root for person in seen if (root := gallery.root(person))}
        decided = decide_track(report, pooled, companions, gallery, rule, self._pack, recent)
        if decided is None:
            return None

        template = decided.sighting.template
        if template:
            self._known.guess(template)
        self._presence.guess(report, decided.person, template)
        return decided

    def _see(self, person: UUID, report: TrackReport) -> None:
        """Note that a person is here, and tell it where a visit begins, unless they are ignored."""
        name = self._known.gallery.name(person)
        begins = self._presence.saw(person, report)
        if not begins or name is None:
            return

        arrival = Arrival(
            visitor_id=person,
            name=name or NEWCOMER,
            site=self._site,
            camera=report.camera,
            at=report.started_at,
            visits=0,
        )
        self._on_arrival(self._presence.announce(arrival))
