"""Takes photographs of a person with a camera: S takes one, Q finishes."""

from contextlib import AbstractContextManager

from pydantic import ValidationError

from visitord.admin.camera_reading import next_picture, reading
from visitord.admin.enrolment import Enroller
from visitord.admin.photo_session import Flaw, NotTaken, PhotoSession, Taken
from visitord.admin.photographs import FacePhotograph, Unusable
from visitord.capture.camera import Camera
from visitord.capture.health import State
from visitord.cli.screens import Screen, open_screen
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import CameraError, NotFoundError
from visitord.core.sources import Kind, parse
from visitord.core.text import composed

WANTED = 5
FIRST_WITHIN_S = 15.0
NEXT_WITHIN_S = 5.0
KEY_WITHIN_S = 0.05
FLAWS = {
    Flaw.HARDLY_DIFFERS: "it hardly differs from one before; turn your head a little.",
    Flaw.SOMEBODY_ELSE: "this looks like somebody else than the ones before.",
}


def take(
    enroller: Enroller, config: Config, camera: str, window: bool | None
) -> list[FacePhotograph]:
    """What a person took before the camera; nothing where they finished without.

    Parameters
    ----------
    enroller : Enroller
        Judges the photographs.
    config : Config
        Of the box.
    camera : str
        The name of one of its cameras, or an address or a device.
    window : bool or None
        Whether to open one; None: where one opens.

    Raises
    ------
    CameraError
        It gives no picture.
    """
    session = PhotoSession(enroller)
    with _opened(config, camera) as source, open_screen(window) as screen:
        screen.tell(
            f"S takes a picture, Q finishes; {WANTED} are enough.  "
            "Change your pose a little between them."
        )
        _run(session, source, screen)
    return session.taken


def _run(session: PhotoSession, camera: Camera, screen: Screen) -> None:
    screen.see(next_picture(camera, FIRST_WITHIN_S, State.GONE))
    while len(session.taken) < WANTED:
        key = screen.key(KEY_WITHIN_S).lower()
        if key == "q":
            break

        frame = camera.take()
        if frame:
            screen.see(frame)
        elif camera.health().state not in (State.LIVE, State.CONNECTING):
            next_picture(camera, NEXT_WITHIN_S)

        if key == "s":
            # Not what the camera saw before the key was pressed.
            frame = next_picture(camera, NEXT_WITHIN_S)
            screen.see(frame)
            tell(session.judge(frame.image), len(session.taken), screen)


def tell(judged: Taken | NotTaken | Unusable, taken: int, screen: Screen) -> None:
    """Say whether a picture was taken, or what would be better; taken: so many are now."""
    match judged:
        case Unusable():
            screen.tell(f"Not taken: {judged.reason}.")
        case NotTaken():
            screen.tell(f"Not taken: {FLAWS[judged.flaw]}", judged.photograph.portrait())
        case Taken():
            text = f"Taken: {taken} of {WANTED}."
            if judged.resembles:
                alike = judged.resembles
                text += f"  It looks like {alike.name} ({alike.similarity:.2f})."
            screen.tell(text, judged.photograph.portrait())


def _opened(config: Config, name: str) -> AbstractContextManager[Camera]:
    """The configured camera of that name, or one at an address or a device, being read."""
    for chosen in config.camera:
        if chosen.name == composed(name):
            return reading(chosen, config.source_of(chosen))

    try:
        source = parse(name)
        unnamed = CameraConfig(name="the camera", source=name)
    except ValidationError:
        raise CameraError("The camera's address is no source of a camera.") from None
    except ValueError as error:
        raise CameraError(f"The camera's address {error}.") from None
    if source.kind is Kind.FILE:
        known = ", ".join(c.name for c in config.camera) or "none"
        raise NotFoundError(
            f'No camera is called "{name}"; there is: {known}; or give an address or a device.'
        )
    return reading(unnamed, source)
