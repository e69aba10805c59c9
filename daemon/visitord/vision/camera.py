"""A camera's thread: opens its source, keeps the newest picture ready, and comes back after every failure."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from visitord.clock import Clock
from visitord.errors import CameraError, CameraRefusedError, MediaError, StreamEndedError
from visitord.records import Frame
from visitord.sources import Kind, Source
from visitord.vision import media, usb
from visitord.vision.media import Picture
from visitord.worker import backoff

RETRY_FIRST_S = 0.5
RETRY_CAP_S = 8.0  # a camera is back within ten seconds of coming back
REFUSED_WAIT_S = 60.0  # a wrong password is not tried more often: cameras lock accounts


class State(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"  # open, but no new picture for `stale_after`
    REFUSED = "refused"  # it answered and said no
    GONE = "gone"  # no answer, or the stream broke
    ENDED = "ended"  # a file was played to its end


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a camera now.  fps: pictures offered a second, over the last seconds."""

    camera: str
    state: State = State.CONNECTING
    reason: str = ""
    last_frame_at: datetime | None = None
    fps: float = 0.0
    dropped: int = 0
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """One camera as configured; durations in seconds.

    once: the end of its stream is its end, as with a file; otherwise it is opened again.
    """

    name: str
    source: Source
    transport: str
    fps: float
    stale_after_s: float
    once: bool = False


class Camera:
    """`run` belongs to the camera's own thread; `take` and `health` may be called from any.

    The slot holds one picture: a newer one replaces it, and the loss is counted in `dropped`.
    """

    def __init__(
        self, settings: CameraSettings, clock: Clock, stop: threading.Event, ready: Callable[[], None]
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._stop = stop
        self._ready = ready
        self._lock = threading.Lock()
        self._slot: Frame | None = None
        self._health = Health(settings.name)
        self._last_t: float | None = None
        self._was_live = False  # whether the present connection has given a picture

    def take(self) -> Frame | None:
        """The newest picture not taken yet, if any."""
        with self._lock:
            frame, self._slot = self._slot, None
            return frame

    def health(self) -> Health:
        """The camera's state now; a live one without a new picture for `stale_after` is stale."""
        with self._lock:
            health, last_t = self._health, self._last_t
        quiet_s = self._clock.monotonic() - last_t if last_t is not None else 0.0
        if health.state is State.LIVE and quiet_s > self.settings.stale_after_s:
            return replace(health, state=State.STALE, reason=f"no new picture for {quiet_s:.0f} s", fps=0.0)
        return health

    def run(self) -> None:
        """Read until told to stop or played to the end; every failure is a state with a reason, then another try."""
        waits = backoff(RETRY_FIRST_S, RETRY_CAP_S)
        while not self._stop.is_set():
            self._set(State.CONNECTING)
            state, reason = self._read()
            if self._stop.is_set():
                return
            self._set(state, reason)
            if state is State.ENDED:
                return
            if self._was_live:
                waits = backoff(RETRY_FIRST_S, RETRY_CAP_S)
            if not self._stop.wait(REFUSED_WAIT_S if state is State.REFUSED else next(waits)):
                with self._lock:
                    self._health = replace(self._health, reconnects=self._health.reconnects + 1)

    def _read(self) -> tuple[State, str]:
        """Offer pictures until the source fails or ends; returns what became of it, and why."""
        self._was_live = False
        ends = self.settings.once or self.settings.source.kind is Kind.FILE
        try:
            for picture in self._pictures():
                if self._stop.is_set():
                    break
                self._offer(picture)
            return State.ENDED, "it was played to its end"
        except CameraRefusedError as error:
            return State.REFUSED, str(error)
        except StreamEndedError as error:
            return (State.ENDED, "it was played to its end") if ends else (State.GONE, str(error))
        except (CameraError, MediaError) as error:
            return (State.ENDED if ends and self._was_live else State.GONE), str(error)

    def _pictures(self) -> Iterator[Picture]:
        s = self.settings
        if s.source.kind is Kind.USB:
            return usb.stream(s.source.target, s.fps)
        if s.source.kind is Kind.FILE:
            return self._paced(media.recording(Path(s.source.target), s.fps))
        return media.stream(s.source.target, s.transport, s.fps, s.stale_after_s / 2)

    def _paced(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """A file as if it were filmed now: each picture at its time."""
        start = time.monotonic()
        for picture in pictures:
            if self._stop.wait(max(0.0, start + picture.t - time.monotonic())):
                return
            yield picture

    def _offer(self, picture: Picture) -> None:
        """Put the picture in the slot, replacing one that nobody took."""
        now, t = self._clock.now(), self._clock.monotonic()
        with self._lock:
            rate = 1 / max(t - self._last_t, 1e-3) if self._was_live and self._last_t is not None else 0.0
            fps = 0.9 * self._health.fps + 0.1 * rate if self._health.fps else rate
            dropped = self._health.dropped + (self._slot is not None)
            self._slot = Frame(self.settings.name, picture.image, now, t)
            self._last_t = t
            self._health = replace(
                self._health, state=State.LIVE, reason="", last_frame_at=now, fps=round(fps, 2), dropped=dropped
            )
        self._was_live = True
        self._ready()

    def _set(self, state: State, reason: str = "") -> None:
        with self._lock:
            self._health = replace(self._health, state=state, reason=reason, fps=0.0)
