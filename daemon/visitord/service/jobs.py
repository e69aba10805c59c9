"""The scheduled work: merging duplicates, telling who left, deleting what is old or erased."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import DatabaseError, DatabaseUnavailableError, SpoolError
from visitord.core.stages import WITHIN_S, Stage
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.service.ages import Ages
from visitord.service.recorder import Recorder
from visitord.service.schedule import ByCron, Every, Job, Schedule, Times
from visitord.service.stamps import Stamps
from visitord.store import cameras, erasure, events, templates
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.opening import box_of

log = logging.getLogger(__name__)

LEAVE_EVERY_S = 5
ERASE_EVERY_S = 2
STAMPS_EVERY_S = 2
DOUBTS_EVERY_S = 60
TIDY_EVERY_S = 3600
EXPIRE_EVERY_S = 3600
UNNAMED_FOR = timedelta(hours=1)  # a picture is on disk before its row is committed
UNNAMED_BATCH = 10_000  # names that are asked for at once
FOR_EVER = timedelta(days=1000 * 365)
EXPIRE_BATCH = 1000  # sightings in one transaction, so that no recorder waits long
# Between two steps of a job: a slow disk with many pictures; among 100,000 people a merge job
# compares for minutes on a fast box, and boxes are slow.
JOB_WITHIN_S = 15 * 60.0
MERGE_WITHIN_S = 4 * 3600.0


class Jobs:
    """The daemon's schedule.

    `run` belongs to the jobs thread, which owns a connection of its own; `next_merge` may be called
    from any.

    Parameters
    ----------
    database
        Opens the connection, for it must not share the recorder's.
    recorder
        Says which recogniser and which rule are in force.
    config
        The box's configuration.
    clock
        The process's clock.
    stage
        Told that the jobs thread goes on.
    """

    def __init__(
        self, database: Database, recorder: Recorder, config: Config, clock: Clock, stage: Stage
    ) -> None:
        self._stage = stage
        self._within_s = WITHIN_S  # between two steps of the present job
        self._database = database.another()
        self._database.on_step = self._step
        self._recorder = recorder
        self._config = config
        self._clock = clock

        # What was forgotten before that is deleted here.
        self._erased_until: datetime | None = None
        self._leaving_ages = Ages(clock)
        self._erasing_ages = Ages(clock)
        self._tidying_ages = Ages(clock)
        self._expiry_ages = Ages(clock)
        self._giving_up_ages = Ages(clock)

        # Everyone's neighbours, from the last merge job.
        self._near = Neighbours(1.0, recorder.settings.centre)

        self._merge_times = self._times_of_merges()
        self._stamps = Stamps(Crops(config.crops_dir), clock)
        jobs = (
            self._job("stamps", self._keep_stamps, Every(STAMPS_EVERY_S, clock)),
            self._job("erasing", self._erase, Every(ERASE_EVERY_S, clock)),
            self._job("departures", self._leave, Every(LEAVE_EVERY_S, clock)),
            self._job("merge", self._merge, self._merge_times, MERGE_WITHIN_S),
            self._job("doubts", self._merge_doubtful, Every(DOUBTS_EVERY_S, clock), MERGE_WITHIN_S),
            self._job("tidying", self._tidy, Every(TIDY_EVERY_S, clock)),
            self._job("expiry", self._expire, Every(EXPIRE_EVERY_S, clock)),
            self._job("events", self._give_up, Every(EXPIRE_EVERY_S, clock)),
        )
        self._schedule = Schedule(jobs, self._run_job)

    def _times_of_merges(self) -> Times:
        merge = self._config.merge
        if merge.cron:
            return ByCron(merge.cron, self._config.site.timezone, self._clock)
        return Every(merge.every.total_seconds(), self._clock)

    def _job(
        self,
        name: str,
        work: Callable[[Database], None],
        times: Times,
        within_s: float = JOB_WITHIN_S,
    ) -> Job:
        return Job(name, lambda: work(self._database), times, within_s)

    def next_merge(self) -> datetime:
        """When the merge job will run next."""
        return self._merge_times.next_run()

    def run(self, stop: threading.Event) -> None:
        """Run what is due until told to stop; a job under way is finished first."""
        while not stop.is_set():
            self._stage.beat()
            stop.wait(self._schedule.run_due(stop))
        self._database.close()

    def _step(self, within_s: float) -> None:
        self._stage.beat(max(within_s, self._within_s))

    def _run_job(self, job: Job) -> None:
        """One run; what goes wrong is logged, and the next run tries again."""
        self._within_s = job.within_s
        self._step(job.within_s)
        try:
            job.work()
        except DatabaseUnavailableError as error:  # the recorder warns about the outage
            log.debug("The %s job will be tried again: %s", job.name, error)
        except DatabaseError as error:
            log.warning(
                "A scheduled job (%s) could not run and will be tried again: %s", job.name, error
            )
        except Exception:
            log.exception("A scheduled job (%s) failed and will be tried again.", job.name)

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
        look = self._tidying_ages.look_before_deleting(database)
        with database.transaction() as cursor:
            needed = templates.crops(cursor)
            if look.tells_age:
                erasure.sweep(cursor, look.now)
                cameras.sweep(cursor, look.now)

        limits = self._config.crops
        keep = limits.keep if look.tells_age else FOR_EVER
        crops = Crops(self._config.crops_dir)
        if look.tells_age:
            self._delete_unnamed(database, crops, look.now)
        deleted = crops.tidy(needed, look.now, keep, limits.max_mb * 1_000_000)
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
        look = self._expiry_ages.look_before_deleting(database)
        if not look.tells_age:
            return

        before = look.now - self._config.visit.settle_within
        total = 0
        expired = EXPIRE_BATCH
        while expired == EXPIRE_BATCH:
            with database.transaction() as cursor:
                expired = erasure.expire(cursor, before, EXPIRE_BATCH)
            total += expired
        if total:
            log.info("Deleted what %d unidentified sightings looked like.", total)

    def _give_up(self, database: Database) -> None:
        """Delete events that are too old."""
        look = self._giving_up_ages.look_before_deleting(database)
        if not look.tells_age:
            return

        before = look.now - self._config.events.keep
        total = 0
        undelivered = 0
        given_up = EXPIRE_BATCH
        while given_up == EXPIRE_BATCH:
            with database.transaction() as cursor:
                gone = events.give_up(cursor, before, EXPIRE_BATCH)
            given_up = gone.events
            total += gone.events
            undelivered += gone.undelivered
        if undelivered:
            log.warning(
                "Deleted %d old events; %d deliveries of them are given up.", total, undelivered
            )
        elif total:
            log.info("Deleted %d old events.", total)

    def _erase(self, database: Database) -> None:
        """Delete this box's files of everyone that any box forgot since the last time."""
        look = self._erasing_ages.look(database)
        if look.was_set:
            self._erased_until = None  # marks may bear any time

        crops = Crops(self._config.crops_dir)
        box = box_of(self._config)
        try:
            erasure.finish_here(database, self._erased_until, box, crops, self._config.spool_file)
        except (OSError, SpoolError) as error:
            log.warning("Files of somebody who was forgotten cannot be deleted yet: %s", error)
            return
        self._erased_until = look.now

    def _keep_stamps(self, _: Database) -> None:
        """Let pictures keep their age when this box's clock was set."""
        self._stamps.look()

    def _leave(self, database: Database) -> None:
        """Tell who has left, and who came that could not be identified, since the last time.

        What was seen but is not written yet may say otherwise: it is waited for.
        """
        look = self._leaving_ages.look(database)
        if look.was_set or not self._recorder.caught_up.is_set():
            return

        with database.transaction() as cursor:
            departures = events.tell_departures(cursor, look.now)
        for left in departures:
            if left.duration is not None and not left.late:
                whole_seconds = str(left.duration).split(".")[0]
                log.info("%s left %s after %s.", left.name, left.site, whole_seconds)

        with database.transaction() as cursor:
            events.tell_unidentified(cursor, look.now)
