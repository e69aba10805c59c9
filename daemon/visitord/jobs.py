"""The scheduled work: merging duplicates, and closing visits whose gap has passed."""

import logging
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from visitord.clock import Clock
from visitord.errors import DatabaseError
from visitord.identity import cluster
from visitord.identity.cluster import Group
from visitord.records import Thresholds
from visitord.store import merging, visits
from visitord.store.database import Database

log = logging.getLogger(__name__)

CLOSE_EVERY_S = 5
JOB_NAME = "merge job"


def merge_duplicates(
    database: Database, pack: str, thresholds: Thresholds, now: datetime, *, dry_run: bool = False
) -> list[Group]:
    """Run one merge job; returns what was (or with dry_run would be) merged and settled.

    Returns nothing when another process is at it.  Raises DatabaseError.
    """
    with database.transaction() as cursor:
        if not merging.lock(cursor):
            log.info("Another process runs the merge job; this one leaves it to that.")
            return []
        groups = cluster.propose(merging.members(cursor, pack), merging.apart(cursor), thresholds)
        if not dry_run:
            for group in groups:
                merging.apply(cursor, group, JOB_NAME, now)
        return groups


def close_visits(database: Database, now: datetime, recent: timedelta = timedelta(minutes=10)) -> None:
    """Close visits whose gap has passed, and log who left just now (not what a replay brought)."""
    with database.transaction() as cursor:
        closed = visits.close(cursor, now)
    for _, name, site, ended_at, duration in closed:
        if now - ended_at < recent:
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
        # One worker: closing visits and merging never run at once.  Late is better than skipped.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        self._scheduler.add_job(self._merge, "interval", seconds=merge_every.total_seconds(), id="merge")
        self._scheduler.add_job(self._close, "interval", seconds=CLOSE_EVERY_S, id="close")

    def start(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler.start()

    def stop(self) -> None:
        """No further runs; one that is under way ends with its transaction or with the process."""
        self._scheduler.shutdown(wait=False)

    def _merge(self) -> None:
        with _Connection(self._database) as database:
            groups = merge_duplicates(database, self._pack, self._thresholds, self._clock.now())
        merged, settled = sum(len(g.merged) for g in groups), sum(len(g.settled) for g in groups)
        if groups:
            log.info("The merge job merged %d identities and settled %d pending sightings.", merged, settled)

    def _close(self) -> None:
        with _Connection(self._database) as database:
            close_visits(database, self._clock.now())


class _Connection:
    """A database for one job run; what goes wrong is logged, and the next run tries again."""

    def __init__(self, database: Database) -> None:
        self._database = database.another()

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        self._database.close()
        if isinstance(error, DatabaseError):
            log.warning("A scheduled job could not run and will be tried again: %s", error)
            return True
        return False
