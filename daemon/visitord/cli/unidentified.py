"""visitorctl unidentified: who came and could not be recognised, and a person's word on it."""

import click

from visitord.admin import identifying
from visitord.admin.author import Author
from visitord.admin.identifying import Identified
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect, connect_for
from visitord.cli.faces import CaptionedFaces, faces_option, require_terminal, show_faces
from visitord.cli.listing import show
from visitord.cli.options import confirm_or_warn, listing_options, why_option, yes_option
from visitord.cli.saying import say
from visitord.cli.values import ID_SHOWN
from visitord.store.unidentified import Unidentified
from visitord.store.window import Window


@click.command()
@listing_options
@click.argument("answer", type=click.Choice(["assign", "enroll"]), required=False)
@click.argument("sightings", nargs=-1, metavar="[ID…]")
@click.option("--to", "who", type=WHO, help="Whose they are, with assign.")
@click.option("--name", help="What to call the new person, with enroll.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many to list."
)
@faces_option
@why_option
@yes_option
def unidentified(
    form: str,
    window: Window,
    answer: str | None,
    sightings: tuple[str, ...],
    who: str | None,
    name: str | None,
    limit: int,
    faces: bool,
    why: str,
    yes: bool,
) -> None:
    """Who came and could not be recognised, and why.

    assign ID… --to WHO files sightings under somebody known, enroll ID… makes them a new person;
    the first 8 characters of an id are enough.  visitorctl forget --sighting erases one.
    """
    if answer is None:
        if who or name:
            raise click.UsageError("--to is for assign, --name for enroll.")
        return _list(form, window, limit, faces)

    if not sightings:
        raise click.UsageError(
            f"{answer} which? visitorctl unidentified lists them with their ids."
        )
    author = Author.here(why)
    if answer == "assign":
        if who is None or name is not None:
            raise click.UsageError("Say whose they are: assign ID… --to WHO.")
        return _tell(_assign(sightings, who, author, yes))
    if who is not None:
        raise click.UsageError(
            "enroll makes a new person; to file them under one: assign ID… --to."
        )
    return _tell(identifying.enrol(connect(), sightings, author, name))


def _list(form: str, window: Window, limit: int, faces: bool) -> None:
    if faces:
        require_terminal(form)
    database, window = connect_for(window)
    found = identifying.waiting(database, window, limit)
    if faces and found:
        rows = [CaptionedFaces(in_words(sighting), [sighting.sighting_id]) for sighting in found]
        return show_faces(database, rows)

    columns = (
        *("started_at", "site", "camera", "candidate", "score", "face_px", "quality"),
        *("sighting_id", "reason"),
    )
    return show(found, form, "Everyone who came was recognised.", columns, Unidentified)


def in_words(sighting: Unidentified) -> str:
    """A sighting in one line."""
    shown = str(sighting.sighting_id)[:ID_SHOWN]
    when = f"{sighting.started_at:%Y-%m-%d %H:%M}"
    return f"{shown}, {sighting.camera}, {when}: {sighting.reason}"


def _assign(sightings: tuple[str, ...], who: str, author: Author, yes: bool) -> Identified:
    database = connect()
    try:
        return identifying.assign(database, sightings, who, author, certain=yes)
    except identifying.InOnePictureError as error:
        confirm_or_warn(error.fact, "File it there all the same?", yes)
        return identifying.assign(database, sightings, who, author, certain=True)


def _tell(done: Identified) -> None:
    count = "1 sighting is" if done.sightings == 1 else f"{done.sightings} sightings are"
    say(f"{count} now {done.person.name}'s; visitorctl split takes them out of a person again.")
