"""Track reports on their way from the vision thread to the recorder's, in memory."""

import logging
import threading
from uuid import UUID

from visitord.core.records import TrackReport

log = logging.getLogger(__name__)

TRACKS_MAX = 5000


class ReportQueue:
    """The newest report of each track, until it is written and until it was looked at.

    The vision thread calls `put`, which never waits.  Everything else belongs to the recorder's
    thread.  The lock is held for no longer than a look into a table takes.

    Two tables, oldest track first:

    - *unwritten*: tracks that are not on disk, for they are still open or the disk did not take
      them.  They leave when they are written.
    - *unseen*: tracks, those on disk too, whose newest report was not looked at yet.  Of these an
      arrival may be told before they are written.

    Full is a table of `tracks_max` tracks.  Then the oldest leaves: of the unseen without a word,
    for only an early arrival is lost; of the unwritten with an error in the log, for a sighting is
    lost, and `lost` counts it.
    """

    def __init__(self, tracks_max: int = TRACKS_MAX) -> None:
        self.lost = 0
        self._tracks_max = tracks_max
        self._lock = threading.Lock()
        self._unwritten: dict[UUID, TrackReport] = {}
        self._unseen: dict[UUID, TrackReport] = {}
        self._filled = threading.Event()

    def __len__(self) -> int:
        """How many tracks are unwritten."""
        return len(self._unwritten)

    def put(self, report: TrackReport, *, on_disk: bool) -> None:
        """Take a report in place of an earlier one of its track."""
        with self._lock:
            self._unwritten.pop(report.sighting_id, None)
            if not on_disk:
                self._unwritten[report.sighting_id] = report
            self._unseen[report.sighting_id] = report
            self._drop_oldest()

        self._filled.set()

    def _drop_oldest(self) -> None:
        if len(self._unseen) > self._tracks_max:
            del self._unseen[next(iter(self._unseen))]

        if len(self._unwritten) > self._tracks_max:
            del self._unwritten[next(iter(self._unwritten))]
            self.lost += 1
            log.error(
                "Too much waits in memory: a sighting was dropped (%d so far).",
                self.lost,
            )

    def wait(self, timeout_s: float) -> None:
        """Return at the next report, or after so long."""
        self._filled.wait(timeout_s)
        self._filled.clear()

    def oldest(self) -> TrackReport | None:
        """The unwritten report that waits longest, if any; it stays until `remove`."""
        with self._lock:
            return next(iter(self._unwritten.values()), None)

    def remove(self, report: TrackReport) -> None:
        """Forget a report that was written, unless a newer one of its track came meanwhile."""
        with self._lock:
            if self._unwritten.get(report.sighting_id) is report:
                del self._unwritten[report.sighting_id]

    def mark_seen(self, report: TrackReport) -> None:
        """Note that a report was looked at; after the last one of a track none is newer."""
        with self._lock:
            if report.final or self._unseen.get(report.sighting_id) is report:
                self._unseen.pop(report.sighting_id, None)

    def take_unseen(self) -> list[TrackReport]:
        """All unseen reports, which count as seen then."""
        with self._lock:
            reports = list(self._unseen.values())
            self._unseen.clear()
        return reports

    def keep_unwritten(self) -> set[UUID]:
        """Mark everything else as seen, for it is in the database; returns what is left."""
        with self._lock:
            left = set(self._unwritten)
            self._unseen = {i: self._unseen[i] for i in self._unseen if i in left}
        return left
