"""What a camera sees, with what visitord sees in it."""

import threading
from zoneinfo import ZoneInfo

from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import CameraError, NotFoundError
from visitord.service import control

LOOK_WITHIN_S = 15.0
LOOK_SETTLES_S = 3.0  # the motion gate needs a while to tell what moves
WAKES_S = 0.5


def snapshot(config: Config, name: str) -> bytes:
    """The current picture of a camera, JPEG: its daemon's, or without one our own.

    Raises
    ------
    NotFoundError
        There is no camera of that name.
    CameraError
        It gives no picture.
    """
    picture = control.ask(config.state, name) if name else None
    if picture is not None:
        return picture

    chosen = next((camera for camera in config.camera if camera.name == name), None)
    if chosen is None:
        known = ", ".join(camera.name for camera in config.camera) or "none"
        where = config.path or "the built-in configuration"
        raise NotFoundError(f'No camera is called "{name}" in {where}; there is: {known}.')
    return _look(config, chosen)


def _look(config: Config, chosen: CameraConfig) -> bytes:
    """Read a camera for a moment; raises CameraError saying why it gives no picture."""
    # Their libraries take seconds to import, which a daemon's answer need not wait for.
    from visitord.admin.camera_reading import reading
    from visitord.capture.encoding import jpeg
    from visitord.capture.health import State
    from visitord.models.opening import open_pack
    from visitord.vision.pipeline import Pipeline
    from visitord.vision.zones import Area

    pipeline = Pipeline(open_pack(config), config.site.name, Area(chosen.ignore, chosen.only))
    clock = Clock()
    ready = threading.Event()
    with reading(chosen, config.source_of(chosen), ready.set) as camera:
        began_s = clock.monotonic()
        first_t: float | None = None
        while clock.monotonic() - began_s < LOOK_WITHIN_S:
            if camera.health().state not in (State.CONNECTING, State.LIVE):
                break
            ready.wait(WAKES_S)
            ready.clear()
            frame = camera.take()
            if frame is None:
                continue
            pipeline.process(frame)
            first_t = first_t or frame.t
            if frame.t - first_t > LOOK_SETTLES_S:
                break
        state = str(camera.health())
        image = pipeline.snapshot(zone=ZoneInfo(config.site.timezone))

    if image is None:
        raise CameraError(f"Camera {chosen.name} gives no picture: it is {state}.")
    return jpeg(image)
