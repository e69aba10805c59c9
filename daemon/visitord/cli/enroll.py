"""visitorctl enroll: names people from photographs or before a camera, before they come."""

from collections.abc import Sequence
from pathlib import Path

import click

from visitord.cli.arguments import CAMERA_OR_SOURCE
from visitord.cli.configuration import config
from visitord.cli.options import yes_option
from visitord.cli.paths import PATH
from visitord.core.errors import VisitordError
from visitord.core.file_types import is_picture
from visitord.store import people


@click.command()
@click.argument("name", required=False)
@click.argument("photos", nargs=-1, type=PATH, metavar="[PHOTO]...")
@click.option(
    "--folder",
    type=PATH,
    metavar="DIR",
    help="A folder with a folder of photographs for each name.",
)
@click.option(
    "--camera",
    type=CAMERA_OR_SOURCE,
    metavar="NAME|URL|DEVICE",
    help="Take the photographs now, with a camera.",
)
@click.option(
    "--window/--no-window",
    default=None,
    help="Show the camera in a window [default: where one opens].",
)
@click.option("--new", is_flag=True, help="They are nobody known, however alike.")
@yes_option
def enroll(
    name: str | None,
    photos: tuple[Path, ...],
    folder: Path | None,
    camera: str | None,
    window: bool | None,
    new: bool,
    yes: bool,
) -> None:
    """Let the person called NAME be recognised from photographs.

    Four or five make a good start: on different days, in different light, one face on each, at
    least 40 pixels wide. What cannot be used is said with what would be better, and of many
    photographs the most different ones are taken. Doing it twice changes nothing.  Somebody of that
    name gets them added; whoever was seen before without a name is offered to be given it (--yes:
    take that).

    With --camera, S takes a picture and Q finishes.
    """
    ways = (bool(photos), folder is not None, camera is not None)
    if ways.count(True) != 1 or (name is None) == (folder is None):
        raise click.UsageError("Say NAME PHOTO..., or --folder DIR, or NAME --camera CAMERA.")

    wanted = _folder(folder) if folder else {people.proper(name or ""): _files(photos)}

    from visitord.cli import enrolling  # its libraries take seconds to import

    enroller = enrolling.open_enroller()
    ask = enrolling.asking(yes)
    if camera:
        from visitord.cli.camera_session import take

        taken = take(enroller, config(), camera, window)
        return enrolling.settle(enroller, name or "", taken, ask, new)
    if folder:
        return enrolling.enroll_all(enroller, wanted, ask, new)
    ((one, files),) = wanted.items()
    return enrolling.settle(enroller, one, enrolling.faces(enroller, one, files), ask, new)


def _folder(folder: Path) -> dict[str, list[Path]]:
    """Names and their photographs; raises VisitordError."""
    if not folder.is_dir():
        raise VisitordError(
            f"{folder} is no folder; it should hold a folder of photographs for each name."
        )
    found = {sub.name: _pictures(sub) for sub in sorted(folder.iterdir()) if sub.is_dir()}
    if not found:
        raise VisitordError(
            f"{folder} holds no folders; it should hold one of photographs for each name."
        )
    return found


def _files(photos: Sequence[Path]) -> list[Path]:
    """Photographs, those of folders included; raises VisitordError for what is not there."""
    files: list[Path] = []
    for path in photos:
        if not path.exists():
            raise VisitordError(f"{path} is not there; nobody was enrolled.")
        inside = _pictures(path) if path.is_dir() else [path]
        if not inside:
            raise VisitordError(f"{path} holds no photographs; nobody was enrolled.")
        files += inside
    return files


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_picture(path) and path.is_file())
