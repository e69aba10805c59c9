"""Where a camera's newest picture lies until it is taken."""

import threading

from visitord.core.records import Frame


class Slot:
    """Holds one frame, the newest: a slow consumer never makes the picture old.

    Any thread may call any method.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Frame | None = None  # guarded by the lock

    def put(self, frame: Frame) -> bool:
        """Put in a newer frame; returns whether one is lost for it, which was never taken."""
        with self._lock:
            lost = self._frame is not None
            self._frame = frame
            return lost

    def take(self) -> Frame | None:
        """The newest frame not taken yet, if any."""
        with self._lock:
            frame = self._frame
            self._frame = None
            return frame
