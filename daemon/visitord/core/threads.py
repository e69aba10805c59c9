"""Threads that never die silently, and waits that hear the stop signal."""

import logging
import random
import threading
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """A named thread that never dies silently.

    Parameters
    ----------
    name
        The thread's, as logs and debuggers show it.
    work
        What it does; it ends when this returns.
    failed
        Called when `work` raises, after the error is logged: the process is to end.
    """

    def __init__(self, name: str, work: Callable[[], None], failed: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._failed = failed

    def run(self) -> None:
        try:
            self._work()
        except BaseException:
            log.critical(
                "The %s thread died; visitord stops, to be started again.", self.name, exc_info=True
            )
            self._failed()


def backoff(first_s: float, cap_s: float) -> Iterator[float]:
    """Waits in seconds that double up to the cap, from `first_s` on.

    Each is shortened by up to half at random, so that boxes do not march in step.
    """
    delay_s = min(first_s, cap_s)
    while True:
        yield delay_s * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        delay_s = min(delay_s * 2, cap_s)
