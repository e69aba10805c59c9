"""Keeps the ages of this box's pictures right when its time of day is set."""

import logging
from datetime import timedelta

from visitord.core.clock import SET_S, Clock, ClockWatch
from visitord.store.crops import Crops

log = logging.getLogger(__name__)


class Stamps:
    """Moves the times of pictures along with the clock that stamped them.  Of one thread.

    A box without a clock battery begins in 1970 and is set right minutes later: what it has kept
    until then would be half a century old.  Files from before this process began stay as they are.

    Parameters
    ----------
    crops
        The pictures.
    clock
        The process's clock, whose wall clock stamps them.
    """

    def __init__(self, crops: Crops, clock: Clock) -> None:
        self._crops = crops
        self._clock = clock
        self._began_t = clock.since_boot()
        self._watch = ClockWatch()
        self._watch.set_by(clock.now(), self._began_t)

    def look(self) -> None:
        """Restamp what was kept since the process began, if the clock was set since the last look.

        Raises OSError.
        """
        now = self._clock.now()
        now_t = self._clock.since_boot()
        set_by_s = self._watch.set_by(now, now_t) or 0.0
        if abs(set_by_s) <= SET_S:
            return

        by = timedelta(seconds=set_by_s)
        until = now - by
        since = until - timedelta(seconds=now_t - self._began_t)
        stamped = self._crops.restamp(since, until, by)
        log.warning("This box's clock was set by %+.0f s; so were %d pictures.", set_by_s, stamped)
