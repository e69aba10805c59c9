"""From the newest picture of each camera to track reports: the vision thread."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from visitord.capture.camera import Camera
from visitord.capture.health import State
from visitord.core.clock import Clock
from visitord.core.records import Image, TrackReport
from visitord.core.stages import WITHIN_S, Stage
from visitord.service.snapshots import SnapshotRequests
from visitord.service.turns_log import TurnsLog
from visitord.vision.pipeline import Pipeline

LOOK_EVERY_S = 1.0  # where no picture comes, so that tracks end all the same
WARM_UP_WITHIN_S = 900.0  # the first picture of a camera: TensorRT prepares networks for minutes


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A camera, and the pipeline that analyses what it sees."""

    camera: Camera
    pipeline: Pipeline


class VisionLoop:
    """`run` belongs to the vision thread, which owns the pipelines; `snapshot` is for all others.

    Parameters
    ----------
    views
        The cameras that are read.
    ready
        Set by whoever has something for this thread: a picture, a request, the end.
    clock
        The cameras' clock.
    submit
        Takes each report, and does not wait for the next stage.
    stage
        Told before each picture that this thread goes on.
    zone
        The time zone of the times in snapshots.
    """

    def __init__(
        self,
        views: Iterable[View],
        ready: threading.Event,
        clock: Clock,
        submit: Callable[[TrackReport], None],
        stage: Stage,
        zone: tzinfo = UTC,
    ) -> None:
        self._views = {view.camera.settings.name: view for view in views}
        self._ready = ready
        self._clock = clock
        self._submit = submit
        self._stage = stage
        self._zone = zone
        self._warm: set[str] = set()  # cameras whose first picture was analysed
        self._turns = {name: TurnsLog(name) for name in self._views}
        self._snapshots = SnapshotRequests(ready.set)

    def run(self, stop: threading.Event) -> None:
        """Analyse until told to stop, then end all open tracks."""
        while not stop.is_set():
            self._ready.wait(LOOK_EVERY_S)
            self._ready.clear()
            for view in self._views.values():
                self._analyse(view)
            self._stage.beat()
            self._snapshots.serve(self._draw)

        for view in self._views.values():
            self._pass_on(view.pipeline.flush())

    def snapshot(self, camera: str) -> Image | None:
        """What the camera's pipeline sees, None without a picture.

        Raises CameraError when the vision thread has no time for it.
        """
        if camera not in self._views:
            return None
        return self._snapshots.ask(camera)

    def _analyse(self, view: View) -> None:
        frame = view.camera.take()
        if frame is None:
            self._stage.beat()
            self._pass_on(view.pipeline.expire(self._clock.monotonic()))
            return

        self._stage.beat(WITHIN_S if frame.camera in self._warm else WARM_UP_WITHIN_S)
        self._pass_on(view.pipeline.process(frame))
        self._warm.add(frame.camera)
        choice = view.pipeline.choice
        self._turns[frame.camera].note(frame.t, len(choice.windows), choice.put_off)

    def _pass_on(self, reports: Iterable[TrackReport]) -> None:
        for report in reports:
            self._submit(report)

    def _draw(self, camera: str) -> Image | None:
        view = self._views[camera]
        health = view.camera.health()
        note = ""
        if health.state is not State.LIVE:
            note = f"LAST PICTURE: {health}"
        return view.pipeline.snapshot(note, self._zone)
