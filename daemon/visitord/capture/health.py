"""What is known of a camera: its state, why, and how well pictures come."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from visitord.capture.inspection import COVERED, silence

RATE_GAIN = 0.1  # the share of each further picture in the smoothed frame rate
# Most cameras send a key frame every one to four seconds, and nothing is said of waiting for it.
KEY_FRAME_USUAL_S = 5.0
WAITS = "it sends, and waits for a key frame, from which pictures can be made"


class State(StrEnum):
    """What a camera is doing.

    ================================= ========== ===================================================
    from                              to         when
    ================================= ========== ===================================================
    CONNECTING, STALE, REFUSED, GONE  LIVE       a usable picture comes
    LIVE                              STALE      none came for `stale_after`, or the lens is covered
    STALE, REFUSED, GONE              CONNECTING it sends, and a key frame is waited for
    any of these                      STALE      the connection failed: silence, or useless pictures
    any of these                      REFUSED    the connection failed: a person has to act
    any of these                      GONE       the connection failed otherwise, or hangs
    any of these                      ENDED      a file, or a stream to be read once, was played
    ================================= ========== ===================================================

    It begins as CONNECTING.  While it is tried again, the state of the failure stays, until it
    sends something.  ENDED is for good, and so is DISABLED, in which no camera is made.
    """

    CONNECTING = "connecting"  # not answered yet, or it sends and no key frame came yet
    LIVE = "live"
    STALE = "stale"  # it is there, but no picture to be used came for `stale_after`
    REFUSED = "refused"  # it said no, or is not to be trusted
    GONE = "gone"  # no answer, or the stream broke
    ENDED = "ended"  # a file was played to its end
    DISABLED = "disabled"  # by the configuration


FINAL = (State.ENDED, State.DISABLED)  # nothing more will come


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a camera now.

    Attributes
    ----------
    camera : str
        Its name.
    state : State
        What it is doing.
    reason : str
        Why, a clause for people; empty while all is well.
    last_frame_at : datetime or None
        When the last usable picture came, UTC.
    fps : float
        Usable pictures a second, over the last seconds.
    dropped : int
        Pictures that were replaced by newer ones before anything took them.
    reconnects : int
        How many times its source was opened again.
    stream : str
        What it sends, such as "h264 1280x720".
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


@dataclass(slots=True)
class Connection:
    """One opening of a camera's source.  Guarded by the lock of its `HealthMonitor`.

    Times in seconds of the steady clock.

    read_t: of what came last, or of the opening.  shown_t: of the last picture, or of the opening.
    usable_t: of the last usable picture, or of the first picture at all; None before it.  live: it
    has given a usable picture.  live_s: for how long it has given them.  given_up: its reader
    hangs, and is not listened to any more.
    """

    read_t: float
    shown_t: float
    usable_t: float | None = None
    live: bool = False
    live_s: float = 0.0
    given_up: bool = False


class HealthMonitor:
    """Follows one camera through its states, by what is reported of it.

    Any thread may call any method, for one lock guards every field that changes, those of the
    connections included.  A read that returns after it was given up changes nothing.

    Parameters
    ----------
    camera
        Its name.
    stale_after_s
        For how long a live camera may give no usable picture.
    """

    def __init__(self, camera: str, stale_after_s: float) -> None:
        self._stale_after_s = stale_after_s
        self._lock = threading.Lock()
        # As it was last reported; whether that is still true is for `health` to say.
        self._reported = Health(camera)
        self._present: Connection | None = None
        self._openings = 0
        self._covered_t: float | None = None  # since when the lens is covered

    def health(self, t: float) -> Health:
        """What is known at t."""
        with self._lock:
            reported = self._reported
            usable_t = self._present.usable_t if self._present else None
            covered_t = self._covered_t

        if reported.state is not State.LIVE:
            return reported
        if usable_t is not None:
            if t - usable_t > self._stale_after_s:
                reason = reported.reason or silence(self._stale_after_s)
                return replace(reported, state=State.STALE, reason=reason, fps=0.0)
            if covered_t is not None and t - covered_t > self._stale_after_s:
                return replace(reported, state=State.STALE, reason=COVERED)
        return replace(reported, reason="")  # one flawed picture is none

    def opening(self, t: float) -> Connection:
        """The source is being opened at t."""
        with self._lock:
            self._present = Connection(read_t=t, shown_t=t)
            self._reported = replace(self._reported, reconnects=self._openings)
            self._openings += 1
            return self._present

    def described(self, connection: Connection, stream: str) -> None:
        """The source says what it sends."""
        with self._lock:
            if not connection.given_up:
                self._reported = replace(self._reported, stream=stream)

    def came(self, connection: Connection, t: float) -> bool:
        """A picture or a part of one came; returns whether it is still waited for."""
        with self._lock:
            connection.read_t = t
            return not connection.given_up

    def undecoded(self, connection: Connection, t: float) -> float:
        """Something came that no picture is made of; returns for how many seconds none was."""
        with self._lock:
            if connection.given_up:
                return 0.0

            waits_s = t - connection.shown_t
            if waits_s > KEY_FRAME_USUAL_S:
                if not connection.live:
                    self._reported = replace(
                        self._reported, state=State.CONNECTING, reason=WAITS, fps=0.0
                    )
                elif self._reported.state is State.LIVE:
                    self._reported = replace(self._reported, reason=WAITS)
            return waits_s

    def flawed(self, connection: Connection, t: float, flaw: str) -> float:
        """A picture came that must not be used; returns for how many seconds none came that may."""
        with self._lock:
            if connection.given_up:
                return 0.0

            connection.shown_t = t
            if connection.usable_t is None:
                connection.usable_t = t
            unusable_s = t - connection.usable_t
            if unusable_s > self._stale_after_s:
                self._reported = replace(self._reported, state=State.STALE, reason=flaw, fps=0.0)
            elif self._reported.state is State.LIVE:
                self._reported = replace(self._reported, reason=flaw)
            return unusable_s

    def usable(
        self, connection: Connection, t: float, at: datetime, *, covered: bool, dropped: bool
    ) -> float:
        """A picture came that may be used.

        Parameters
        ----------
        connection
            Whose it is.
        t, at
            When it came: on the steady clock in seconds, and in UTC.
        covered
            Whether it shows next to nothing.
        dropped
            Whether it replaced one that was never taken.

        Returns
        -------
        float
            For how long the connection has given usable pictures, seconds.
        """
        with self._lock:
            if connection.given_up:
                return connection.live_s

            rate = 0.0
            if connection.live and connection.usable_t is not None:
                since_s = t - connection.usable_t
                connection.live_s += since_s
                rate = 1 / max(since_s, 1e-3)
            connection.live = True
            connection.shown_t = t
            connection.usable_t = t

            fps = rate
            if self._reported.fps:
                fps = (1 - RATE_GAIN) * self._reported.fps + RATE_GAIN * rate
            if not covered:
                self._covered_t = None
            elif self._covered_t is None:
                self._covered_t = t

            self._reported = replace(
                self._reported,
                state=State.LIVE,
                reason="",
                last_frame_at=at,
                fps=round(fps, 2),
                dropped=self._reported.dropped + dropped,
            )
            return connection.live_s

    def give_up_after(self, connection: Connection, t: float, silent_s: float) -> bool:
        """Give up a connection that gave no picture for so long; returns whether it did so."""
        with self._lock:
            if t - connection.read_t <= silent_s:
                return False
            connection.given_up = True
            return True

    def failed(self, state: State, reason: str) -> None:
        """The connection is over, or there was none: `state` holds until a usable picture comes."""
        with self._lock:
            self._reported = replace(self._reported, state=state, reason=reason, fps=0.0)

    def was_live(self, connection: Connection) -> bool:
        """Whether the connection has given a usable picture."""
        with self._lock:
            return connection.live

    def live_s(self, connection: Connection) -> float:
        """For how long the connection has given usable pictures, seconds."""
        with self._lock:
            return connection.live_s
