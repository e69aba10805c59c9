"""Draws faces in the terminal.

Sixels or kitty's protocol where it knows them, else coloured half blocks.
"""

import io
import logging
import sys
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
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
# Characters are about twice as high as wide.  A face of coloured blocks has two pixels in each, so
# it must be larger to be known: two of these fit side by side into 80 columns.
PICTURE_COLUMNS = 20
BLOCK_COLUMNS = 38
GAP_COLUMNS = 2
HINT = (
    "This terminal has only coloured blocks for faces. They are clearer on the page that "
    "visitorctl review opens, or in a terminal that shows pictures, such as kitty, foot or WezTerm."
)

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
    """Print the lines, each with those of its faces that this box has pictures of.

    Where each line is about one face, several stand beside each other.
    """
    with database.transaction() as cursor:
        known = visitors.faces(cursor, [i for row in rows for i in row.ids])

    crops = Crops(config().crops_dir)
    captioned = []
    for row in rows:
        pictures = [crops.read(known[i].crop) for i in row.ids if i in known]
        captioned.append(_Captioned(row.line, [picture for picture in pictures if picture]))

    most = _beside_each_other()
    for has_one, group in groupby(captioned, lambda one: len(one.pictures) == 1):
        if has_one:
            found = list(group)
            for first in range(0, len(found), most):
                _draw_beside(found[first : first + most])
        else:
            for one in group:
                _draw_below(one)

    if _draws_blocks() and any(one.pictures for one in captioned):
        out.print(HINT, style="dim")


@dataclass(frozen=True, slots=True)
class _Captioned:
    line: str
    pictures: list[bytes]


def _draw_beside(some: Sequence[_Captioned]) -> None:
    """Lines that have a picture each, all in one row."""
    from rich.table import Table  # takes a tenth of a second to import
    from rich.text import Text

    lines = Table.grid(padding=(0, GAP_COLUMNS, 0, 0))
    for _ in some:
        lines.add_column(width=_columns(), overflow="fold", vertical="bottom")
    lines.add_row(*(Text(shown(one.line)) for one in some))
    out.print(lines)
    draw([picture for one in some for picture in one.pictures])


def _draw_below(one: _Captioned) -> None:
    """A line, and its pictures below it."""
    out.print(shown(one.line), markup=False)
    if one.pictures:
        draw(one.pictures)
    else:
        out.print("(no picture on this box)", style="dim")


def draw(pictures: Sequence[bytes]) -> None:
    """JPEG pictures side by side, as this terminal can; a remark where it shows none."""
    try:
        most = _beside_each_other()
        for first in range(0, len(pictures), most):
            out.print(_drawing(pictures[first : first + most]))
    except (ArithmeticError, OSError, ValueError, termios.error):  # such as of one without a size
        out.print("(this terminal shows no picture)", style="dim")


def _drawing(pictures: Sequence[bytes]) -> RenderableType:
    from PIL import Image

    columns = _columns()
    gap_px = SIDE_PX * GAP_COLUMNS // columns
    step_px = SIDE_PX + gap_px
    strip = Image.new("RGB", (step_px * len(pictures) - gap_px, SIDE_PX))
    for n, picture in enumerate(pictures):
        face = Image.open(io.BytesIO(picture)).convert("RGB").resize((SIDE_PX, SIDE_PX))
        strip.paste(face, (n * step_px, 0))

    width = (columns + GAP_COLUMNS) * len(pictures) - GAP_COLUMNS
    return _renderer()(strip, width=width, height=columns // 2)


def _beside_each_other() -> int:
    """How many faces fit into a row of this terminal."""
    return max(1, (out.width + GAP_COLUMNS) // (_columns() + GAP_COLUMNS))


def _columns() -> int:
    """How many a face takes up."""
    wanted = BLOCK_COLUMNS if _draws_blocks() else PICTURE_COLUMNS
    return max(1, min(wanted, out.width))


def _draws_blocks() -> bool:
    """Whether this terminal knows no pictures."""
    best = _renderer()  # first of all: it sees to it that the library asks only a terminal
    from textual_image.renderable import HalfcellImage, UnicodeImage

    return best in (HalfcellImage, UnicodeImage)


@cache
def _renderer() -> Callable[..., RenderableType]:
    """The best that this terminal knows."""
    if not sys.stdin.isatty():
        # The library asks the terminal what it can, and waits a tenth of a second for each answer;
        # it would ask whatever else standard input is.
        setattr(sys, "__stdin__", None)  # noqa: B010
    # It warns of terminals that do not answer.
    logging.getLogger("textual_image").setLevel(logging.CRITICAL)
    from textual_image.renderable import Image

    return Image
