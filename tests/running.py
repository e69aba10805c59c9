"""`visitord run` and single cameras while a test watches them."""

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Self

from support import Box
from visitord.capture.camera import Camera, State
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.records import Frame
from visitord.core.sources import Kind, Source
from visitord.store.database import Database


class Running:
    """`visitord run` with what it logs and prints; ended at the end of the test."""

    def __init__(self, box: Box, **environment: str) -> None:
        self.box = box
        self.process: subprocess.Popen[str] = box.start("visitord", "run", **environment)
        self.log = ""
        self.printed = ""
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._hear, self._listen)]
        for reader in self._readers:
            reader.start()

    def _hear(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log += line

    def _listen(self) -> None:
        assert self.process.stdout
        self.printed = self.process.stdout.read()

    def wait_for(self, text: str, timeout_s: float = 40) -> None:
        wait(lambda: text in self.log or self.process.poll() is not None, timeout_s, lambda: f"{text}?\n{self.log}")
        assert text in self.log, self.log

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(40)
        for reader in self._readers:
            reader.join(5)
        return code


@contextlib.contextmanager
def running(box: Box, **environment: str) -> Iterator[Running]:
    daemon = Running(box, **environment)
    try:
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()


def wait(condition: Callable[[], bool], timeout_s: float, told: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, told()
        time.sleep(0.1)


def with_cameras(box: Box, stale_after: str = "4s", **cameras: str | dict[str, Any]) -> None:
    """Adds cameras to the box's configuration, each given by its source, or by all its keys."""
    text = (box.folder / "config.toml").read_text()
    for name, given in cameras.items():
        keys = {"name": name, "stale_after": stale_after} | ({"source": given} if isinstance(given, str) else given)
        text += "[[camera]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    box.configure(text)


def states(box: Box) -> dict[str, str]:
    return {row["camera"]: row["state"] for row in box.rows("select camera, state from visitord.camera_health")}


def ask(database: Database, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, without the second that a command takes to start."""
    with database.transaction() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


class Watched:
    """A camera that runs in threads of this process while the `with` block runs."""

    def __init__(self, url: str, stale_after_s: float = 2.0, **settings: Any) -> None:
        self._stop = threading.Event()
        self.ready = threading.Event()
        chosen = CameraConfig(name="door", source=url, stale_after=timedelta(seconds=stale_after_s), **settings)
        self.camera = Camera(chosen, Source(Kind.STREAM, url), Clock(), self._stop, self.ready.set)
        self._thread = threading.Thread(target=self.camera.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        assert self.end() < 5, "the camera's thread did not end in time"

    def end(self) -> float:
        """Stop; returns how many seconds that took."""
        began = time.monotonic()
        self._stop.set()
        self._thread.join(10)
        return time.monotonic() - began

    def wait_for(self, state: State, reason: str = "", within_s: float = 10) -> None:
        """Wait until the camera is in this state, for a reason that contains this text."""

        def is_so() -> bool:
            health = self.camera.health()
            return health.state is state and reason in health.reason

        wait(is_so, within_s, lambda: f"not {state} ({reason}) within {within_s} s but {self.camera.health()}")

    def frame(self, within_s: float = 10) -> Frame:
        """The next picture that nobody took."""
        end = time.monotonic() + within_s
        while (frame := self.camera.take()) is None:
            assert time.monotonic() < end, self.camera.health()
            time.sleep(0.01)
        return frame
