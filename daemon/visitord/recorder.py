"""Decides track reports and writes them: the one owner of the gallery and of the writing connection."""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from visitord.errors import DatabaseError, DatabaseUnavailableError, RowRefusedError, SpoolError
from visitord.identity import decide
from visitord.identity.gallery import Gallery
from visitord.records import Arrival, Decided, Decision, Template, Thresholds, TrackReport
from visitord.store import gallery as stored_gallery
from visitord.store import sightings
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.sightings import Site
from visitord.store.spool import Spool
from visitord.worker import backoff

log = logging.getLogger(__name__)

UNKNOWN = -1  # a version no stored gallery has
OPEN_MAX = 5000  # tracks in memory; only those still open, unless the spool does not take the finished ones
IDLE_S = 1.0  # how soon changes made by other processes reach the gallery
RETRY_CAP_S = 15.0
RACES_MAX = 5  # times that others may enrol somebody while we do, one right after the other


class _OvertakenError(Exception):
    """Somebody else enrolled or learnt between our decision and its writing: it must be taken anew."""


@dataclass(eq=False)
class Recorder:
    """`handle` and `run` belong to one thread; `submit` may be called from any.

    While the database is away, finished tracks wait on disk and are tried again in order; the gallery only ever
    holds what is written.  dim: the length of the pack's embeddings.  thresholds: None until `prepare` could ask the
    database for them.  crops, spool: where portraits and finished tracks are kept, if they are.
    """

    database: Database
    site: Site
    pack: str
    dim: int
    thresholds: Thresholds | None
    arrived: Callable[[Arrival], None]
    crops: Crops | None = None
    spool: Spool | None = None
    prepare: Callable[[], Thresholds] | None = None
    lost: int = 0

    def __post_init__(self) -> None:
        self._gallery = Gallery(self.dim)
        self._version = UNKNOWN
        self._schema: int | None = None  # how many migrations the database has
        self._decided: set[UUID] = set()
        self._lock = threading.Lock()
        self._open: dict[UUID, TrackReport] = {}  # the newest report of each track
        self._submitted = threading.Event()
        self._written = 0  # the last number of the spool that is in the database

    def submit(self, report: TrackReport) -> None:
        """Hand over a report, without waiting for the database; a finished track is on disk when this returns."""
        spooled = report.final and self._spooled(report)
        with self._lock:
            self._open.pop(report.sighting_id, None)
            if not spooled:
                self._open[report.sighting_id] = report
            if len(self._open) > OPEN_MAX:
                del self._open[next(iter(self._open))]
                self.lost += 1
                log.error("Too much waits in memory: a sighting was dropped (%d so far).", self.lost)
        self._submitted.set()

    def _spooled(self, report: TrackReport) -> bool:
        if self.spool:
            try:
                self.spool.put(report)
                return True
            except SpoolError as error:
                log.error("%s A sighting waits in memory only.", error)
        return False

    def run(self, stop: threading.Event) -> None:
        """Handle reports until told to stop, then those still waiting, as far as the database is there."""
        waits = backoff(0.5, RETRY_CAP_S)
        while True:
            try:
                if not self._work():
                    if stop.is_set():
                        return
                    self._submitted.wait(IDLE_S)
                    self._submitted.clear()
                waits = backoff(0.5, RETRY_CAP_S)
            except DatabaseError as error:  # what waits on disk is written when it is there, or a person has acted
                kept = "" if self.spool else f" {len(self._open)} sightings wait in memory only."
                log.warning("%s%s", error, kept)
                if stop.is_set():
                    return
                stop.wait(next(waits))

    def _work(self) -> bool:
        """Handle what has waited longest, finished tracks first; returns whether there was anything."""
        if self._work_off_spool():
            return True
        with self._lock:
            report = next(iter(self._open.values()), None)
        if report is None:
            self._follow()
            return False
        try:
            self.handle(report)
        except RowRefusedError as error:
            log.error("A sighting could not be written and is left out: %s", error)
        with self._lock:
            if self._open.get(report.sighting_id) is report:
                del self._open[report.sighting_id]
        return True

    def _work_off_spool(self) -> bool:
        """Handle the finished track that waits longest on disk, if any; a disk that fails holds up nothing else."""
        if not self.spool:
            return False
        try:
            if not (waiting := self.spool.first(self._written)):
                return False
            seq, report = waiting
            try:
                self.handle(report)
            except RowRefusedError as error:
                self.spool.refuse(seq, str(error))
            self._written = seq
            self.spool.drop(seq)
        except SpoolError as error:
            log.error("%s", error)
            return False
        return True

    def handle(self, report: TrackReport) -> None:
        """Decide the report if it is time, and write what follows; raises DatabaseError."""
        for _ in range(RACES_MAX):
            with contextlib.suppress(_OvertakenError):
                return self._handle(report)
        raise DatabaseUnavailableError("Others enrol people all the time; this sighting waits.")

    def _handle(self, report: TrackReport) -> None:
        arrival: Arrival | None = None
        learnt: Template | None = None
        limits = self._limits()
        with self.database.transaction() as cursor:
            version = self._load_if_changed(cursor)
            done = report.sighting_id in self._decided or sightings.known(cursor, report.sighting_id)
            if done:
                arrival = sightings.extend(cursor, report, self.site)
            elif decided := self._decide(cursor, report, limits):
                done, learnt = True, decided.template
                arrival = sightings.write(cursor, decided, self.site)
                version = stored_gallery.changed(cursor) if learnt else version
                if decided.verdict.decision is Decision.ENROLLED and version != self._version + 1:
                    raise _OvertakenError  # by another box, perhaps with the same stranger
        # Memory follows the database, never the other way round.
        if done:
            self._decided.add(report.sighting_id)
        if report.final:
            self._decided.discard(report.sighting_id)
        if learnt is not None:
            self._gallery.add(learnt)
            # Another process that learnt in between took a number too: then the gallery is loaded again.
            self._version = version if version == self._version + 1 else UNKNOWN
        if arrival is not None:
            self.arrived(arrival)

    def _follow(self) -> None:
        self._limits()
        with self.database.transaction() as cursor:
            self._load_if_changed(cursor)

    def _limits(self) -> Thresholds:
        """The thresholds; before the first time, and after somebody migrated the database, it is prepared for us."""
        if self.thresholds is None and self.prepare:
            self.thresholds = self.prepare()
        assert self.thresholds  # noqa: S101 - given, or prepared
        return self.thresholds

    def _load_if_changed(self, cursor: Cursor) -> int:
        """Follow what others changed; returns the version of the gallery in memory."""
        version, schema = stored_gallery.version(cursor)
        if self._schema not in (None, schema) and self.prepare:
            self.thresholds, self._schema = None, None
            raise DatabaseUnavailableError("The database was migrated meanwhile; what that means is looked at again.")
        self._schema = schema
        if version != self._version:
            self._gallery = Gallery(self.dim, stored_gallery.templates(cursor, self.pack))
            self._version = version
        return version

    def _decide(self, cursor: Cursor, report: TrackReport, limits: Thresholds) -> Decided | None:
        """The decision with its template, or None while waiting may give a better one."""
        pooled = decide.pool(report.shots)
        ranking = self._gallery.rank(pooled.embedding) if pooled else []
        excluded, weak = sightings.companions(cursor, report), self._gallery.weak(decide.WEAK_QUALITY)
        verdict = decide.decide(report, pooled, ranking, excluded, limits, weak)
        if not verdict.certain and not decide.is_ripe(report):
            return None
        held = self._gallery.held(verdict.identity_id)
        alike = pooled is None or not len(held) or float(held[0] @ pooled.embedding) >= limits.match
        lesson = decide.lesson(report, verdict, pooled, len(held), alike)
        if verdict.identity_id and pooled:
            # Of those merged into one, whom this looks most like: if the merge is undone, they take it along.
            part = self._gallery.part(verdict.identity_id, pooled.embedding)
            verdict, lesson = replace(verdict, identity_id=part), lesson and replace(lesson, identity_id=part)
        crop = self.crops.keep(report.shots[0].portrait) if self.crops and report.shots else None
        return Decided(report, verdict, pooled, self.pack, lesson, crop)
