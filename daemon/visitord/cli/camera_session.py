"""Takes photographs of somebody with a camera: S takes one, Q finishes; each is judged at once."""

import hashlib
import threading
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from pydantic import ValidationError

from visitord.admin.enrolment import Desk
from visitord.admin.glance import reading
from visitord.admin.photographs import TOO_LIKE, Look, look
from visitord.capture.camera import Camera, State
from visitord.cli.fronts import open_front
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import CameraError, NotFoundError
from visitord.core.records import Frame
from visitord.core.sources import Kind, parse
from visitord.identity.gallery import Gallery
from visitord.store import people

WANTED = 5
FIRST_WITHIN_S = 15.0
NEXT_WITHIN_S = 5.0
STEP_S = 0.05


class Front(Protocol):
    """Where a person sees the camera and presses keys."""

    def key(self, within_s: float) -> str:
        """The key pressed, "" for none within that time."""
        ...

    def see(self, frame: Frame) -> None:
        """A new picture."""
        ...

    def tell(self, text: str, portrait: bytes = b"") -> None:
        """Something to read, and a face as JPEG."""
        ...


def take(desk: Desk, config: Config, camera: str, window: bool | None) -> list[Look]:
    """What a person took before the camera; nothing where they finished without.  Raises
    CameraError.
    """
    known = desk.known()
    with _opened(config, camera) as source, open_front(window) as front:
        front.tell(
            f"S takes a picture, Q finishes; {WANTED} are enough.  Change your pose a little between them."
        )
        return _session(desk, known, source, front)


def _session(desk: Desk, known: Gallery, camera: Camera, front: Front) -> list[Look]:
    taken: list[Look] = []
    first = _next(camera, FIRST_WITHIN_S, State.GONE)
    front.see(first)
    while len(taken) < WANTED:
        key = front.key(STEP_S).lower()
        if key == "q":
            break
        if frame := camera.take():
            front.see(frame)
        elif camera.health().state not in (State.LIVE, State.CONNECTING):
            _next(camera, NEXT_WITHIN_S)
        if key == "s":
            frame = _next(
                camera, NEXT_WITHIN_S
            )  # not what the camera saw before the key was pressed
            front.see(frame)
            _judge(desk, known, frame, taken, front)
    return taken


def _judge(desk: Desk, known: Gallery, frame: Frame, taken: list[Look], front: Front) -> None:
    """Take the picture if it is of use, and say what would be better."""
    digest = hashlib.sha256(np.ascontiguousarray(frame.image).tobytes()).hexdigest()
    found = look(desk.pack, frame.image, f"picture {len(taken) + 1}", digest)
    if isinstance(found, str):
        return front.tell(f"Not taken: {found}.")
    if any(float(one.embedding @ found.embedding) >= TOO_LIKE for one in taken):
        return front.tell(
            "Not taken: it hardly differs from one before; turn your head a little.",
            found.portrait(),
        )
    if taken and max(float(one.embedding @ found.embedding) for one in taken) < desk.limits.new:
        return front.tell(
            "Not taken: this looks like somebody else than the ones before.", found.portrait()
        )
    taken.append(found)
    best = next(iter(known.rank(found.embedding)), None)
    like = ""
    if best and best[1] >= desk.limits.match:
        with desk.database.transaction() as cursor:
            like = f"  It looks like {people.find(cursor, str(best[0])).name} ({best[1]:.2f})."
    return front.tell(f"Taken: {len(taken)} of {WANTED}.{like}", found.portrait())


def _next(camera: Camera, within_s: float, *hopeless: State) -> Frame:
    """The next picture; raises CameraError saying why none comes.  hopeless: further states not to
    be waited in.
    """
    camera.take()
    clock = Clock()
    began, pause = clock.monotonic(), threading.Event()
    while clock.monotonic() - began < within_s:
        if frame := camera.take():
            return frame
        if camera.health().state in (State.REFUSED, State.ENDED, *hopeless):
            break
        pause.wait(STEP_S)
    raise CameraError(f"{camera.settings.name} gives no picture: it is {camera.health()}.")


def _opened(config: Config, name: str) -> AbstractContextManager[Camera]:
    """The configured camera of that name, or one at an address, a device or a file."""
    chosen = next((c for c in config.camera if c.name == name), None)
    if chosen is None:
        try:
            source = parse(name)
            chosen = CameraConfig(name="the camera", source=name)
        except (ValueError, ValidationError) as error:
            reason = (
                str(error) if not isinstance(error, ValidationError) else "is no source of a camera"
            )
            raise CameraError(f"The camera's address {reason}.") from None
        if source.kind is Kind.FILE:
            known = ", ".join(c.name for c in config.camera) or "none"
            raise NotFoundError(
                f'No camera is called "{name}"; there is: {known}; or give an address or a device.'
            )
    else:
        source = config.source_of(chosen)
    return reading(chosen, source)
