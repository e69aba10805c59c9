"""Decides track reports and writes them.

A recorder is in one of three phases, and tries in each to do what is due:

    PREPARING  Whether the database is of this version, and which rule is in force, has to be
               asked: at the start, and after somebody migrated it.
    FOLLOWING  What waits is written, finished tracks on disk first, then those in memory.  When
               nothing waits, the gallery follows what other processes changed.
    AWAY       The last try failed.

What happens in one leads to the next; nothing else changes it:

    PREPARING --prepared-->  FOLLOWING
    FOLLOWING --failed-->    AWAY
    AWAY      --written-->   FOLLOWING
    FOLLOWING or AWAY --migrated--> PREPARING

After a try that failed, in PREPARING as in AWAY, the recorder waits, longer each time.  Meanwhile
it recognises people from memory, as far as memory was ever that of a database, to tell of their
arrival (`outage.py`).  Nothing of that is written: once the database is there, every track is
decided anew.

The recorder is the one owner of the gallery and of the writing connection.  What lasts from phase
to phase has an owner each: the reports that wait (`ReportQueue`, `Spool`), the gallery with the
version of the database that it stands for (`GalleryFollower`), who is here and what was guessed
(`Presence`).  The recorder itself knows which open tracks are in the database, and under whom.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from visitord.core.clock import Clock
from visitord.core.errors import (
    ConfigError,
    DatabaseError,
    DatabaseUnavailableError,
    RowRefusedError,
    SpoolError,
)
from visitord.core.records import (
    Arrival,
    DecidedSighting,
    Decision,
    Embedding,
    Template,
    TrackReport,
)
from visitord.core.threads import backoff
from visitord.identity import decision
from visitord.identity.presence import Presence
from visitord.identity.thresholds import MatchRule
from visitord.service.deciding import DecidedTrack, decide_track, unless_known
from visitord.service.gallery_follower import GalleryFollower, SchemaChangedError
from visitord.service.outage import OutageRecogniser
from visitord.service.report_queue import ReportQueue
from visitord.store import erasure, gallery_changes, sightings, suggestions
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.site import Site
from visitord.store.spool import Spool

log = logging.getLogger(__name__)

IDLE_S = 1.0  # how soon changes made by other processes reach the gallery
RETRY_FIRST_S = 0.5
RETRY_CAP_S = 15.0
RACES_MAX = 5  # times in a row that others may enrol somebody while we do


class Phase(Enum):
    """What a recorder is about; see the top of this file."""

    PREPARING = "preparing"
    FOLLOWING = "following"
    AWAY = "away"


class Event(Enum):
    """What changes a recorder's phase."""

    PREPARED = "prepared"  # the schema is right, and the rule is known
    WRITTEN = "written"  # a try succeeded, also where there was nothing to write
    FAILED = "failed"  # a try did not succeed
    MIGRATED = "migrated"  # the schema is not the one that was prepared for


_NEXT = {
    (Phase.PREPARING, Event.PREPARED): Phase.FOLLOWING,
    (Phase.FOLLOWING, Event.FAILED): Phase.AWAY,
    (Phase.AWAY, Event.WRITTEN): Phase.FOLLOWING,
    (Phase.FOLLOWING, Event.MIGRATED): Phase.PREPARING,
    (Phase.AWAY, Event.MIGRATED): Phase.PREPARING,
}


def next_phase(phase: Phase, event: Event) -> Phase:
    """The phase that an event leads to; the same where it changes nothing."""
    return _NEXT.get((phase, event), phase)


@dataclass(frozen=True, slots=True, eq=False)
class RecorderSettings:
    """What a recorder is told of its box.

    site: the place that visits are logged for.  pack: fingerprint of the recogniser.  dim: the
    length of its embeddings.  vector: let the database look for whom a face is like, and hold no
    gallery in memory.  centre: what all faces have in common to the recogniser, (dim,).
    """

    site: Site
    pack: str
    dim: int
    vector: bool = False
    centre: Embedding | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """What a report brought about in the database, for memory to follow once it is committed.

    filed: whether the track has a sighting by now.  person: whom that is filed under, if anyone.
    template: what was learnt from it, which made `version` the gallery's.  replaced: whether that
    took the place of another.  doubt: whether somebody was enrolled who may be known already.
    """

    filed: bool
    person: UUID | None = None
    arrival: Arrival | None = None
    template: Template | None = None
    version: int = 0
    doubt: bool = False
    replaced: bool = False


class _OvertakenError(Exception):
    """Another process enrolled or learnt since our decision, which must be taken anew."""


class Recorder:
    """Turns track reports into sightings, and says who arrives.

    Threads: `submit` may be called from any, in the daemon it is vision's.  `prepare`, `remember`,
    `handle` and `run` belong to one thread, the recorder's.  `rule` may be read by any.  `doubtful`
    is set here when somebody was enrolled who may be known already, and cleared by who looks into
    that.  `caught_up` may be read by any: everything seen before an outage or the start is written.

    Parameters
    ----------
    database
        The writing connection, which nothing else may use.
    settings
        The site and the recogniser.
    prepare
        Asks the database whether it is of this version, declares the site there, and returns the
        rule in force.  Raises DatabaseError, ConfigError.
    on_arrival
        Told each visit that begins, once, in the recorder's thread.
    clock
        Measures the waits between tries.
    crops
        Where portraits are kept, if they are.
    spool
        Where finished tracks wait on disk; without one they wait in memory.
    gallery_file
        A copy of the gallery for a start without the database, if one is kept.
    beat
        Called in the recorder's thread whenever that goes on.
    """

    def __init__(
        self,
        database: Database,
        settings: RecorderSettings,
        prepare: Callable[[], MatchRule],
        on_arrival: Callable[[Arrival], None],
        clock: Clock,
        *,
        crops: Crops | None = None,
        spool: Spool | None = None,
        gallery_file: GalleryFile | None = None,
        beat: Callable[[], object] = lambda: None,
    ) -> None:
        self.settings = settings
        self.rule: MatchRule | None = None  # until prepared, or remembered
        self.doubtful = threading.Event()
        self.caught_up = threading.Event()
        self._database = database
        self._prepare = prepare
        self._on_arrival = on_arrival
        self._clock = clock
        self._crops = crops
        self._spool = spool
        self._gallery_file = gallery_file
        self._beat = beat

        self._phase = Phase.PREPARING
        self._queue = ReportQueue()
        self._spooled_done = 0  # the last number of the spool that is in the database
        self._filed: dict[UUID, UUID | None] = {}  # open tracks: under whom
        self._paired: dict[UUID, frozenset[UUID]] = {}  # open tracks: with whom, as it is written
        self._known = GalleryFollower(
            settings.pack,
            settings.dim,
            settings.centre,
            vector=settings.vector,
        )
        self._presence = Presence(settings.site.gap)
        self._outage = OutageRecogniser(
            settings.site.name, settings.pack, self._known, self._presence, on_arrival
        )

    @property
    def phase(self) -> Phase:
        """What the recorder is about now."""
        return self._phase

    def _on(self, event: Event) -> None:
        """The one place where the phase changes."""
        self._phase = next_phase(self._phase, event)

    # Before the first report

    def prepare(self) -> None:
        """Ask the database what must be known to write to it; raises DatabaseError, ConfigError."""
        self.rule = self._prepare()
        self._on(Event.PREPARED)

    def remember(self) -> bool:
        """Start with the gallery kept on disk; returns whether there is one that can be used."""
        kept = self._gallery_file.load() if self._gallery_file else None
        if kept is None:
            return False

        self.rule, templates = kept
        self._known.recall(templates)
        return True

    # Vision's thread

    def submit(self, report: TrackReport) -> None:
        """Hand over a report without waiting for the database.

        A finished track is on disk when this returns, if the disk takes it.
        """
        on_disk = report.final and self._spool_takes(report)
        self._queue.put(report, on_disk=on_disk)

    def _spool_takes(self, report: TrackReport) -> bool:
        if self._spool is None:
            return False
        try:
            self._spool.put(report)
        except SpoolError as error:
            log.error("%s A sighting waits in memory only.", error)
            return False
        return True

    # The recorder's thread

    def run(self, stop: threading.Event) -> None:
        """Handle reports until told to stop, then those that wait, if the database is there."""
        waits: Iterator[float] | None = None  # between the tries of the present outage
        while True:
            self._beat()
            try:
                busy = self._try()
            except (DatabaseError, ConfigError) as error:
                self._on(Event.FAILED)
                self.caught_up.clear()
                self._warn(error)
                if stop.is_set():
                    return
                waits = waits or backoff(RETRY_FIRST_S, RETRY_CAP_S)
                self._recognise_meanwhile(stop, next(waits))
                continue

            self._on(Event.WRITTEN)
            if waits:
                log.info("The database is there again; what waits is written now.")
                waits = None
            if busy:
                continue
            if stop.is_set():
                return
            self._queue.wait(IDLE_S)

    def _warn(self, error: Exception) -> None:
        waits_where = ""
        if self._spool is None:
            waits_where = f" {len(self._queue)} sightings wait in memory only."
        log.warning("%s%s", error, waits_where)

    def _try(self) -> bool:
        """Do what is due; returns whether a report was handled, after which more may wait."""
        if self._phase is Phase.PREPARING:
            self.prepare()
        if self._write_spooled() or self._write_unspooled():
            return True
        self._follow()
        return False

    def _write_spooled(self) -> bool:
        """Handle the finished track that waits longest on disk, if any.

        A disk that fails holds up nothing else.
        """
        if self._spool is None:
            return False
        try:
            waiting = self._spool.first(self._spooled_done)
            if waiting is None:
                return False

            try:
                self.handle(waiting.report, waited=True)
            except RowRefusedError as error:
                self._spool.refuse(waiting.seq, str(error))
            self._spooled_done = waiting.seq
            self._spool.drop(waiting.seq)
        except SpoolError as error:
            log.error("%s", error)
            return False
        return True

    def _write_unspooled(self) -> bool:
        """Handle the report that waits longest in memory, if any."""
        report = self._queue.oldest()
        if report is None:
            return False

        try:
            self.handle(report, waited=True)
        except RowRefusedError as error:
            log.error("A sighting could not be written and is left out: %s", error)
        self._queue.remove(report)
        return True

    def _follow(self) -> None:
        """Nothing waits: catch up with the database, and keep a copy of what it holds."""
        with self._database.transaction() as cursor:
            self._catch_up(cursor)

        # Everything is written: nothing is left that was only guessed.
        self._presence.forget(self._queue.keep_unwritten())
        self.caught_up.set()

        if self._gallery_file and not self.settings.vector:
            assert self._known.version is not None  # noqa: S101 - it caught up
            assert self.rule is not None  # noqa: S101 - it is prepared
            self._gallery_file.keep(self._known.version, self._known.gallery, self.rule)

    def _catch_up(self, cursor: Cursor) -> None:
        try:
            self._known.catch_up(cursor)
        except SchemaChangedError:
            self._on(Event.MIGRATED)
            raise

    def _recognise_meanwhile(self, stop: threading.Event, wait_s: float) -> None:
        """Tell who comes, from memory, for as long as the database is not tried again."""
        if not self._database.connected:
            self._known.distrust()
        self._outage.resume()

        until = self._clock.monotonic() + wait_s
        while not stop.is_set():
            self._beat()
            left_s = until - self._clock.monotonic()
            if left_s <= 0:
                return
            for report in self._queue.take_unseen():
                if self.rule:
                    self._outage.look(report, self._filed, self.rule)
            self._queue.wait(min(left_s, IDLE_S))

    # One report: decide, write, and let memory follow

    def handle(self, report: TrackReport, *, waited: bool = False) -> None:
        """Decide a report if it is time, and write what follows; raises DatabaseError.

        The recorder must be prepared.  A report may come any number of times.

        Parameters
        ----------
        report
            Of a track.
        waited
            Whether it may have waited while people were forgotten: then nobody new comes of it.
            A recording that is replayed on purpose did not.
        """
        for _ in range(RACES_MAX):
            with contextlib.suppress(_OvertakenError):
                with self._database.transaction() as cursor:
                    self._catch_up(cursor)
                    written = self._decide_and_write(cursor, report, waited)
                self._update_memory(report, written)
                return
        raise DatabaseUnavailableError("Others enrol people all the time; this sighting waits.")

    def _decide_and_write(self, cursor: Cursor, report: TrackReport, waited: bool) -> _Written:
        """Carry on a sighting that is there; otherwise decide it, and write it if it is time."""
        filed = report.sighting_id in self._filed
        if filed or sightings.known(cursor, report.sighting_id):
            paired = self._paired.get(report.sighting_id, frozenset())
            arrival = sightings.extend(cursor, report, self.settings.site, paired)
            return _Written(True, self._filed.get(report.sighting_id), arrival)

        decided = self._decide(cursor, report)
        if decided is None:
            return _Written(False)
        if waited and erasure.forgotten_since(cursor, report.ended_at):
            if not report.final:
                return _Written(False)  # whoever is still there is seen again in a moment
            decided = unless_known(decided)
        return self._write(cursor, decided)

    def _decide(self, cursor: Cursor, report: TrackReport) -> DecidedTrack | None:
        """Who it is, by everyone known; None while waiting may give a better sample."""
        assert self.rule is not None  # noqa: S101 - it is prepared
        pooled = decision.pool(report.samples, self.settings.centre)
        companions = sightings.companions(cursor, report)
        recent = sightings.recent(cursor, report.started_at, decision.RECENT)
        beside = sightings.beside(cursor, report, self.settings.pack) if companions else []
        candidates = self._known.candidates(cursor, pooled, len(companions))
        return decide_track(
            report, pooled, companions, candidates, self.rule, self.settings.pack, recent, beside
        )

    def _write(self, cursor: Cursor, decided: DecidedTrack) -> _Written:
        """Insert the sighting with its person, template and visit.

        Raises _OvertakenError when another box changed the gallery meanwhile: it may have enrolled
        the same stranger.
        """
        sighting = decided.sighting
        samples = sighting.report.samples
        if self._crops and samples and not sighting.anonymous:
            sighting = replace(sighting, crop=self._crops.keep(samples[0].portrait))
        arrival = sightings.write(cursor, sighting, self.settings.site)

        template = sighting.template
        if template is None:
            return _Written(True, decided.person, arrival)

        doubt = sighting.verdict.doubt
        if doubt:
            self._ask_about(cursor, sighting)

        version = gallery_changes.announce(cursor, [template.identity_id])
        enrolled = sighting.verdict.decision is Decision.ENROLLED
        if enrolled and not self._known.is_next(version):
            raise _OvertakenError
        replaced = sighting.replaced is not None
        return _Written(True, decided.person, arrival, template, version, doubt, replaced)

    def _ask_about(self, cursor: Cursor, sighting: DecidedSighting) -> None:
        """Keep as a question that whoever is enrolled may be the one they are nearly like."""
        verdict = sighting.verdict
        enrolled, candidate, similarity = verdict.identity_id, verdict.candidate_id, verdict.score
        assert enrolled and candidate and similarity is not None  # noqa: S101 - what a doubt is
        seen_at = sighting.report.started_at
        suggestions.doubt(cursor, enrolled, candidate, similarity, seen_at)

    def _update_memory(self, report: TrackReport, written: _Written) -> None:
        """Follow what was committed; never the other way round."""
        self._queue.mark_seen(report)
        if written.filed:
            self._filed[report.sighting_id] = written.person
            if not report.static:  # a picture of a face has no pairs, until it moves after all
                self._paired[report.sighting_id] = report.together
        if report.final:
            self._filed.pop(report.sighting_id, None)
            self._paired.pop(report.sighting_id, None)

        # A template that is gone is found by the next look at the database.
        if written.template and not written.replaced:
            name = written.arrival.name if written.arrival else None
            self._known.learn(written.template, written.version, name)
        if written.doubt:
            self.doubtful.set()
        if written.person:
            self._presence.saw(written.person, report)
        if not written.filed:
            return

        arrival = self._presence.written(report, written.arrival)
        if arrival:
            self._on_arrival(arrival)
