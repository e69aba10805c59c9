"""`visitord run` as users run it, with a note of when what happens.

    python -m speed.probe NOTES CAMERAS SECONDS

Run in a box's folder.  The service is ended so long after so many cameras have given a picture;
then the notes are written as JSON.
"""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from visitord.cli import visitord
from visitord.core.records import Arrival, Frame, TrackReport
from visitord.service.recorder import Recorder
from visitord.vision.pipeline import Pipeline


class Notes:
    """What happened, each list appended to by one thread.

    pictures: camera, when its analysis was done (steady clock), how old the picture was then, and
    the process's CPU seconds by then.  told, told_new: how long after their first good look
    the arrival of someone known was told, and of someone new.  rows: how long after the end of a
    track its row was written.  All in seconds.  resident_mb: at the end.
    """

    def __init__(self, cameras: int, seconds: float) -> None:
        self._cameras = cameras
        self._seconds = seconds
        self._live: set[str] = set()
        self.resident_mb = 0.0
        self.pictures: list[tuple[str, float, float, float]] = []
        self.told: list[float] = []
        self.told_new: list[float] = []
        self.rows: list[float] = []
        # By track, in wall time.
        self._good_at: dict[object, datetime] = {}
        self._ended_at: dict[object, datetime] = {}
        self._handled = threading.local()

    def watch(self) -> None:
        """Have the service's own functions noted."""
        for owner, name, noted in (
            (Pipeline, "process", self._noting_pictures),
            (Recorder, "submit", self._noting_looks),
            (Recorder, "handle", self._noting_rows),
        ):
            setattr(owner, name, noted(getattr(owner, name)))
        visitord._log_arrival = self._note_arrival

    def _noting_pictures(self, process: Callable[..., Any]) -> Callable[..., Any]:
        def noted(pipeline: Pipeline, frame: Frame) -> Any:
            reports = process(pipeline, frame)
            t = time.monotonic()
            self.pictures.append((frame.camera, t, t - frame.t, time.process_time()))
            self._note_live(frame.camera)
            return reports

        return noted

    def _note_live(self, camera: str) -> None:
        """Once the last camera is there, set when the service ends."""
        if len(self._live) == self._cameras:
            return
        self._live.add(camera)
        if len(self._live) == self._cameras:
            threading.Timer(self._seconds, self._end).start()

    def _end(self) -> None:
        status = Path("/proc/self/status").read_text()
        (resident_kb,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
        self.resident_mb = int(resident_kb) * 1024 / 1e6
        os.kill(os.getpid(), signal.SIGTERM)

    def _noting_looks(self, submit: Callable[..., Any]) -> Callable[..., Any]:
        def noted(recorder: Recorder, report: TrackReport) -> Any:
            good = [sample.at for sample in report.samples if not sample.quality.flaws]
            if good:
                self._good_at.setdefault(report.sighting_id, min(good))
            if report.final:
                self._ended_at[report.sighting_id] = datetime.now(UTC)
            return submit(recorder, report)

        return noted

    def _noting_rows(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        def noted(recorder: Recorder, report: TrackReport, **options: Any) -> Any:
            self._handled.report = report
            handle(recorder, report, **options)
            ended_at = self._ended_at.pop(report.sighting_id, None) if report.final else None
            if ended_at:
                self.rows.append((datetime.now(UTC) - ended_at).total_seconds())

        return noted

    def _note_arrival(self, arrival: Arrival) -> None:
        report = self._handled.report
        good_at = self._good_at.get(report.sighting_id, report.started_at)
        told = self.told_new if arrival.visits == 1 else self.told
        told.append((datetime.now(UTC) - good_at).total_seconds())

    def as_json(self) -> str:
        kept = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return json.dumps(kept)


def main() -> None:
    file, cameras, seconds = sys.argv[1:]
    notes = Notes(int(cameras), float(seconds))
    notes.watch()
    try:
        visitord.main(["run"])
    finally:
        Path(file).write_text(notes.as_json())


if __name__ == "__main__":
    main()
