"""visitorctl sql: questions that no other command answers."""

import contextlib
from datetime import timedelta

import click

from visitord.cli.configuration import installed
from visitord.cli.connection import connect
from visitord.cli.listing import show_rows
from visitord.cli.options import Length, format_option
from visitord.store import adhoc
from visitord.store.adhoc import Table
from visitord.store.reader import reading


@click.command()
@click.argument("query")
@click.option(
    "--timeout",
    type=Length(),
    default="60s",
    show_default=True,
    help="How long the database may look for the answer.",
)
@format_option
def sql(query: str, timeout: timedelta, form: str) -> None:
    """Ask one question in SQL; it can only read.

    Example: visitorctl sql "select name, visits from visitord.visitor"
    """
    with contextlib.closing(connect()) as owner, reading(owner, installed()) as cursor:
        answer = adhoc.ask(cursor, query, timeout)
    show_answer(answer, form)


def show_answer(answer: Table, form: str) -> None:
    """Print an answer, whatever columns it has."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    show_rows(answer.columns, rows, form, "No rows.")
