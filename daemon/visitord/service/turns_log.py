"""Tells the operator when a camera's picture has more to be searched than there is time for."""

import logging

log = logging.getLogger(__name__)

PERIOD_S = 60.0
TELL_EVERY_S = 3600.0
OFTEN = 0.5  # the share of a period's pictures in which something had to wait


class TurnsLog:
    """One camera's.  Owned by the vision thread.

    Parameters
    ----------
    camera
        Its name.
    """

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._begin_t = float("-inf")  # of the present period
        self._pictures = 0
        self._short = 0  # of these, in which something had to wait
        self._windows = 0  # that were due in those
        self._searched = 0
        self._told_t = float("-inf")

    def note(self, t: float, searched: int, put_off: int) -> None:
        """Take down what became of one picture.

        Parameters
        ----------
        t
            When, in seconds of the steady clock.
        searched
            How many windows of it were searched.
        put_off
            How many more were due.
        """
        if not 0 <= t - self._begin_t < PERIOD_S:
            self._end_period(t)
        self._pictures += 1
        if put_off:
            self._short += 1
            self._searched += searched
            self._windows += searched + put_off

    def _end_period(self, t: float) -> None:
        often = self._short > OFTEN * self._pictures
        if often and t - self._told_t >= TELL_EVERY_S:
            self._told_t = t
            log.warning(
                "Camera %s shows more than there is time for: of about %d places where something "
                "moves, %d are searched in a picture, and they take turns; leave out with "
                "`ignore` what always moves, or lower `fps`.",
                self._camera,
                round(self._windows / self._short),
                round(self._searched / self._short),
            )
        self._begin_t = t
        self._pictures = self._short = self._windows = self._searched = 0
