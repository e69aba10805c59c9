"""The scheduled work: merging duplicates, telling who left, deleting old pictures and those of
people forgotten.
"""

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import DatabaseError, DatabaseUnavailableError, SpoolError
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.service.recorder import Recorder
from visitord.store import erasure, templates, visits
from visitord.store.crops import Crops
from visitord.store.database import Database

log = logging.getLogger(__name__)

LEAVE_EVERY_S = 5
ERASE_EVERY_S = 2
ERASE_OVERLAP = timedelta(minutes=5)  # longer than a transaction lasts, and than two clocks differ
TIDY_EVERY_S = 3600


class Jobs:
    """The daemon's schedule, from now on.  Each run opens its own connection: jobs must not share
    the recorder's.
    """

    def __init__(
        self, database: Database, recorder: Recorder, config: Config, clock: Clock
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._config = config
        self._clock = clock
        self._told = clock.now()  # until when it is told who left
        self._erased: datetime | None = None  # until when this box has deleted what was erased
        self._near: Neighbours | None = None  # to the last merge job
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        # One worker: jobs never run at once.  Late is better than skipped.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None},
            timezone="UTC",
        )
        merge = IntervalTrigger(seconds=config.merge.every.total_seconds())
        if config.merge.cron:
            merge = CronTrigger.from_crontab(config.merge.cron, config.site.timezone)
        self._scheduler.add_job(self._run, merge, [self._merge])
        self._scheduler.add_job(self._run, "interval", [self._tidy], seconds=TIDY_EVERY_S)
        self._scheduler.add_job(self._run, "interval", [self._leave], seconds=LEAVE_EVERY_S)
        self._scheduler.add_job(self._run, "interval", [self._erase], seconds=ERASE_EVERY_S)
        self._scheduler.start()

    def stop(self) -> None:
        """No further runs; the process waits for one that is under way, and time limits on
        statements bound that.
        """
        self._scheduler.shutdown(wait=False)

    def _run(self, job: Callable[[Database], None]) -> None:
        """One run, with a connection of its own; what goes wrong is logged, and the next run tries
        again.
        """
        try:
            with contextlib.closing(self._database.another()) as database:
                job(database)
        except DatabaseUnavailableError as error:
            log.debug(
                "A scheduled job will be tried again: %s", error
            )  # the recorder warns about the outage
        except DatabaseError as error:
            log.warning("A scheduled job could not run and will be tried again: %s", error)

    def _merge(self, database: Database) -> None:
        limits = self._recorder.thresholds
        if limits is None:
            return  # the database was away ever since the start
        if self._near is None or self._near.threshold != limits.merge:
            self._near = Neighbours(limits.merge)
        done = merge_job.merge_duplicates(
            database, self._recorder.pack, self._near, self._clock.now()
        )
        if done.groups:
            log.info("The merge job %s.", merge_job.outcome(done))

    def _tidy(self, database: Database) -> None:
        limits, crops = self._config.crops, Crops(self._config.crops_dir)
        with database.transaction() as cursor:
            needed = templates.crops(cursor)
            erasure.sweep(cursor, self._clock.now())
        if deleted := crops.tidy(needed, self._clock.now(), limits.keep, limits.max_mb * 1_000_000):
            log.info("Deleted %d old face pictures.", deleted)

    def _erase(self, database: Database) -> None:
        """Delete this box's files of everyone that any box forgot since the last time."""
        now = self._clock.now()
        with database.transaction() as cursor:
            erased = erasure.since(cursor, self._erased and self._erased - ERASE_OVERLAP)
        try:
            erasure.finish(erased, Crops(self._config.crops_dir), self._config.spool_file)
            self._erased = now
        except (OSError, SpoolError) as error:
            log.warning("Files of somebody who was forgotten cannot be deleted yet: %s", error)

    def _leave(self, database: Database) -> None:
        """Log who has left since the last time."""
        now = self._clock.now()
        with database.transaction() as cursor:
            gone = visits.departures(cursor, self._told, now)
        self._told = now
        for left in gone:
            log.info("%s left %s after %s.", left.name, left.site, str(left.duration).split(".")[0])
