"""A camera: its source is opened, its newest usable picture kept ready, and it comes back after
every failure.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from visitord.capture import decode, v4l2
from visitord.capture.inspection import COVERED, Inspector
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.errors import (
    CameraError,
    CameraRefusedError,
    CameraStaleError,
    MediaError,
    StreamEndedError,
)
from visitord.core.records import Frame, Picture
from visitord.core.sources import Kind, Source
from visitord.core.threads import backoff

RETRY_FIRST_S = 0.5
RETRY_CAP_S = 6.0  # with the opening, a camera is back within ten seconds of coming back
REFUSED_WAIT_S = 7.0  # never sooner: cameras lock accounts
PATIENCE_CAP_S = 300.0
# Beyond `stale_after`; opening and reading have limits, drivers and resolvers do not keep them
HANGS_AFTER_S = 15.0
HUNG_MAX = 3
CLOSES_WITHIN_S = 2.0


class State(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"  # it is there, but no picture to be used came for `stale_after`
    REFUSED = "refused"  # it answered and said no
    GONE = "gone"  # no answer, or the stream broke
    ENDED = "ended"  # a file was played to its end
    DISABLED = "disabled"  # by the configuration


FINAL = (State.ENDED, State.DISABLED)  # nothing more will come
Outcome = tuple[State, str]  # what became of a connection, and why


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a camera now.

    fps: pictures offered a second, over the last seconds.  stream: what it sends, such as "h264
    1280x720".
    """

    camera: str
    state: State = State.CONNECTING
    reason: str = ""
    last_frame_at: datetime | None = None
    fps: float = 0.0
    dropped: int = 0
    reconnects: int = 0
    stream: str = ""

    def __str__(self) -> str:
        """The state and its reason, such as "gone: connection refused"."""
        reason = self.reason.rstrip(".")
        return f"{self.state}: {reason}" if reason else str(self.state)


class Camera:
    """`run` belongs to the camera's own thread; `take` and `health` may be called from any.

    The slot holds one picture: a newer one replaces it, and the loss is counted in `dropped`.  A
    further thread opens, reads and closes each connection, so that one that never returns can be
    given up.

    source: the configured one, complete.  once: the end of its stream is its end, as with a file;
    otherwise it is opened again.
    """

    def __init__(
        self,
        settings: CameraConfig,
        source: Source,
        clock: Clock,
        stop: threading.Event,
        ready: Callable[[], None],
        *,
        once: bool = False,
    ) -> None:
        self.settings = settings
        self._source = source
        self._stale_after_s = settings.stale_after.total_seconds()
        self._ends = once or source.kind is Kind.FILE
        self._clock = clock
        self._stop = stop
        self._ready = ready
        self._lock = threading.Lock()
        self._slot: Frame | None = None
        self._health = Health(settings.name)
        self._inspector = Inspector()
        self._reader: threading.Thread | None = None
        self._hung: list[threading.Thread] = []
        self._openings = itertools.count()
        self._live_s = 0.0  # for how long the present connection has given pictures to be used
        self._was_live = False  # whether the present connection has given a picture to be used
        self._read_t = 0.0  # of the last picture, or of the opening
        self._good_t: float | None = (
            None  # of the last picture to be used, or of the first picture at all
        )
        self._covered_t: float | None = None  # since when the lens is covered
        self._patience_s = self._stale_after_s

    def take(self) -> Frame | None:
        """The newest picture not taken yet, if any."""
        with self._lock:
            frame, self._slot = self._slot, None
            return frame

    def health(self) -> Health:
        """The camera's state now; a live one without a picture to be used for `stale_after` is
        stale.
        """
        with self._lock:
            health, good_t, covered_t = self._health, self._good_t, self._covered_t
        if health.state is State.LIVE and good_t is not None:
            t, stale_after_s = self._clock.monotonic(), self._stale_after_s
            if t - good_t > stale_after_s:
                return replace(
                    health,
                    state=State.STALE,
                    reason=health.reason or decode.silence(stale_after_s),
                    fps=0.0,
                )
            if covered_t is not None and t - covered_t > stale_after_s:
                return replace(health, state=State.STALE, reason=COVERED)
        return replace(health, reason="") if health.state is State.LIVE else health

    def run(self) -> None:
        """Read until told to stop or played to the end; every failure is a state with a reason,
        then another try.
        """
        waits = backoff(RETRY_FIRST_S, RETRY_CAP_S)
        while not self._stop.is_set():
            state, reason = self._connection()
            if self._stop.is_set():
                return
            self._set(state=state, reason=reason, fps=0.0)
            if state is State.ENDED:
                return
            if (
                self._live_s > RETRY_CAP_S
            ):  # else a camera that fails after every first picture is opened for ever
                waits = backoff(RETRY_FIRST_S, RETRY_CAP_S)
            self._stop.wait(REFUSED_WAIT_S if state is State.REFUSED else next(waits))

    def _connection(self) -> Outcome:
        """Open the source and read until it fails, ends, or hangs; returns what became of it, and
        why.
        """
        self._hung = [reader for reader in self._hung if reader.is_alive()]
        if len(self._hung) >= HUNG_MAX:
            return State.GONE, f"{HUNG_MAX} reads never returned; mend the camera or its driver"
        self._was_live, self._live_s = False, 0.0
        self._read_t, self._good_t = self._clock.monotonic(), None
        hangs_after_s = self._stale_after_s + HANGS_AFTER_S
        self._set(reconnects=next(self._openings))
        outcome: Future[Outcome] = Future()
        name = f"reader {self.settings.name}"
        self._reader = reader = threading.Thread(
            target=_fulfil, args=(outcome, self._read), name=name, daemon=True
        )
        reader.start()
        while reader.is_alive():
            reader.join(0.1)
            if self._stop.is_set():
                reader.join(CLOSES_WITHIN_S)
                break
            if (
                self._source.kind is not Kind.FILE
                and self._clock.monotonic() - self._read_t > hangs_after_s
            ):
                self._hung.append(reader)
                self._reader = None
                return State.GONE, "a read never returned and was given up"
        return outcome.result() if outcome.done() else (State.GONE, "it was given up")

    def _read(self) -> Outcome:
        """Offer pictures until the source fails or ends; returns what became of it, and why."""
        played = (State.ENDED, "it was played to its end")
        try:
            for picture in self._pictures():
                if self._stop.is_set() or self._is_given_up():
                    break
                self._judge(picture)
            return played
        except CameraRefusedError as error:
            return State.REFUSED, str(error)
        except StreamEndedError as error:
            return played if self._ends else (State.GONE, str(error))
        except CameraStaleError as error:
            return State.STALE, str(error)
        except (CameraError, MediaError) as error:
            return (State.ENDED if self._ends and self._was_live else State.GONE), str(error)

    def _pictures(self) -> Iterator[Picture]:
        asked, target = self.settings, self._source.target
        if self._source.kind is Kind.FILE:
            return self._paced(decode.recording(Path(target), asked.fps, asked.size))
        read = v4l2.stream if self._source.kind is Kind.USB else decode.stream
        return read(target, asked, self._describe)

    def _paced(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """A file as if it were filmed now: each picture at its time."""
        start = time.monotonic()
        for picture in pictures:
            if self._stop.wait(max(0.0, start + picture.t - time.monotonic())):
                return
            yield picture

    def _judge(self, picture: Picture) -> None:
        """Offer a picture that shows what is there; raises CameraStaleError after too long without
        one.
        """
        t = self._read_t = self._clock.monotonic()
        if flaw := self._inspector.flaw(picture):
            self._good_t = t if self._good_t is None else self._good_t
            if t - self._good_t > self._stale_after_s:
                self._set(state=State.STALE, reason=flaw, fps=0.0)
            elif self._health.state is State.LIVE:
                self._set(reason=flaw)
            if t - self._good_t > self._patience_s and self._source.kind is not Kind.FILE:
                # It may be cured by opening it anew; if not, every time less hope.
                self._patience_s = min(2 * self._patience_s, PATIENCE_CAP_S)
                raise CameraStaleError(flaw)
            return
        if self._was_live and self._good_t is not None:
            self._live_s += t - self._good_t
        if (
            self._live_s > self._stale_after_s
        ):  # not by one picture: a new key frame differs a little
            self._patience_s = self._stale_after_s
        self._offer(picture, t)

    def _offer(self, picture: Picture, t: float) -> None:
        """Put the picture in the slot, replacing one that nobody took."""
        now = self._clock.now()
        with self._lock:
            rate = (
                1 / max(t - self._good_t, 1e-3)
                if self._was_live and self._good_t is not None
                else 0.0
            )
            fps = 0.9 * self._health.fps + 0.1 * rate if self._health.fps else rate
            dropped = self._health.dropped + (self._slot is not None)
            self._slot = Frame(self.settings.name, picture, now, t)
            self._good_t = t
            self._covered_t = (self._covered_t or t) if self._inspector.covered else None
            self._health = replace(
                self._health,
                state=State.LIVE,
                reason="",
                last_frame_at=now,
                fps=round(fps, 2),
                dropped=dropped,
            )
        self._was_live = True
        self._ready()

    def _is_given_up(self) -> bool:
        """Whether the present thread's read came back only after another one was begun."""
        return threading.current_thread() is not self._reader

    def _describe(self, stream: str) -> None:
        if not self._is_given_up():
            self._set(stream=stream)

    def _set(self, **changes: object) -> None:
        with self._lock:
            self._health = replace(self._health, **changes)  # type: ignore[arg-type]


def _fulfil(outcome: Future[Outcome], read: Callable[[], Outcome]) -> None:
    """What a reader thread does: also an error that nobody expected is an outcome."""
    try:
        outcome.set_result(read())
    except BaseException as error:
        outcome.set_exception(error)
