"""visitorctl snapshot: what a camera sees."""

from pathlib import Path

import click

from visitord.cli.arguments import CAMERA
from visitord.cli.configuration import config
from visitord.cli.files import save
from visitord.cli.paths import PATH
from visitord.cli.saying import say


@click.command()
@click.argument("camera", type=CAMERA)
@click.option("--output", "-o", type=PATH, help="Where to [default: CAMERA.jpg].")
def snapshot(camera: str, output: Path | None) -> None:
    """Write the current picture of CAMERA with what visitord sees in it.

    Ignored parts are dark with a red edge, parts that count have a blue one, what moves is green,
    and every face has a box with its width in pixels.  A running daemon is asked; without one, the
    camera is opened for a moment.
    """
    from visitord.admin import snapshots  # a camera's libraries take seconds to import

    picture = snapshots.snapshot(config(), camera)
    path = output or Path(f"{camera}.jpg")
    save(path, picture)
    say(f"{path} shows what {camera} sees.")
