"""The scheduled work: merging duplicates, telling who left, deleting what is old or erased."""

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import DatabaseError, DatabaseUnavailableError, SpoolError
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.service.recorder import Recorder
from visitord.store import cameras, erasure, templates, visits
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.opening import box_of

log = logging.getLogger(__name__)

LEAVE_EVERY_S = 5
ERASE_EVERY_S = 2
DOUBTS_EVERY_S = 60
TIDY_EVERY_S = 3600
EXPIRE_EVERY_S = 3600
UNNAMED_FOR = timedelta(hours=1)  # a picture is on disk before its row is committed
UNNAMED_BATCH = 10_000  # names that are asked for at once
EXPIRE_BATCH = 1000  # sightings in one transaction, so that no recorder waits long


class Jobs:
    """The daemon's schedule, which runs from now on.

    Jobs run in a thread of their own, one at a time, late rather than never.  Each run opens its
    own connection, for they must not share the recorder's.

    Parameters
    ----------
    database
        Opens the connections.
    recorder
        Says which recogniser and which rule are in force.
    config
        The box's configuration.
    clock
        The process's clock.
    """

    def __init__(
        self, database: Database, recorder: Recorder, config: Config, clock: Clock
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._config = config
        self._clock = clock

        # Who left before that was told; what was forgotten before that is deleted here.
        self._left_until = clock.now()
        self._erased_until: datetime | None = None

        # Everyone's neighbours, from the last merge job.
        self._near = Neighbours(1.0, recorder.settings.centre)

        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None},
            timezone="UTC",
        )
        self._schedule(self._merge, self._merge_times())
        self._schedule(self._merge_doubtful, IntervalTrigger(seconds=DOUBTS_EVERY_S))
        self._schedule(self._tidy, IntervalTrigger(seconds=TIDY_EVERY_S))
        self._schedule(self._expire, IntervalTrigger(seconds=EXPIRE_EVERY_S))
        self._schedule(self._leave, IntervalTrigger(seconds=LEAVE_EVERY_S))
        self._schedule(self._erase, IntervalTrigger(seconds=ERASE_EVERY_S))
        self._scheduler.start()

    def _merge_times(self) -> BaseTrigger:
        merge = self._config.merge
        if merge.cron:
            return CronTrigger.from_crontab(merge.cron, self._config.site.timezone)
        return IntervalTrigger(seconds=merge.every.total_seconds())

    def _schedule(self, job: Callable[[Database], None], times: BaseTrigger) -> None:
        self._scheduler.add_job(self._run, times, [job])

    def stop(self) -> None:
        """No further runs.

        The process waits for one that is under way; the time limits on statements bound that.
        """
        self._scheduler.shutdown(wait=False)

    def _run(self, job: Callable[[Database], None]) -> None:
        """One run; what goes wrong is logged, and the next run tries again."""
        try:
            with contextlib.closing(self._database.another()) as database:
                job(database)
        except DatabaseUnavailableError as error:  # the recorder warns about the outage
            log.debug("A scheduled job will be tried again: %s", error)
        except DatabaseError as error:
            log.warning("A scheduled job could not run and will be tried again: %s", error)

    def _merge(self, database: Database) -> None:
        rule = self._recorder.rule
        if rule is None:
            return  # the database was away ever since the start

        self._recorder.doubtful.clear()
        now = self._clock.now()
        pack = self._recorder.settings.pack
        done = merge_job.merge_duplicates(database, pack, rule, self._near, now)
        if done.groups:
            log.info("The merge job %s.", merge_job.outcome(done))

    def _merge_doubtful(self, database: Database) -> None:
        """Merge before its time where somebody was enrolled who may be known already."""
        if self._recorder.doubtful.is_set():
            self._merge(database)

    def _tidy(self, database: Database) -> None:
        """Delete face pictures that are too old or too many, and traces of what was erased."""
        now = self._clock.now()
        with database.transaction() as cursor:
            needed = templates.crops(cursor)
            erasure.sweep(cursor, now)
            cameras.sweep(cursor, now)

        limits = self._config.crops
        crops = Crops(self._config.crops_dir)
        self._delete_unnamed(database, crops, now)
        deleted = crops.tidy(needed, now, limits.keep, limits.max_mb * 1_000_000)
        if deleted:
            log.info("Deleted %d old face pictures.", deleted)

    def _delete_unnamed(self, database: Database, crops: Crops, now: datetime) -> None:
        """Delete pictures whose rows are no more, however that came about."""
        names = crops.written_before(now - UNNAMED_FOR)
        for start in range(0, len(names), UNNAMED_BATCH):
            with database.transaction() as cursor:
                unnamed = erasure.unnamed(cursor, names[start : start + UNNAMED_BATCH])
            crops.delete(unnamed)

    def _expire(self, database: Database) -> None:
        """Delete what sightings look like that nobody was found for in time."""
        before = self._clock.now() - self._config.visit.settle_within
        total = 0
        expired = EXPIRE_BATCH
        while expired == EXPIRE_BATCH:
            with database.transaction() as cursor:
                expired = erasure.expire(cursor, before, EXPIRE_BATCH)
            total += expired
        if total:
            log.info("Deleted what %d unidentified sightings looked like.", total)

    def _erase(self, database: Database) -> None:
        """Delete this box's files of everyone that any box forgot since the last time."""
        now = self._clock.now()
        crops = Crops(self._config.crops_dir)
        box = box_of(self._config)
        try:
            erasure.finish_here(database, self._erased_until, box, crops, self._config.spool_file)
        except (OSError, SpoolError) as error:
            log.warning("Files of somebody who was forgotten cannot be deleted yet: %s", error)
            return
        self._erased_until = now

    def _leave(self, database: Database) -> None:
        """Log who has left since the last time."""
        now = self._clock.now()
        with database.transaction() as cursor:
            departures = visits.departures(cursor, self._left_until, now)
        self._left_until = now

        for left in departures:
            whole_seconds = str(left.duration).split(".")[0]
            log.info("%s left %s after %s.", left.name, left.site, whole_seconds)
