"""Decides track reports and writes them: the one owner of the gallery and of the writing connection."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from visitord.errors import DatabaseError, DatabaseUnavailableError
from visitord.identity import decide
from visitord.identity.gallery import Gallery
from visitord.records import Arrival, Decided, Template, Thresholds, TrackReport
from visitord.store import gallery as stored_gallery
from visitord.store import sightings
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.sightings import Site
from visitord.worker import backoff

log = logging.getLogger(__name__)

UNKNOWN = -1  # a version no stored gallery has
QUEUE_MAX = 5000  # reports waiting for the database, some 100 MB; when full, the oldest is dropped and counted
IDLE_S = 1.0  # how soon changes made by other processes reach the gallery
RETRY_CAP_S = 15.0
LAST_TRIES_S = 5.0  # how long a stopped recorder waits for a database that is away


@dataclass(eq=False)
class Recorder:
    """`handle` and `run` belong to one thread; `submit` may be called from any.

    While the database is away, reports wait in memory in order and are tried again; the gallery only ever
    holds what is written.  dim: the length of the pack's embeddings.
    """

    database: Database
    site: Site
    pack: str
    dim: int
    thresholds: Thresholds
    arrived: Callable[[Arrival], None]
    crops: Crops | None = None  # where portraits are kept, if they are
    dropped: int = 0

    def __post_init__(self) -> None:
        self._gallery = Gallery(self.dim)
        self._version = UNKNOWN
        self._decided: set[UUID] = set()
        self._queue: queue.Queue[TrackReport] = queue.Queue(QUEUE_MAX)

    def submit(self, report: TrackReport) -> None:
        """Hand over a report; never waits."""
        while True:
            with contextlib.suppress(queue.Full):
                return self._queue.put_nowait(report)
            with contextlib.suppress(queue.Empty):
                self._queue.get_nowait()
                self.dropped += 1
                log.error("The database is away too long: a waiting sighting was dropped (%d so far).", self.dropped)

    def run(self, stop: threading.Event) -> None:
        """Handle reports until told to stop, then those still waiting; gives up if the database stays away."""
        waits = backoff(0.5, RETRY_CAP_S)
        report: TrackReport | None = None
        give_up_t = float("inf")
        while True:
            report = report or self._next()
            if report is None and stop.is_set():
                return
            try:
                self.handle(report) if report else self._follow()
            except DatabaseUnavailableError as error:
                self._version = UNKNOWN  # the transaction may have been committed without our hearing of it
                waiting = self._queue.qsize() + (report is not None)
                if stop.is_set():
                    give_up_t = min(give_up_t, time.monotonic() + LAST_TRIES_S)
                if time.monotonic() >= give_up_t:
                    log.error("Stopped while the database is away: %d report(s) are lost.", waiting)
                    return
                log.warning("%s %d report(s) wait.", error, waiting)
                time.sleep(1.0) if stop.is_set() else stop.wait(next(waits))
                continue
            except DatabaseError as error:
                log.error("A sighting could not be written and is left out: %s", error)
            report, waits = None, backoff(0.5, RETRY_CAP_S)

    def handle(self, report: TrackReport) -> None:
        """Decide the report if it is time, and write what follows; raises DatabaseError."""
        arrival: Arrival | None = None
        learnt: Template | None = None
        with self.database.transaction() as cursor:
            version = self._load_if_changed(cursor)
            done = report.sighting_id in self._decided or sightings.known(cursor, report.sighting_id)
            if done:
                arrival = sightings.extend(cursor, report, self.site)
            elif decided := self._decide(cursor, report):
                done, learnt = True, decided.template
                arrival = sightings.write(cursor, decided, self.site)
                version = stored_gallery.changed(cursor) if learnt else version
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
        with self.database.transaction() as cursor:
            self._load_if_changed(cursor)

    def _load_if_changed(self, cursor: Cursor) -> int:
        """Follow what others changed; returns the version of the gallery in memory."""
        version = stored_gallery.version(cursor)
        if version != self._version:
            self._gallery = Gallery(self.dim, stored_gallery.templates(cursor, self.pack))
            self._version = version
        return version

    def _decide(self, cursor: Cursor, report: TrackReport) -> Decided | None:
        """The decision with its template, or None while waiting may give a better one."""
        pooled = decide.pool(report.shots)
        ranking = self._gallery.rank(pooled.embedding) if pooled else []
        excluded, weak = sightings.companions(cursor, report), self._gallery.weak(decide.WEAK_QUALITY)
        verdict = decide.decide(report, pooled, ranking, excluded, self.thresholds, weak)
        if not verdict.certain and not decide.is_ripe(report):
            return None
        held = self._gallery.held(verdict.identity_id)
        alike = pooled is None or not len(held) or float(held[0] @ pooled.embedding) >= self.thresholds.match
        lesson = decide.lesson(report, verdict, pooled, len(held), alike)
        if verdict.identity_id and pooled:
            # Of those merged into one, whom this looks most like: if the merge is undone, they take it along.
            part = self._gallery.part(verdict.identity_id, pooled.embedding)
            verdict, lesson = replace(verdict, identity_id=part), lesson and replace(lesson, identity_id=part)
        crop = self.crops.keep(report.shots[0].portrait) if self.crops and report.shots else None
        return Decided(report, verdict, pooled, self.pack, lesson, crop)

    def _next(self) -> TrackReport | None:
        with contextlib.suppress(queue.Empty):
            return self._queue.get(timeout=IDLE_S)
        return None
