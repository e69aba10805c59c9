"""Looks through a camera for a moment, where no daemon does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from visitord.capture.camera import Camera
from visitord.capture.health import State
from visitord.capture.photographs import jpeg
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import CameraError
from visitord.core.sources import Source
from visitord.models.pack import Pack
from visitord.vision.pipeline import Pipeline
from visitord.vision.zones import Area

LOOK_WITHIN_S = 15.0
ENDS_WITHIN_S = 3.0
LOOK_SETTLES_S = 3.0  # the motion gate needs a while to tell what moves


@contextmanager
def reading(
    chosen: CameraConfig, source: Source, arrived: Callable[[], None] = lambda: None
) -> Iterator[Camera]:
    """A camera that is read while the block runs.  arrived: called from its thread with each new
    picture.
    """
    stop = threading.Event()
    camera = Camera(chosen, source, Clock(), stop, arrived)
    reader = threading.Thread(target=camera.run, daemon=True)
    reader.start()
    try:
        yield camera
    finally:
        stop.set()
        reader.join(ENDS_WITHIN_S)


def look(config: Config, chosen: CameraConfig, pack: Pack) -> bytes:
    """A snapshot, as JPEG, of a camera that no daemon is reading; raises CameraError saying why
    none comes.
    """
    clock, ready = Clock(), threading.Event()
    pipeline = Pipeline(pack, config.site.name, Area(chosen.ignore, chosen.only))
    with reading(chosen, config.source_of(chosen), ready.set) as camera:
        began, first_t = clock.monotonic(), None
        while clock.monotonic() - began < LOOK_WITHIN_S and camera.health().state in (
            State.CONNECTING,
            State.LIVE,
        ):
            ready.wait(0.5)
            ready.clear()
            if frame := camera.take():
                pipeline.process(frame)
                first_t = first_t or frame.t
                if frame.t - first_t > LOOK_SETTLES_S:
                    break
        state, image = str(camera.health()), pipeline.snapshot()
    if image is None:
        raise CameraError(f"Camera {chosen.name} gives no picture: it is {state}.")
    return jpeg(image)
