"""Ends the process when one of its stages hangs, so that it is started again."""

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from visitord.core.stages import Progress, Stages

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
LOG_WITHIN_S = 10.0  # where the log hangs too


@dataclass(slots=True)
class _Quiet:
    """For how many looks a stage has said nothing since it said so the last time."""

    beats: int
    looks: int = 0
    is_told: bool = False


class Watchdog:
    """Looks whether all stages go on.  Belongs to a thread of its own.

    Time is counted in looks: where the whole process was stopped, or the machine slept or had no
    time for it, the watchdog did not look either, and no stage is to blame.

    Parameters
    ----------
    stages
        Those it watches.
    end
        Called when one hangs, with a sentence for the log; the process ends.
    """

    def __init__(self, stages: Stages, end: Callable[[str], None]) -> None:
        self._stages = stages
        self._end = end
        self._quiet: dict[str, _Quiet] = {}

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while not stop.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Note which stages went on since the last look; warn of one that did not, or end."""
        progress = self._stages.progress()
        self._quiet = {p.stage: self._look_at(p) for p in progress}

        for stage in progress:
            quiet_s = LOOK_EVERY_S * self._quiet[stage.stage].looks
            if quiet_s >= stage.within_s:
                self._end(f"The {stage.stage} thread has made no progress for {quiet_s:.0f} s.")
            elif quiet_s >= stage.within_s / 2:
                self._warn(stage.stage, quiet_s)

    def _look_at(self, stage: Progress) -> _Quiet:
        known = self._quiet.get(stage.stage)
        if known and known.beats == stage.beats:
            known.looks += 1
            return known

        if known and known.is_told:
            with _bounded():
                log.info("The %s thread goes on.", stage.stage)
        return _Quiet(stage.beats)

    def _warn(self, stage: str, quiet_s: float) -> None:
        quiet = self._quiet[stage]
        if not quiet.is_told:
            with _bounded():
                log.warning("The %s thread has made no progress for %.0f s.", stage, quiet_s)
        quiet.is_told = True


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Write to the log, whose end may hang too: then the kernel ends the process, by SIGALRM."""
    signal.setitimer(signal.ITIMER_REAL, LOG_WITHIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def end_process(why: str) -> None:
    """Log why, and where every thread is, and end with exit code 1, whatever else hangs.

    What waits on disk is as after a crash: written at the next start.
    """
    with _bounded():
        log.critical("%s visitord ends, to be started again; this is where its threads are.", why)
        faulthandler.dump_traceback(sys.stderr, all_threads=True)
        os._exit(1)
