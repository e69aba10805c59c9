"""A camera with scripted sources. The stop signal is a fake whose waits take no time and are written down."""

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from build import after, picture

from visitord.capture import decode, v4l2
from visitord.capture.camera import Camera, Health, State
from visitord.core.config import CameraConfig
from visitord.core.records import Picture
from visitord.core.sources import Kind, Source

STREAM = Source(Kind.STREAM, "rtsp://192.0.2.1/door")
Script = Callable[[], Iterator[Picture]]
_values = itertools.count()


def fresh(t: float) -> Picture:
    """A picture unlike those before it."""
    image = picture(value=next(_values) % 100)
    image[:, 2:] += 100
    return Picture.of(image, t)


def configured(**keys: Any) -> CameraConfig:
    """A camera's section, in whatever combination; stale after ten seconds."""
    return CameraConfig.model_construct(name="door", source="", stale_after=timedelta(seconds=10), **keys)


class ManualClock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        return after(self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Stop(threading.Event):
    """Notes each wait and what the camera said of itself then; set by itself after `patience` waits."""

    def __init__(self, patience: int = 100) -> None:
        super().__init__()
        self.patience = patience
        self.camera: Camera | None = None
        self.waits: list[tuple[float | None, Health]] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert self.camera is not None
        self.waits.append((timeout, self.camera.health()))
        if len(self.waits) >= self.patience:
            self.set()
        return self.is_set()


class Bench:
    """A camera whose n-th connection runs the n-th script, the last one over and over."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        source: Source = STREAM,
        *,
        patience: int = 1,
        fps: float = 8.0,
        once: bool = False,
        **more: Any,
    ) -> None:
        self.clock = ManualClock()
        self.stop = Stop(patience)
        self.ready = 0
        self.opened: list[tuple[object, ...]] = []
        self.scripts: list[Script] = []
        settings = configured(fps=fps, transport="udp", **more)
        self.camera = Camera(settings, source, self.clock, self.stop, self._on_ready, once=once)
        self.stop.camera = self.camera
        monkeypatch.setattr(decode, "stream", self._open)
        monkeypatch.setattr(decode, "recording", self._open)
        monkeypatch.setattr(v4l2, "stream", self._open)

    def _on_ready(self) -> None:
        self.ready += 1

    def _open(self, *arguments: object) -> Iterator[Picture]:
        self.opened.append(arguments)
        return self.scripts[min(len(self.opened), len(self.scripts)) - 1]()

    def tell(self, stream: str) -> None:
        """What the source opened last says that it sends."""
        told: Any = self.opened[-1][-1]
        told(stream)

    def run(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.camera.run()

    def state(self) -> State:
        return self.camera.health().state

    def waited(self) -> list[tuple[State, str]]:
        """State and reason at every wait for the next try."""
        return [(health.state, health.reason) for _, health in self.stop.waits]


def failing(error: Exception, pictures: int = 0) -> Script:
    """Gives so many pictures of brightness 0, 1, …; the next connection 10, 11, …; then fails."""
    connections = itertools.count()

    def script() -> Iterator[Picture]:
        first = 10 * next(connections)
        for n in range(pictures):
            yield Picture.of(picture(value=first + n), float(n))
        raise error

    return script
