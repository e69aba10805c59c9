"""The stages of the service, and the progress of each.

A stage is a thread that must go on.  It says so again and again, and by when it will say so next:
one that has something long to do allows itself more.
"""

import threading
from dataclasses import dataclass

from visitord.core.clock import Clock

WITHIN_S = 60.0  # as a rule; a step takes fractions of a second


@dataclass(frozen=True, slots=True)
class Progress:
    """How a stage is.

    stage: its name.  beats: how often it has said that it goes on.  quiet_s: for how long it has
    not.  within_s: for how long it may not.
    """

    stage: str
    beats: int
    quiet_s: float
    within_s: float


@dataclass(frozen=True, slots=True)
class _Beat:
    number: int
    t: float
    within_s: float


class Stage:
    """`beat` belongs to the stage's thread; `progress` may be called from any."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._last = _Beat(0, clock.monotonic(), WITHIN_S)

    def beat(self, within_s: float = WITHIN_S) -> None:
        """Say that the stage goes on, and will say so again within so many seconds."""
        self._last = _Beat(self._last.number + 1, self._clock.monotonic(), within_s)

    def progress(self) -> Progress:
        """How the stage is now."""
        last = self._last
        return Progress(self.name, last.number, self._clock.monotonic() - last.t, last.within_s)


class Stages:
    """All stages of a service.  May be used from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: list[Stage] = []

    def begin(self, name: str) -> Stage:
        """A stage that must go on from now on."""
        stage = Stage(name, self._clock)
        with self._lock:
            self._running.append(stage)
        return stage

    def end(self, stage: Stage) -> None:
        """Expect nothing more of a stage, which has done its work."""
        with self._lock:
            self._running.remove(stage)

    def progress(self) -> list[Progress]:
        """How each stage is that has not ended."""
        with self._lock:
            running = list(self._running)
        return [stage.progress() for stage in running]
