"""Draws faces in the terminal.

Sixels or kitty's protocol where it knows them, else coloured half blocks.
"""

import io
import logging
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import click
from rich.console import RenderableType

from visitord.cli.configuration import config
from visitord.cli.saying import shown
from visitord.cli.terminal import out
from visitord.store import visitors
from visitord.store.crops import Crops
from visitord.store.database import Database

SIDE_PX = 160
ROWS, COLUMNS = 10, 20  # of characters, which are about twice as high as wide

faces_option = click.option("--faces", is_flag=True, help="Draw the faces, in a terminal.")


@dataclass(frozen=True, slots=True)
class CaptionedFaces:
    """A line of text, and the people or sightings whose faces are drawn below it."""

    line: str
    ids: Sequence[UUID]


def require_terminal(form: str) -> None:
    """Raises UsageError where faces cannot be drawn."""
    if form != "table" or not out.is_terminal:
        raise click.UsageError(
            "--faces draws in a terminal; leave it out for a file, a pipe, or another --format."
        )


def show_faces(database: Database, rows: Sequence[CaptionedFaces]) -> None:
    """Print the lines, each with those of its faces that this box has pictures of."""
    with database.transaction() as cursor:
        known = visitors.faces(cursor, [i for row in rows for i in row.ids])

    crops = Crops(config().crops_dir)
    for row in rows:
        out.print(shown(row.line), markup=False)
        pictures = [crops.read(known[i].crop) for i in row.ids if i in known]
        kept = [picture for picture in pictures if picture]
        if kept:
            draw(kept)
        else:
            out.print("(no picture on this box)", style="dim")


def draw(pictures: Sequence[bytes]) -> None:
    """JPEG pictures side by side, as this terminal can; a remark where it shows none."""
    try:
        out.print(_drawing(pictures))
    except (ArithmeticError, OSError, ValueError, termios.error):  # such as of one without a size
        out.print("(this terminal shows no picture)", style="dim")


def _drawing(pictures: Sequence[bytes]) -> RenderableType:
    from PIL import Image

    strip = Image.new("RGB", (SIDE_PX * len(pictures), SIDE_PX))
    for n, picture in enumerate(pictures):
        face = Image.open(io.BytesIO(picture)).convert("RGB").resize((SIDE_PX, SIDE_PX))
        strip.paste(face, (n * SIDE_PX, 0))

    if not sys.stdin.isatty():
        # The library asks the terminal what it can, and waits a tenth of a second for each answer;
        # it would ask whatever else standard input is.
        setattr(sys, "__stdin__", None)  # noqa: B010
    # It warns of terminals that do not answer.
    logging.getLogger("textual_image").setLevel(logging.CRITICAL)
    from textual_image.renderable import Image as Best

    return Best(strip, width=COLUMNS * len(pictures), height=ROWS)
