"""Looks through a camera for a moment, where no daemon does."""

import threading

from visitord.clock import Clock
from visitord.config import CameraConfig, Config
from visitord.errors import CameraError
from visitord.vision import media
from visitord.vision.area import Area
from visitord.vision.camera import Camera, State
from visitord.vision.pack import Pack
from visitord.vision.pipeline import Pipeline

LOOK_WITHIN_S = 15.0
LOOK_SETTLES_S = 3.0  # the motion gate needs a while to tell what moves


def look(config: Config, chosen: CameraConfig, pack: Pack) -> bytes:
    """A snapshot, as JPEG, of a camera that no daemon is reading; raises CameraError saying why none comes."""
    clock, stop, ready = Clock(), threading.Event(), threading.Event()
    camera = Camera(chosen, config.source_of(chosen), clock, stop, ready.set)
    pipeline = Pipeline(pack, config.site.name, Area(chosen.ignore, chosen.only))
    reader = threading.Thread(target=camera.run, daemon=True)
    reader.start()
    began, first_t = clock.monotonic(), None
    while clock.monotonic() - began < LOOK_WITHIN_S and camera.health().state in (State.CONNECTING, State.LIVE):
        ready.wait(0.5)
        ready.clear()
        if frame := camera.take():
            pipeline.process(frame)
            first_t = first_t or frame.t
            if frame.t - first_t > LOOK_SETTLES_S:
                break
    state, image = str(camera.health()), pipeline.snapshot()
    stop.set()
    reader.join(LOOK_SETTLES_S)
    if image is None:
        raise CameraError(f"Camera {chosen.name} gives no picture: it is {state}.")
    return media.jpeg(image)
