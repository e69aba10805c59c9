"""How many windows of a picture there is time to search, so that the next one is not missed."""

from collections.abc import Iterator
from contextlib import contextmanager

from visitord.core.clock import Clock

WINDOWS_MIN = 2  # are searched in any case
GAIN = 0.1  # the share of the last picture in what a window takes


class SearchTime:
    """Measures what a window takes, and divides the time for a picture by it.

    Owned by a pipeline.

    Parameters
    ----------
    clock
        Measures it.
    picture_s
        For how long the windows of a picture may be searched, seconds.
    """

    def __init__(self, clock: Clock, picture_s: float) -> None:
        self._clock = clock
        self._picture_s = picture_s
        self._window_s = 0.0  # 0 before the first

    @property
    def windows(self) -> int:
        """For how many there is time in a picture."""
        if self._window_s <= 0:
            return WINDOWS_MIN
        return max(WINDOWS_MIN, int(self._picture_s / self._window_s))

    @contextmanager
    def spent_on(self, windows: int) -> Iterator[None]:
        """Measure how long so many windows, at least one, take."""
        start_t = self._clock.monotonic()
        yield
        took_s = (self._clock.monotonic() - start_t) / windows
        gain = GAIN if self._window_s > 0 else 1.0
        self._window_s += gain * (took_s - self._window_s)
