"""A camera: its newest usable picture is kept ready, and it comes back after every failure."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from visitord.capture import recordings, streams, v4l2
from visitord.capture.health import Connection, Health, HealthMonitor, State
from visitord.capture.inspection import Inspector
from visitord.capture.slot import Slot
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
# With the opening, a camera is back within ten seconds of coming back.
RETRY_CAP_S = 6.0
REFUSED_WAIT_S = 7.0  # never sooner: cameras lock accounts
PATIENCE_CAP_S = 300.0
# Cameras that save bandwidth send a key frame every few minutes.
KEY_FRAME_WITHIN_S = 600.0
# Beyond `stale_after`; opening and reading have limits, drivers and resolvers do not keep them.
HANGS_AFTER_S = 15.0
HUNG_MAX = 3
WATCH_EVERY_S = 0.1  # how soon the end of a connection is noticed
CLOSES_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a connection.

    state, reason: the camera's from now on.  live_s: for how long it gave usable pictures, seconds.
    """

    state: State
    reason: str
    live_s: float = 0.0


PLAYED = Outcome(State.ENDED, "it was played to its end")


class Camera:
    """Reads one camera for as long as the service runs; see `State` for what it can be.

    Two threads work on it.  The camera's own (`run`) has a source opened, waits and tries again.  A
    reader thread for each connection opens, reads and closes the source, so that a read that never
    returns can be given up; the next connection then has a reader of its own.  What both report
    goes through the `HealthMonitor` and the `Slot`, whose locks are the only ones.  `take` and
    `health` may be called from any thread.

    Parameters
    ----------
    settings
        The camera's section of the configuration.
    source
        The one configured there, complete with its password.
    clock
        The time; tests move it.
    stop
        Set when the service ends.
    ready
        Called whenever there is a new picture to take, from the reader thread.
    once
        The end of its stream is its end, as with a file; otherwise it is opened again.
    beat
        Called in the camera's own thread whenever that goes on, several times a minute.
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
        beat: Callable[[], object] = lambda: None,
    ) -> None:
        # Fixed.
        self.settings = settings
        self._source = source
        self._is_file = source.kind is Kind.FILE
        self._ends = once or self._is_file
        self._stale_after_s = settings.stale_after.total_seconds()
        self._clock = clock
        self._stop = stop
        self._ready = ready
        self._beat = beat

        # Shared, each with a lock of its own.
        self._slot = Slot()
        self._monitor = HealthMonitor(settings.name, self._stale_after_s)

        # The camera's thread alone: readers that were given up and have not returned yet.
        self._hung: list[threading.Thread] = []

        # The present reader alone, and so one thread at a time: a reader that was given up is told
        # so before it touches them (HealthMonitor.came), and one that was not has HANGS_AFTER_S
        # from then on, far more than a picture needs.
        self._inspector = Inspector()
        # For so long may pictures show nothing, before the source is opened anew.
        self._patience_s = self._stale_after_s
        # For so long was a key frame waited for: to open the source anew may cost that again.
        self._key_frame_s = 0.0

    def take(self) -> Frame | None:
        """The newest picture not taken yet, if any."""
        return self._slot.take()

    def health(self) -> Health:
        """What is known of the camera now."""
        return self._monitor.health(self._clock.monotonic())

    # The camera's thread

    def run(self) -> None:
        """Read until told to stop or played to the end, with another try after every failure."""
        waits = backoff(RETRY_FIRST_S, RETRY_CAP_S)
        while not self._stop.is_set():
            self._beat()
            outcome = self._connect()
            if self._stop.is_set():
                return
            self._monitor.failed(outcome.state, outcome.reason)
            if outcome.state is State.ENDED:
                return

            # Else a camera that fails after every first picture is opened for ever.
            if outcome.live_s > RETRY_CAP_S:
                waits = backoff(RETRY_FIRST_S, RETRY_CAP_S)
            refused = outcome.state is State.REFUSED
            self._stop.wait(REFUSED_WAIT_S if refused else next(waits))

    def _connect(self) -> Outcome:
        """Have the source read until that fails, ends or hangs; returns what became of it."""
        self._hung = [reader for reader in self._hung if reader.is_alive()]
        if len(self._hung) >= HUNG_MAX:
            reason = f"{HUNG_MAX} reads never returned; mend the camera or its driver"
            return Outcome(State.GONE, reason)

        connection = self._monitor.opening(self._clock.monotonic())
        future: Future[Outcome] = Future()
        reader = threading.Thread(
            target=_fulfil,
            args=(future, lambda: self._read(connection)),
            name=f"reader {self.settings.name}",
            daemon=True,
        )
        reader.start()
        outcome = self._watch(reader, future, connection)
        return replace(outcome, live_s=self._monitor.live_s(connection))

    def _watch(
        self, reader: threading.Thread, future: Future[Outcome], connection: Connection
    ) -> Outcome:
        """Wait until the reader has ended, is no longer wanted, or hangs and is given up."""
        hangs_after_s = self._stale_after_s + HANGS_AFTER_S
        while reader.is_alive():
            self._beat()
            reader.join(WATCH_EVERY_S)
            if self._stop.is_set():
                reader.join(CLOSES_WITHIN_S)
                break

            if self._is_file:
                continue
            t = self._clock.monotonic()
            if self._monitor.give_up_after(connection, t, hangs_after_s):
                self._hung.append(reader)
                return Outcome(State.GONE, "a read never returned and was given up")

        if not future.done():
            return Outcome(State.GONE, "it was given up")
        return future.result()

    # The reader threads

    def _read(self, connection: Connection) -> Outcome:
        """Offer pictures until the source fails or ends; returns what became of it."""
        try:
            for picture in self._pictures(connection):
                t = self._clock.monotonic()
                if self._stop.is_set() or not self._monitor.came(connection, t):
                    break
                if picture is None:
                    self._wait_for_key_frame(connection, t)
                else:
                    self._inspect(connection, picture, t)
            return PLAYED

        except CameraRefusedError as error:
            return Outcome(State.REFUSED, str(error))
        except StreamEndedError as error:
            return PLAYED if self._ends else Outcome(State.GONE, str(error))
        except CameraStaleError as error:
            return Outcome(State.STALE, str(error))
        except (CameraError, MediaError) as error:
            is_end = self._ends and self._monitor.was_live(connection)
            return Outcome(State.ENDED if is_end else State.GONE, str(error))

    def _pictures(self, connection: Connection) -> Iterator[Picture | None]:
        """What the source gives; None for a part of a stream that no picture comes of."""
        asked = self.settings
        target = self._source.target
        if self._is_file:
            played = recordings.read(Path(target), asked.fps, asked.size, asked.pixel_aspect)
            return self._paced(played)

        def described(stream: str) -> None:
            self._monitor.described(connection, stream)

        if self._source.kind is Kind.USB:
            return v4l2.read(target, asked, described, clock=self._clock)
        trust = self._source.trust
        return streams.read(target, asked, described, clock=self._clock, trust=trust)

    def _paced(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """A file as if it were filmed now: each picture at its time."""
        start_t = self._clock.monotonic()
        for picture in pictures:
            early_s = start_t + picture.t - self._clock.monotonic()
            if self._stop.wait(max(0.0, early_s)):
                return
            yield picture

    def _wait_for_key_frame(self, connection: Connection, t: float) -> None:
        """Bear with a stream that gives no picture yet, for to be opened anew would not hasten it.

        Raises CameraStaleError after longer than any camera takes.
        """
        waited_s = self._monitor.undecoded(connection, t)
        self._key_frame_s = max(self._key_frame_s, waited_s)
        if waited_s > KEY_FRAME_WITHIN_S:
            raise CameraStaleError(
                f"no key frame came for {KEY_FRAME_WITHIN_S:g} s; "
                "set the camera to send one every few seconds"
            )

    def _inspect(self, connection: Connection, picture: Picture, t: float) -> None:
        """Offer a picture that shows what is there.

        Raises CameraStaleError after too long without one: the flaw may be cured by opening the
        source anew.  If it is not, there is every time less hope, and more patience.
        """
        flaw = self._inspector.flaw(picture)
        if not flaw:
            live_s = self._offer(connection, picture, t)
            # Not by one picture: a new key frame differs a little.
            if live_s > self._stale_after_s:
                self._patience_s = self._stale_after_s
            return

        unusable_s = self._monitor.flawed(connection, t, flaw)
        if unusable_s > max(self._patience_s, self._key_frame_s) and not self._is_file:
            self._patience_s = min(2 * self._patience_s, PATIENCE_CAP_S)
            raise CameraStaleError(flaw)

    def _offer(self, connection: Connection, picture: Picture, t: float) -> float:
        """Have a picture ready to be taken; returns what `HealthMonitor.usable` does."""
        now = self._clock.now()
        lost = self._slot.put(Frame(self.settings.name, picture, now, t))
        live_s = self._monitor.usable(
            connection, t, now, covered=self._inspector.covered, dropped=lost
        )
        self._ready()
        return live_s


def _fulfil(future: Future[Outcome], read: Callable[[], Outcome]) -> None:
    """What a reader thread does: also an error that nothing here expects is an outcome."""
    try:
        future.set_result(read())
    except BaseException as error:
        future.set_exception(error)
