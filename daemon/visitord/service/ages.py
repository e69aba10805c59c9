"""By which clock something is old: the database's, as long as nobody has just set it."""

import logging
from dataclasses import dataclass
from datetime import datetime

from visitord.core.clock import SET_S, Clock, ClockWatch
from visitord.store.database import Database, server_time

log = logging.getLogger(__name__)

DIFFERS_S = 3600.0  # what is told apart by age is days old


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the clocks found.

    now: what the database's clock says.  was_set: whether that was set since the last look.
    differs: whether this box's own clock, which stamps what is seen, says another time.
    """

    now: datetime
    was_set: bool
    differs: bool

    @property
    def tells_age(self) -> bool:
        """Whether something may be deleted because it is old by `now`."""
        return not self.was_set and not self.differs


class Ages:
    """The database's clock, beside this box's steady one and its time of day.

    Each job that goes by ages has one of its own, in its thread: what counts is whether the clock
    went on as it should since that job last looked.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watch = ClockWatch()
        self._watch.set_by(clock.now(), clock.since_boot())  # at first the clocks should agree

    def look(self, database: Database) -> Look:
        """Look at the clocks; raises DatabaseError."""
        with database.transaction() as cursor:
            now = server_time(cursor)
        set_by_s = self._watch.set_by(now, self._clock.since_boot()) or 0.0
        off_s = (self._clock.now() - now).total_seconds()
        return Look(now, abs(set_by_s) > SET_S, abs(off_s) > DIFFERS_S)

    def look_before_deleting(self, database: Database) -> Look:
        """The same, with a word in the log where nothing may be deleted by age this time."""
        look = self.look(database)
        if look.differs:
            log.warning(
                "This box's clock says %s, the database's %s: nothing is deleted by age until they "
                "agree; set up NTP on both.",
                f"{self._clock.now():%Y-%m-%d %H:%M}",
                f"{look.now:%Y-%m-%d %H:%M}",
            )
        elif look.was_set:
            log.info("A clock was set: nothing is deleted by age before the next look at it.")
        return look
