"""visitorctl suggestions: what the merge job asks."""

import click

from visitord.admin import merging
from visitord.admin.author import Author
from visitord.cli.connection import connect
from visitord.cli.faces import CaptionedFaces, faces_option, require_terminal, show_faces
from visitord.cli.listing import show
from visitord.cli.merging import merge_in_words
from visitord.cli.options import format_option, why_option
from visitord.cli.saying import say
from visitord.core.clock import Clock
from visitord.store.database import Database
from visitord.store.suggestions import OpenSuggestion


@click.command()
@click.argument("answer", type=click.Choice(["accept", "reject"]), required=False)
@click.argument("number", type=int, required=False)
@why_option
@faces_option
@format_option
def suggestions(answer: str | None, number: int | None, why: str, faces: bool, form: str) -> None:
    """Pairs that may be one person, left to you by the merge job.

    Without arguments they are listed; accept NUMBER merges the two, reject NUMBER keeps them apart
    for good.
    """
    if answer and number is None:
        raise click.UsageError(
            f"{answer} which one? visitorctl suggestions lists them with their numbers."
        )
    database = connect()
    if faces:
        require_terminal(form)
        return _draw(database)
    if number is None:
        return _list(database, form)

    author = Author.here(why)
    clock = Clock()
    if answer == "accept":
        done = merging.accept_suggestion(database, number, author, clock)
        return say(merge_in_words(done))
    apart = merging.reject_suggestion(database, number, author, clock)
    return say(f"{apart.one.name} and {apart.other.name} stay two people.")


def _list(database: Database, form: str) -> None:
    columns = ("number", "one", "other", "agreement", "reason", "made_at")
    empty = "The merge job has no open question."
    show(merging.open_suggestions(database), form, empty, columns, OpenSuggestion)


def _draw(database: Database) -> None:
    """The open suggestions, each with the two faces side by side."""
    pairs = merging.open_suggestions(database)
    show_faces(
        database, [CaptionedFaces(question(pair), (pair.one_id, pair.other_id)) for pair in pairs]
    )


def question(pair: OpenSuggestion) -> str:
    """An open suggestion in words."""
    both = f"{pair.one} and {pair.other}"
    return f"{pair.number}: {both} agree at {pair.agreement:.2f}; {pair.reason}"
