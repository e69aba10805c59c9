"""The scheduled work: merging duplicates, and closing visits whose gap has passed."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from visitord.clock import Clock
from visitord.errors import DatabaseError
from visitord.identity import cluster
from visitord.identity.cluster import Group
from visitord.identity.neighbours import Neighbours
from visitord.records import Thresholds
from visitord.store import gallery, merging, visits
from visitord.store.database import Database

log = logging.getLogger(__name__)

CLOSE_EVERY_S = 5
JOB_NAME = "merge job"


def merge_duplicates(
    database: Database,
    pack: str,
    thresholds: Thresholds,
    now: datetime,
    *,
    dry_run: bool = False,
    neighbours: Neighbours | None = None,
) -> list[Group]:
    """Run one merge job; returns what was (or with dry_run would be) merged and settled.

    neighbours: what the last run knew, so that only new embeddings are fetched and compared.
    Returns nothing when another process is at it.  Raises DatabaseError.
    """
    neighbours = neighbours or Neighbours(thresholds.merge)
    with database.transaction() as cursor:
        if not merging.lock(cursor):
            log.info("Another process runs the merge job; this one leaves it to that.")
            return []
        merging.freeze(cursor)
        members = merging.members(cursor, pack)
        keys = [key for member in members for part in member.parts for key in part]
        neighbours.update(keys, merging.embeddings(cursor, neighbours.unknown(keys)))
        groups = cluster.propose(members, merging.apart(cursor), neighbours).groups
        if groups and not dry_run:
            for group in groups:
                merging.apply(cursor, group, JOB_NAME, now)
            gallery.changed(cursor)
        return groups


def outcome(groups: Sequence[Group]) -> str:
    """What a merge job did, in words."""
    merged, settled = sum(len(g.merged) for g in groups), sum(len(g.settled) for g in groups)
    return f"merged {merged} identities and settled {settled} pending sightings"


def close_visits(database: Database, now: datetime, recent: timedelta = timedelta(minutes=10)) -> None:
    """Close visits whose gap has passed, and log who left since (not what a replay brought)."""
    with database.transaction() as cursor:
        closed = visits.close(cursor, now)
    for name, site, left_at, duration in closed:
        if now - left_at < recent:
            log.info("%s left %s after %s.", name, site, str(duration).split(".")[0])


class Jobs:
    """The daemon's schedule.  Each run opens its own connection: jobs must not share the recorder's."""

    def __init__(
        self, database: Database, pack: str, thresholds: Thresholds, merge_every: timedelta, clock: Clock
    ) -> None:
        self._database = database
        self._pack = pack
        self._thresholds = thresholds
        self._clock = clock
        self._neighbours = Neighbours(thresholds.merge)
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        # One worker: closing visits and merging never run at once.  Late is better than skipped.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)}, job_defaults={"misfire_grace_time": None}, timezone="UTC"
        )
        self._scheduler.add_job(self._run, "interval", [self._merge], seconds=merge_every.total_seconds())
        self._scheduler.add_job(self._run, "interval", [self._close], seconds=CLOSE_EVERY_S)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """No further runs; the process waits for one that is under way, and time limits on statements bound that."""
        self._scheduler.shutdown(wait=False)

    def _run(self, job: Callable[[Database], None]) -> None:
        """One run, with a connection of its own; what goes wrong is logged, and the next run tries again."""
        try:
            with contextlib.closing(self._database.another()) as database:
                job(database)
        except DatabaseError as error:
            log.warning("A scheduled job could not run and will be tried again: %s", error)

    def _merge(self, database: Database) -> None:
        now, known = self._clock.now(), self._neighbours
        if groups := merge_duplicates(database, self._pack, self._thresholds, now, neighbours=known):
            log.info("The merge job %s.", outcome(groups))

    def _close(self, database: Database) -> None:
        close_visits(database, self._clock.now())
