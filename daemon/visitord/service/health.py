"""How the cameras are, told in the log and in the database."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace

from visitord.capture.camera import Camera
from visitord.capture.health import FINAL, Health, State
from visitord.core.config import Config
from visitord.core.errors import DatabaseError
from visitord.core.stages import Stage
from visitord.store import cameras as stored_cameras
from visitord.store.cameras import ReadElsewhere
from visitord.store.database import Database

log = logging.getLogger(__name__)

REPORT_EVERY_S = 5.0
UNSEEN_AFTER_S = 30.0  # far more than a picture of every camera takes on a slow box
_ALARMING = (State.STALE, State.REFUSED, State.GONE)


class HealthLoop:
    """Watches the cameras.

    `run` belongs to the health thread, which owns a connection of its own; `log_changes` belongs to
    the main thread, and never waits for the database; `states` and `wake` may be called from any.

    Parameters
    ----------
    config
        Names the site, the box, and the cameras that are disabled.
    cameras
        Those that are read.
    database
        Where `visitorctl status` looks.
    stage
        Told that the health thread goes on.
    vision
        The stage that analyses the pictures.
    """

    def __init__(
        self,
        config: Config,
        cameras: Sequence[Camera],
        database: Database,
        stage: Stage,
        vision: Stage,
    ) -> None:
        self._site = config.site.name
        self._box = config.box
        self._cameras = cameras
        self._database = database
        self._stage = stage
        self._vision = vision
        self._disabled = [
            Health(camera.name, State.DISABLED, "enabled = false in the configuration")
            for camera in config.camera
            if not camera.enabled
        ]

        self._logged: dict[str, str] = {}  # what was last said of each camera
        self._changed = threading.Event()
        self._read_elsewhere: set[ReadElsewhere] = set()

    def states(self) -> list[Health]:
        """The state of each camera now."""
        return [self._state(camera) for camera in self._cameras] + self._disabled

    def _state(self, camera: Camera) -> Health:
        """A camera whose pictures are not analysed sees as little as one that sends none."""
        health = camera.health()
        if health.state is State.LIVE and self._vision.progress().quiet_s > UNSEEN_AFTER_S:
            return replace(health, state=State.STALE, reason="its pictures are not analysed")
        return health

    def ended(self) -> bool:
        """Whether nothing more will come from any camera."""
        return all(health.state in FINAL for health in self.states())

    def wake(self) -> None:
        """Let `run` look at once."""
        self._changed.set()

    def log_changes(self) -> None:
        """Log what changed since the last time, and have it written."""
        for health in self.states():
            said = str(health)
            if self._logged.get(health.camera) == said:
                continue

            self._logged[health.camera] = said
            level = logging.WARNING if health.state in _ALARMING else logging.INFO
            shown = replace(health, reason=health.reason or health.stream)
            log.log(level, "Camera %s is %s.", health.camera, shown)
            self.wake()

    def run(self, stop: threading.Event) -> None:
        """Write the states when they change and now and then; at the end, that all are gone."""
        database = self._database.another()
        database.on_step = self._stage.beat
        while not stop.is_set():
            self._stage.beat()
            self._write(self.states(), database)
            self._changed.wait(REPORT_EVERY_S)
            self._changed.clear()

        gone = [
            replace(health, state=State.GONE, reason="the daemon was stopped", fps=0.0)
            for health in self.states()
            if health.state not in FINAL
        ]
        self._write(gone, database)
        database.close()

    def _write(self, states: Sequence[Health], database: Database) -> None:
        try:
            with database.transaction() as cursor:
                elsewhere = stored_cameras.report(cursor, self._site, self._box, states)
        except DatabaseError as error:  # the recorder warns about the outage
            log.debug("Camera states could not be written: %s", error)
            return

        for other in set(elsewhere) - self._read_elsewhere:
            log.warning(
                "Box %s reads a camera %s too; give one of the two another name.",
                other.box,
                other.camera,
            )
        self._read_elsewhere = set(elsewhere)
