"""Draws faces in the terminal: as sixels or by kitty's protocol where it can, else as coloured half
blocks.
"""

import io
import logging
import sys
import termios
from collections.abc import Sequence
from uuid import UUID

import click
from rich.console import RenderableType

from visitord.cli.console import config, out
from visitord.store import visitors
from visitord.store.crops import Crops
from visitord.store.database import Database

SIDE_PX = 160
ROWS, COLUMNS = 10, 20  # of characters, which are about twice as high as wide

faces_option = click.option("--faces", is_flag=True, help="Draw the faces, in a terminal.")


def require_terminal(form: str) -> None:
    """Raises UsageError where faces cannot be drawn."""
    if form != "table" or not out.is_terminal:
        raise click.UsageError(
            "--faces draws in a terminal; leave it out for a file, a pipe, or another --format."
        )


def show_faces(database: Database, rows: Sequence[tuple[str, Sequence[UUID]]]) -> None:
    """A line for each row, and below it the faces of the people or sightings of these ids that have
    one on this box.
    """
    with database.transaction() as cursor:
        known = visitors.faces(cursor, [i for _, ids in rows for i in ids])
    crops = Crops(config().crops_dir)
    for line, ids in rows:
        out.print(line, markup=False)
        pictures = [crops.read(known[i].crop) for i in ids if i in known]
        if any(pictures):
            draw([p for p in pictures if p])
        else:
            out.print("(no picture on this box)", style="dim")


def draw(pictures: Sequence[bytes]) -> None:
    """JPEG pictures side by side, as this terminal shows them best; a remark where it shows none."""
    try:
        out.print(_drawing(pictures))
    except (
        ArithmeticError,
        OSError,
        ValueError,
        termios.error,
    ):  # such as of a terminal that has no size
        out.print("(this terminal shows no picture)", style="dim")


def _drawing(pictures: Sequence[bytes]) -> RenderableType:
    from PIL import Image

    strip = Image.new("RGB", (SIDE_PX * len(pictures), SIDE_PX))
    for n, picture in enumerate(pictures):
        strip.paste(
            Image.open(io.BytesIO(picture)).convert("RGB").resize((SIDE_PX, SIDE_PX)),
            (n * SIDE_PX, 0),
        )
    if not sys.stdin.isatty():
        # The library asks the terminal what it can, and waits a tenth of a second for each answer;
        # it would ask whatever else standard input is.
        setattr(sys, "__stdin__", None)  # noqa: B010
    logging.getLogger("textual_image").setLevel(
        logging.CRITICAL
    )  # it warns of terminals that do not answer
    from textual_image.renderable import Image as Best

    return Best(strip, width=COLUMNS * len(pictures), height=ROWS)
