"""Reads a camera for a moment, where no daemon does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from visitord.capture.camera import Camera
from visitord.capture.health import State
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.errors import CameraError
from visitord.core.records import Frame
from visitord.core.sources import Source

ENDS_WITHIN_S = 3.0
LOOKS_EVERY_S = 0.05


@contextmanager
def reading(
    chosen: CameraConfig, source: Source, on_picture: Callable[[], None] = lambda: None
) -> Iterator[Camera]:
    """A camera that is read while the block runs.

    Parameters
    ----------
    chosen : CameraConfig
        How to read it.
    source : Source
        Where it is, with its password.
    on_picture : callable
        Called from the camera's thread with each new picture.
    """
    stop = threading.Event()
    camera = Camera(chosen, source, Clock(), stop, on_picture)
    reader = threading.Thread(target=camera.run, daemon=True)
    reader.start()
    try:
        yield camera
    finally:
        stop.set()
        reader.join(ENDS_WITHIN_S)


def next_picture(camera: Camera, within_s: float, *hopeless: State) -> Frame:
    """The next picture, seen after this is called; raises CameraError saying why none comes.

    Parameters
    ----------
    camera : Camera
        Being read.
    within_s : float
        How long to wait for it.
    *hopeless : State
        Further states not to be waited in.
    """
    camera.take()  # what it saw before
    clock = Clock()
    pause = threading.Event()
    began_s = clock.monotonic()
    while clock.monotonic() - began_s < within_s:
        frame = camera.take()
        if frame:
            return frame
        if camera.health().state in (State.REFUSED, State.ENDED, *hopeless):
            break
        pause.wait(LOOKS_EVERY_S)
    raise CameraError(f"{camera.settings.name} gives no picture: it is {camera.health()}.")
