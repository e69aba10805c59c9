"""Decides track reports and writes them: the one owner of the gallery and of the writing
connection.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from uuid import UUID

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
    PooledSamples,
    Template,
    Thresholds,
    TrackReport,
)
from visitord.core.threads import backoff
from visitord.identity import decision
from visitord.identity.gallery import Gallery
from visitord.identity.presence import Presence
from visitord.store import gallery_changes, sightings, templates
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.site import Site
from visitord.store.spool import Spool

log = logging.getLogger(__name__)

UNKNOWN = -1  # a version no stored gallery has
# Tracks in memory; only those still open, unless the spool does not take the finished ones
OPEN_MAX = 5000
IDLE_S = 1.0  # how soon changes made by other processes reach the gallery
RETRY_CAP_S = 15.0
RANKED = 2  # people that a decision is between
RACES_MAX = 5  # times that others may enrol somebody while we do, one right after the other


class _OvertakenError(Exception):
    """Somebody else enrolled or learnt between our decision and its writing: it must be taken anew."""


@dataclass(eq=False)
class Recorder:
    """`handle` and `run` belong to one thread; `submit` may be called from any.

    While the database is away, finished tracks wait on disk and are tried again in order.
    Meanwhile arrivals are told by the gallery in memory; decisions are taken anew when they are
    written, and what they rest on is written before. dim: the length of the pack's embeddings.
    thresholds: None until `prepare` could ask the database for them. crops, spool, known: where
    portraits, finished tracks and a copy of the gallery are kept, if they are. vector: let the
    database look for whom a face is like, and hold no gallery.
    """

    database: Database
    site: Site
    pack: str
    dim: int
    thresholds: Thresholds | None
    arrived: Callable[[Arrival], None]
    crops: Crops | None = None
    spool: Spool | None = None
    known: GalleryFile | None = None
    prepare: Callable[[], Thresholds] | None = None
    vector: bool = False
    lost: int = 0

    def __post_init__(self) -> None:
        kept = self.known.load() if self.known and self.thresholds is None else None
        self._prepared = self.thresholds is not None
        self.thresholds, templates = kept or (self.thresholds, ())
        self._gallery = Gallery(self.dim, templates)
        self._informed = kept is not None  # whether it has ever been that of the database
        self._version = UNKNOWN
        self._schema: int | None = None  # how many migrations the database has
        self._decided: dict[
            UUID, UUID | None
        ] = {}  # tracks that go on, and whom they were filed under
        self._presence = Presence(self.site.gap)
        self._away = False
        self._lock = threading.Lock()
        self._open: dict[UUID, TrackReport] = {}  # the newest report of each track
        self._unseen: dict[
            UUID, TrackReport
        ] = {}  # the same, also of finished ones, until looked at once
        self._submitted = threading.Event()
        self._written = 0  # the last number of the spool that is in the database

    def submit(self, report: TrackReport) -> None:
        """Hand over a report, without waiting for the database; a finished track is on disk when
        this returns.
        """
        spooled = report.final and self._spooled(report)
        with self._lock:
            self._open.pop(report.sighting_id, None)
            if not spooled:
                self._open[report.sighting_id] = report
            self._unseen[report.sighting_id] = report
            if len(self._unseen) > OPEN_MAX:
                del self._unseen[next(iter(self._unseen))]
            if len(self._open) > OPEN_MAX:
                del self._open[next(iter(self._open))]
                self.lost += 1
                log.error(
                    "Too much waits in memory: a sighting was dropped (%d so far).", self.lost
                )
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
        """Handle reports until told to stop, then those still waiting, as far as the database is
        there.
        """
        waits = backoff(0.5, RETRY_CAP_S)
        while True:
            try:
                if not self._work():
                    if stop.is_set():
                        return
                    self._submitted.wait(IDLE_S)
                    self._submitted.clear()
                if self._away:
                    log.info("The database is there again; what waits is written now.")
                self._away, waits = False, backoff(0.5, RETRY_CAP_S)
            except (
                DatabaseError,
                ConfigError,
            ) as error:  # until it is there, or a person has acted
                kept = "" if self.spool else f" {len(self._open)} sightings wait in memory only."
                log.warning("%s%s", error, kept)
                if stop.is_set():
                    return
                self._from_memory(stop, next(waits))

    def _from_memory(self, stop: threading.Event, wait_s: float) -> None:
        """Tell who comes, by what is known here, for as long as the database is not tried again."""
        self._away = True
        if not self.database.connected:
            self._version = UNKNOWN  # it may come back another one
        for template_update in self._presence.template_updates():
            if not len(self._gallery.held(template_update.root_id)):
                self._gallery.add(template_update)
                self._version = UNKNOWN
        until = time.monotonic() + wait_s
        while not stop.is_set() and (left_s := until - time.monotonic()) > 0:
            with self._lock:
                reports, self._unseen = self._unseen, {}
            for report in reports.values():
                self._guess(report)
            self._submitted.wait(min(left_s, IDLE_S))
            self._submitted.clear()

    def _guess(self, report: TrackReport) -> None:
        """Decide a report by the gallery in memory, to tell of an arrival; nothing is written."""
        if self.thresholds is None or self.vector or not self._informed:
            return
        before = {**self._decided, **self._presence.guessed({report.sighting_id, *report.together})}
        excluded = {who for i in report.together if (who := before.get(i))}
        if report.sighting_id not in before:
            decided = self._decide(
                report, self.thresholds, excluded, self._gallery, decision.pool(report.samples)
            )
            if decided is None:
                return
            before[report.sighting_id] = self._gallery.root(decided.verdict.identity_id)
            if decided.template:
                self._gallery.add(decided.template)
                self._version = UNKNOWN
            self._presence.guess(report, before[report.sighting_id], decided.template)
        person = before[report.sighting_id]
        name = self._gallery.name(person) if person else None
        if person and self._presence.saw(person, report) and name is not None:
            arrival = Arrival(
                person, name or "A new visitor", self.site.name, report.camera, report.started_at, 0
            )
            self.arrived(self._presence.announce(arrival))

    def _work(self) -> bool:
        """Handle what has waited longest, finished tracks first; returns whether there was
        anything.
        """
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
        """Handle the finished track that waits longest on disk, if any; a disk that fails holds up
        nothing else.
        """
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
        limits, person = self._limits(), self._decided.get(report.sighting_id)
        with self.database.transaction() as cursor:
            version = self._catch_up(cursor)
            done = report.sighting_id in self._decided or sightings.known(
                cursor, report.sighting_id
            )
            if done:
                arrival = sightings.extend(cursor, report, self.site)
            else:
                pooled, excluded = (
                    decision.pool(report.samples),
                    sightings.companions(cursor, report),
                )
                known = self._known(cursor, pooled, excluded)
                if decided := self._decide(report, limits, excluded, known, pooled):
                    done, learnt, person = (
                        True,
                        decided.template,
                        known.root(decided.verdict.identity_id),
                    )
                    if self.crops and report.samples:
                        decided = replace(decided, crop=self.crops.keep(report.samples[0].portrait))
                    arrival = sightings.write(cursor, decided, self.site)
                    version = (
                        gallery_changes.announce(cursor, [learnt.identity_id])
                        if learnt
                        else version
                    )
                    if (
                        decided.verdict.decision is Decision.ENROLLED
                        and version != self._version + 1
                    ):
                        raise _OvertakenError  # by another box, perhaps with the same stranger
        # Memory follows the database, never the other way round.
        with self._lock:
            if report.final or self._unseen.get(report.sighting_id) is report:
                self._unseen.pop(report.sighting_id, None)
        if done:
            self._decided[report.sighting_id] = person
        if report.final:
            self._decided.pop(report.sighting_id, None)
        if learnt is not None and version == self._version + 1:
            # Another process that learnt in between took a number too: then the gallery catches up
            # with both.
            self._version = version
            if not self.vector:
                name = arrival.name if arrival else self._gallery.name(learnt.root_id)
                self._gallery.add(replace(learnt, name=name))
        if person:
            self._presence.saw(person, report)
        if done and (arrival := self._presence.written(report, arrival)):
            self.arrived(arrival)

    def _follow(self) -> None:
        limits = self._limits()
        with self.database.transaction() as cursor:
            self._catch_up(cursor)
        with self._lock:  # everything is written: nothing is left that was only guessed
            self._unseen = {i: report for i, report in self._unseen.items() if i in self._open}
            self._presence.forget(self._open.keys())
        if self.known and not self.vector:
            self.known.keep(self._version, self._gallery, limits)

    def _limits(self) -> Thresholds:
        """The thresholds; before the first time, and after somebody migrated the database, it is
        prepared for us.
        """
        if not self._prepared and self.prepare:
            self.thresholds, self._prepared = self.prepare(), True
        assert self.thresholds  # noqa: S101 - given, or prepared
        return self.thresholds

    def _catch_up(self, cursor: Cursor) -> int:
        """Follow what others changed; returns the version of the gallery in memory."""
        stored = gallery_changes.version(cursor)
        version, schema = stored.version, stored.migrations
        if self._schema not in (None, schema) and self.prepare:
            self._prepared, self._schema = False, None
            raise DatabaseUnavailableError(
                "The database was migrated meanwhile; what that means is looked at again."
            )
        self._schema = schema
        if version != self._version and not self.vector:
            if 0 <= self._version < version:
                changed = gallery_changes.since(cursor, self._version)
                self._gallery = self._gallery.update(
                    changed, templates.templates(cursor, self.pack, changed)
                )
            else:  # the first time, or the database was put back to an earlier state
                self._gallery = Gallery(self.dim, templates.templates(cursor, self.pack))
        self._version, self._informed = version, True
        return version

    def _known(self, cursor: Cursor, pooled: PooledSamples | None, excluded: Set[UUID]) -> Gallery:
        """Everyone this face may be."""
        if not self.vector:
            return self._gallery
        near = (
            templates.nearest(cursor, self.pack, pooled.embedding, len(excluded)) if pooled else []
        )
        return Gallery(self.dim, near)

    def _decide(
        self,
        report: TrackReport,
        limits: Thresholds,
        excluded: Set[UUID],
        known: Gallery,
        pooled: PooledSamples | None,
    ) -> DecidedSighting | None:
        """The decision with its template, or None while waiting may give a better one."""
        ranking = known.rank(pooled.embedding, RANKED + len(excluded)) if pooled else []
        weak = {i for i, _ in ranking if known.weak(i, decision.WEAK_QUALITY)}
        verdict = decision.decide(report, pooled, ranking, excluded, limits, weak)
        if not verdict.certain and not decision.is_ripe(report):
            return None
        held = known.held(verdict.identity_id)
        alike = pooled is None or not len(held) or float(held[0] @ pooled.embedding) >= limits.match
        template_update = decision.template_update(report, verdict, pooled, len(held), alike)
        if verdict.identity_id and pooled:
            # Of those merged into one, whom this looks most like: if the merge is undone, they take
            # it along.
            part = known.part(verdict.identity_id, pooled.embedding)
            verdict, template_update = (
                replace(verdict, identity_id=part),
                template_update and replace(template_update, identity_id=part),
            )
        return DecidedSighting(report, verdict, pooled, self.pack, template_update)
