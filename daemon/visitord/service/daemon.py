"""The daemon: cameras, one vision thread, one recorder thread, the schedule, and an orderly end."""

import logging
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from pydantic_core import to_json

from visitord.capture import decode
from visitord.capture.camera import FINAL, Camera, Health, State
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import CameraError, DatabaseError, VisitordError
from visitord.core.records import Arrival, Image
from visitord.core.threads import Worker
from visitord.models.opening import open_liveness_detectors
from visitord.models.pack import Pack
from visitord.service import control, wiring
from visitord.service.jobs import Jobs
from visitord.service.recorder import Recorder
from visitord.store import cameras
from visitord.store.cameras import ReadElsewhere
from visitord.store.database import Database
from visitord.vision.pipeline import Pipeline
from visitord.vision.zones import Area

log = logging.getLogger(__name__)

CHECK_EVERY_S = 0.5
HEALTH_EVERY_S = 5.0
SOURCES_END_WITHIN_S = 3.0
SNAPSHOT_WITHIN_S = 10.0
STAGE_ENDS_WITHIN_S = 10.0  # the recorder may have a slow database to write to


class Daemon:
    """Everything that runs while the service runs.  `run` is called once, by the main thread.

    once: streams are played to their end, like files, and the daemon ends with them.

    Threads: one per camera (owns its stream), vision (owns models and trackers), recorder (owns
    gallery and writing connection), health (watches the cameras), one for jobs, and those of
    `also`.  Any but the jobs' dying ends the process with exit code 1.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        pack: Pack,
        arrived: Callable[[Arrival], None],
        *,
        once: bool = False,
    ) -> None:
        self._config = config
        self._database = database
        self._pack = pack
        self._clock = Clock()
        self._stop = threading.Event()
        self._sources_stop = threading.Event()
        self._recorder_stop = threading.Event()
        self._ready = threading.Event()
        self._died = False
        self._once = once
        self._shown: dict[str, str] = {}  # what was last said of each camera
        self._changed = threading.Event()
        self._taken: set[ReadElsewhere] = set()  # cameras of ours that another box reports too
        self._recorder: Recorder = wiring.open_recorder(config, database, pack, arrived, waits=True)
        self._requests: queue.SimpleQueue[tuple[str, Future[Image | None]]] = queue.SimpleQueue()
        used = [c for c in config.camera if c.enabled]
        liveness_detectors = open_liveness_detectors(config)
        self._pipelines = {
            c.name: Pipeline(
                pack, config.site.name, Area(c.ignore, c.only), liveness_detectors.get(c.name)
            )
            for c in used
        }
        self._cameras = [
            Camera(
                c, config.source_of(c), self._clock, self._sources_stop, self._ready.set, once=once
            )
            for c in used
        ]
        self._others: list[tuple[Worker, Callable[[], None]]] = []
        off = "enabled = false in the configuration"
        self._disabled = [
            Health(c.name, State.DISABLED, off) for c in config.camera if not c.enabled
        ]

    def also(self, name: str, work: Callable[[], None], end: Callable[[], None]) -> None:
        """Run `work` in a thread of its own while the service runs; `end`, called in another one,
        makes it return.
        """
        self._others.append((Worker(name, work, self._fail), end))

    def stop(self, *_: object) -> None:
        """Ask `run` to end; only sets a flag, so it may be called from a signal handler."""
        self._stop.set()
        self._ready.set()
        self._changed.set()

    def run(self) -> bool:
        """Run until stopped, with `once` until every camera has ended; False when a thread died."""
        vision = Worker("vision", self._see, self._fail)
        recorder = Worker("recorder", lambda: self._recorder.run(self._recorder_stop), self._fail)
        readers = [Worker(f"camera {c.settings.name}", c.run, self._fail) for c in self._cameras]
        health = Worker("health", self._watch, self._fail)
        control.listen(self._config.state, self.answer)
        for worker in (recorder, vision, health, *readers, *(worker for worker, _ in self._others)):
            worker.start()
        jobs = Jobs(self._database, self._recorder, self._config, self._clock)
        while not self._stop.is_set():
            self._tell()
            if self._once and all(h.state in FINAL for h in self._states()):
                self.stop()
            # Python runs a signal's handler in this thread, but the system may give the signal to
            # another one: a wait without an end would never hear of it.
            self._stop.wait(CHECK_EVERY_S)
        jobs.stop()
        for _, end in self._others:
            end()
        # Sources stop first, then the stages drain; a source that hangs does not take the others'
        # time.
        self._sources_stop.set()
        self._ready.set()
        self._join(SOURCES_END_WITHIN_S, *readers)
        self._join(STAGE_ENDS_WITHIN_S, vision)
        self._recorder_stop.set()  # once vision has handed over everything
        self._join(STAGE_ENDS_WITHIN_S, recorder)
        self._join(STAGE_ENDS_WITHIN_S, health, *(worker for worker, _ in self._others))
        return not self._died

    def _join(self, within_s: float, *workers: Worker) -> None:
        deadline = self._clock.monotonic() + within_s
        for worker in workers:
            worker.join(max(0.0, deadline - self._clock.monotonic()))
            if worker.is_alive():
                log.error("The %s thread did not stop in time and is left behind.", worker.name)

    def _watch(self) -> None:
        """The health thread: write the cameras' states for `visitorctl status`, when they change
        and now and then.
        """
        database = self._database.another()
        while not self._stop.is_set():
            self._report(self._states(), database)
            self._changed.wait(HEALTH_EVERY_S)
            self._changed.clear()
        left = [h for h in self._states() if h.state not in FINAL]
        self._report(
            [replace(h, state=State.GONE, reason="the daemon was stopped", fps=0.0) for h in left],
            database,
        )
        database.close()

    def answer(self, camera: str) -> bytes:
        """What visitorctl asks for: a camera's picture, or without one the states of all, in JSON."""
        return self.snapshot(camera) if camera else to_json(self._states())

    def _states(self) -> list[Health]:
        return [camera.health() for camera in self._cameras] + self._disabled

    def _see(self) -> None:
        """The vision thread: take the newest picture of each camera in turn, analyse it, pass on
        reports.
        """
        while not self._stop.is_set():
            self._ready.wait(1.0)
            self._ready.clear()
            for camera in self._cameras:
                pipeline = self._pipelines[camera.settings.name]
                frame = camera.take()
                reports = (
                    pipeline.process(frame) if frame else pipeline.expire(self._clock.monotonic())
                )
                for report in reports:
                    self._recorder.submit(report)
            while not self._requests.empty():
                name, answer = self._requests.get()
                health = next(h for h in self._states() if h.camera == name)
                note = "" if health.state is State.LIVE else f"LAST PICTURE: {health}"
                answer.set_result(self._pipelines[name].snapshot(note))
        for pipeline in self._pipelines.values():
            for report in pipeline.flush():
                self._recorder.submit(report)

    def snapshot(self, camera: str) -> bytes:
        """What the camera's pipeline sees, as JPEG; the vision thread makes it.  Raises CameraError
        without one.
        """
        health = {h.camera: h for h in self._states()}
        if camera not in health:
            raise CameraError(
                f'The running daemon has no camera "{camera}"; it has {", ".join(health)}.'
            )
        answer: Future[Image | None] = Future()
        if camera in self._pipelines:
            self._requests.put((camera, answer))
            self._ready.set()
            try:
                image = answer.result(SNAPSHOT_WITHIN_S)
            except TimeoutError:
                raise CameraError(
                    "The analysis is too busy to draw a snapshot; try again."
                ) from None
            if image is not None:
                return decode.jpeg(image)
        raise CameraError(f"Camera {camera} has given no picture yet: it is {health[camera]}.")

    def _tell(self) -> None:
        """Log what changed since the last time; never waits for the database."""
        for h in self._states():
            if self._shown.get(h.camera) != str(h):
                self._shown[h.camera] = str(h)
                level = (
                    logging.WARNING
                    if h.state in (State.STALE, State.REFUSED, State.GONE)
                    else logging.INFO
                )
                log.log(
                    level, "Camera %s is %s.", h.camera, replace(h, reason=h.reason or h.stream)
                )
                self._changed.set()

    def _report(self, health: Sequence[Health], database: Database) -> None:
        try:
            with database.transaction() as cursor:
                taken = cameras.report(cursor, self._config.site.name, self._config.box, health)
            for other in set(taken) - self._taken:
                log.warning(
                    "Box %s reads a camera %s too; give one of the two another name.",
                    other.box,
                    other.camera,
                )
            self._taken = set(taken)
        except DatabaseError as error:
            log.debug(
                "Camera states could not be written: %s", error
            )  # the recorder warns about the outage

    def _fail(self) -> None:
        self._died = True
        self.stop()


def serve(daemon: Daemon) -> None:
    """Run until it ends, or SIGTERM, SIGINT or SIGHUP ask for it; a second signal ends the process
    at once.

    Raises VisitordError when a thread died: the program fails, so that systemd starts it again.
    """

    def handler(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        daemon.stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if (
            number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        ):  # as nohup wants it
            signal.signal(number, handler)
    if not daemon.run():
        raise VisitordError("A part of visitord died; the log above says which and why.")
