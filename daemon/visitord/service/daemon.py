"""The daemon: its threads, from their start to an orderly end."""

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from visitord.capture.camera import Camera
from visitord.capture.encoding import jpeg
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import CameraError, VisitordError
from visitord.core.records import Arrival
from visitord.core.stages import Stage, Stages
from visitord.core.threads import Worker
from visitord.models.opening import open_liveness_detectors
from visitord.models.pack import Pack
from visitord.service import control, state, wiring
from visitord.service.health import HealthLoop
from visitord.service.jobs import Jobs
from visitord.service.state import ServiceState
from visitord.service.vision_loop import View, VisionLoop
from visitord.service.watchdog import Watchdog, end_process
from visitord.store.database import Database
from visitord.vision.pipeline import Pipeline
from visitord.vision.search_time import SearchTime
from visitord.vision.zones import Area

log = logging.getLogger(__name__)

CHECK_EVERY_S = 0.5
# Of the time until the next picture of any camera; describing the faces takes the rest.
SEARCH_SHARE = 0.5
SOURCES_END_WITHIN_S = 3.0
STAGE_ENDS_WITHIN_S = 10.0
RECORDER_ENDS_WITHIN_S = 25.0  # it may be connecting to a database that is away, twice
JOB_ENDS_WITHIN_S = 20.0  # after the others; a merge job may be under way
ANSWER_WITHIN_S = 8.0  # while ending; a database that answers later is given up


@dataclass(frozen=True, slots=True, eq=False)
class _Guest:
    """A thread that lives as long as the service; `end`, called in another one, makes it return."""

    worker: Worker
    end: Callable[[], None]


class Daemon:
    """Everything that runs while the service runs.  `run` is called once, by the main thread.

    Threads, and what each owns:

    - one per camera: its stream.  It hands pictures to vision through the camera's slot.
    - vision: models and trackers (`VisionLoop`).  It hands reports to the recorder's queue.
    - recorder: the gallery and the writing connection (`Recorder`).
    - health: a connection, for the cameras' states (`HealthLoop`).
    - jobs: a connection, and the schedule (`Jobs`).
    - control: the socket of visitorctl; each request has a thread of its own.
    - those of `also`, such as the review page.
    - main: the life of the others.  It logs how the cameras are.
    - watchdog: nothing.  It ends the process with exit code 1 when one of the stages, which are the
      threads above but those of `also` and control, makes no progress for a minute (`Watchdog`).

    One that dies ends the process with exit code 1.  A job that fails is logged and tried again at
    its next time; so is a request.

    Parameters
    ----------
    config
        The box's configuration.
    database
        The recorder's connection; other threads open their own from it.
    pack
        The detector and the recogniser.
    on_arrival
        Told each visit that begins, in the recorder's thread.
    clock
        The process's one clock.
    once
        Streams are played to their end, like files, and the daemon ends with them.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        pack: Pack,
        on_arrival: Callable[[Arrival], None],
        clock: Clock,
        *,
        once: bool = False,
    ) -> None:
        self._config = config
        self._database = database
        self._clock = clock
        self._once = once
        self._failed = False  # a thread died, or did not end
        self._stop = threading.Event()
        self._sources_stop = threading.Event()
        self._recorder_stop = threading.Event()
        self._vision_ready = threading.Event()  # something is there for vision
        self._ended = threading.Event()

        self._stages = Stages(clock)
        self._main_stage = self._stages.begin("main")
        recorder_stage = self._stages.begin("recorder")
        vision_stage = self._stages.begin("vision")
        health_stage = self._stages.begin("health")
        jobs_stage = self._stages.begin("jobs")

        database.on_step = recorder_stage.beat
        self._recorder = wiring.open_recorder(
            config,
            database,
            pack,
            on_arrival,
            clock,
            waits=True,
            beat=recorder_stage.beat,
        )
        self._readers: list[Worker] = []
        views = self._views(pack)
        cameras = [view.camera for view in views]
        zone = ZoneInfo(config.site.timezone)
        self._vision = VisionLoop(
            views, self._vision_ready, clock, self._recorder.submit, vision_stage, zone
        )
        self._health = HealthLoop(config, cameras, database, health_stage, vision_stage)
        self._jobs = Jobs(database, self._recorder, config, clock, jobs_stage)

        self._recorder_thread = self._stage_worker(recorder_stage, self._record)
        self._vision_thread = self._stage_worker(vision_stage, self._see)
        self._health_thread = self._stage_worker(health_stage, self._watch)
        self._jobs_thread = self._stage_worker(jobs_stage, self._do_jobs)
        self._watchdog_thread = self._worker("watchdog", self._watch_stages)
        self._guests: list[_Guest] = []

    def _views(self, pack: Pack) -> list[View]:
        """Every camera that is enabled, with a pipeline of its own."""
        liveness_detectors = open_liveness_detectors(self._config)
        pictures_per_s = sum(camera.fps for camera in self._config.camera if camera.enabled)
        views = []
        for settings in self._config.camera:
            if not settings.enabled:
                continue

            area = Area(settings.ignore, settings.only)
            liveness_detector = liveness_detectors.get(settings.name)
            pipeline = Pipeline(
                pack,
                self._config.site.name,
                area,
                liveness_detector,
                SearchTime(self._clock, SEARCH_SHARE / pictures_per_s),
            )
            views.append(View(self._camera(settings), pipeline))
        return views

    def _camera(self, settings: CameraConfig) -> Camera:
        """A camera, and its thread."""
        stage = self._stages.begin(f"camera {settings.name}")
        camera = Camera(
            settings,
            self._config.source_of(settings),
            self._clock,
            self._sources_stop,
            self._vision_ready.set,
            once=self._once,
            beat=stage.beat,
        )
        self._readers.append(self._stage_worker(stage, camera.run))
        return camera

    def _worker(self, name: str, work: Callable[[], None]) -> Worker:
        return Worker(name, work, self._fail)

    def _stage_worker(self, stage: Stage, work: Callable[[], None]) -> Worker:
        """A thread of a stage's name, of which nothing is expected once its work is done."""

        def work_through() -> None:
            work()
            self._stages.end(stage)

        return self._worker(stage.name, work_through)

    def _record(self) -> None:
        self._recorder.run(self._recorder_stop)

    def _see(self) -> None:
        self._vision.run(self._stop)

    def _watch(self) -> None:
        self._health.run(self._stop)

    def _do_jobs(self) -> None:
        self._jobs.run(self._stop)

    def _watch_stages(self) -> None:
        Watchdog(self._stages, end_process).run(self._ended)

    def _fail(self) -> None:
        """Called in a thread that dies."""
        self._failed = True
        self.stop()

    def also(self, name: str, work: Callable[[], None], end: Callable[[], None]) -> None:
        """Run something beside the service, for as long as that runs.

        Parameters
        ----------
        name
            Of its thread.
        work
            Called in that thread.
        end
            Makes `work` return; called in another thread.
        """
        self._guests.append(_Guest(self._worker(name, work), end))

    def stop(self, *_: object) -> None:
        """Ask `run` to end; only sets flags, so it may be called from a signal handler."""
        self._stop.set()
        self._vision_ready.set()
        self._health.wake()

    def run(self) -> bool:
        """Run until stopped, with `once` until every camera has ended.

        Returns False when a thread died, or did not end.
        """
        control.listen(self._config.state, self.answer)
        self._start()

        while not self._stop.is_set():
            self._main_stage.beat()
            self._health.log_changes()
            if self._once and self._health.ended():
                self.stop()
            # Python runs a signal's handler in this thread, but the system may give the
            # signal to another one: a wait without an end would never hear of it.
            self._stop.wait(CHECK_EVERY_S)

        self._end()
        self._ended.set()
        return not self._failed

    def _start(self) -> None:
        for worker in (
            self._recorder_thread,
            self._vision_thread,
            self._health_thread,
            self._jobs_thread,
            self._watchdog_thread,
            *self._readers,
            *(guest.worker for guest in self._guests),
        ):
            worker.start()

    def _end(self) -> None:
        """Sources stop first, then the stages drain; what hangs does not take the others' time."""
        for guest in self._guests:
            guest.end()

        self._database.hasten(ANSWER_WITHIN_S)
        self._sources_stop.set()
        self._vision_ready.set()
        self._join(SOURCES_END_WITHIN_S, *self._readers)
        self._join(STAGE_ENDS_WITHIN_S, self._vision_thread)

        self._recorder_stop.set()  # now that vision has handed over everything
        self._join(RECORDER_ENDS_WITHIN_S, self._recorder_thread)
        guests = [guest.worker for guest in self._guests]
        self._join(STAGE_ENDS_WITHIN_S, self._health_thread, *guests)
        self._join(JOB_ENDS_WITHIN_S, self._jobs_thread)

    def _join(self, within_s: float, *workers: Worker) -> None:
        self._main_stage.beat()
        deadline = self._clock.monotonic() + within_s
        for worker in workers:
            worker.join(max(0.0, deadline - self._clock.monotonic()))
            if worker.is_alive():
                log.error("The %s thread did not stop in time and is left behind.", worker.name)
                self._failed = True

    def answer(self, request: str) -> bytes:
        """What visitorctl asks for: a camera's picture, all cameras' states, or the service's."""
        if request == state.REQUEST:
            stages = self._stages.progress()
            return state.answer(ServiceState(stages, self._jobs.next_merge()))
        if request:
            return self.snapshot(request)
        return to_json(self._health.states())

    def snapshot(self, camera: str) -> bytes:
        """What the camera's pipeline sees, as JPEG; raises CameraError without a picture."""
        states = {health.camera: health for health in self._health.states()}
        if camera not in states:
            raise CameraError(
                f'The running daemon has no camera "{camera}"; it has {", ".join(states)}.'
            )

        image = self._vision.snapshot(camera)
        if image is None:
            raise CameraError(f"Camera {camera} has given no picture yet: it is {states[camera]}.")
        return jpeg(image)


def serve(daemon: Daemon) -> None:
    """Run until it ends, or SIGTERM, SIGINT or SIGHUP ask for it; a second one ends it at once.

    Raises VisitordError when a thread died or did not end: the program fails, and systemd starts it
    again.
    """

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        daemon.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup wants it
        signal.signal(signal.SIGHUP, handle)

    if not daemon.run():
        raise VisitordError("A part of visitord died or hung; the log above says which and why.")
