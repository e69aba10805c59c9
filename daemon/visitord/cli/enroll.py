"""visitorctl enroll: names people from photographs or before a camera, without waiting until they
come.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import track

from visitord.cli.completion import CAMERA
from visitord.cli.console import PATH, config, database
from visitord.cli.leaving import yes_option
from visitord.core.errors import VisitordError
from visitord.core.file_types import is_picture
from visitord.models.opening import open_pack
from visitord.service.thresholds import thresholds_in_force
from visitord.store import people
from visitord.store.crops import Crops

if TYPE_CHECKING:  # their libraries take seconds to import
    from visitord.admin.enrolment import Answers, Desk
    from visitord.admin.photographs import Look


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
    type=CAMERA,
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
    if sum((bool(photos), folder is not None, camera is not None)) != 1 or (name is None) == (
        folder is None
    ):
        raise click.UsageError("Say NAME PHOTO..., or --folder DIR, or NAME --camera CAMERA.")
    wanted = _folder(folder) if folder else {people.proper(name or ""): _files(photos)}
    from visitord.admin.enrolment import Answers, Desk

    opened, settings = database(), config()
    pack = open_pack(settings)
    limits = thresholds_in_force(settings, pack, opened)
    desk = Desk(opened, pack, limits, Crops(settings.crops_dir))
    answers = Answers(yes, new, lambda question: click.confirm(question, default=True))
    if camera:
        from visitord.cli.session import take

        return _settle(desk, name or "", take(desk, settings, camera, window), answers)
    failed = [
        n for n, files in wanted.items() if not _one(desk, n, files, answers, only=folder is None)
    ]
    if failed:
        raise VisitordError(
            f"{len(failed)} of {len(wanted)} people could not be enrolled: {', '.join(failed)}."
        )
    return None


def _one(desk: "Desk", name: str, files: Sequence[Path], answers: "Answers", only: bool) -> bool:
    """Enrol one person from files; returns whether that worked.  only: nobody else waits, so errors
    are raised.
    """
    try:
        if not files:
            raise VisitordError("its folder holds no photographs; nobody was enrolled.")
        _settle(desk, people.proper(name), list(_looks(desk, name, files)), answers)
    except VisitordError as error:
        if only:
            raise
        click.echo(f"{name}: {error}", err=True)
        return False
    return True


def _settle(desk: "Desk", name: str, looks: "Sequence[Look]", answers: "Answers") -> None:
    from visitord.admin import enrolment

    for line in enrolment.enroll(desk, name, looks, answers):
        click.echo(line)


def _looks(desk: "Desk", name: str, files: Sequence[Path]) -> "Iterator[Look]":
    from visitord.admin.photographs import read

    console = Console(stderr=True)
    for path in track(
        files,
        f"Looking at {name}",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        found = read(desk.pack, path)
        if isinstance(found, str):
            console.print(f"{path}: {found}.", markup=False, highlight=False, soft_wrap=True)
        else:
            yield found


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
