"""visitorctl sql: questions that no other command answers."""

import click

from visitord.cli.connection import connect
from visitord.cli.listing import show_rows
from visitord.cli.options import format_option
from visitord.store import adhoc
from visitord.store.adhoc import Table


@click.command()
@click.argument("query")
@format_option
def sql(query: str, form: str) -> None:
    """Ask one question in SQL; it can only read.

    Example: visitorctl sql "select name, visits from visitord.visitor"
    """
    with connect().transaction() as cursor:
        answer = adhoc.ask(cursor, query)
    show_answer(answer, form)


def show_answer(answer: Table, form: str) -> None:
    """Print an answer, whatever columns it has."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    show_rows(answer.columns, rows, form, "No rows.")
