"""visitorctl visits, stats and export: who came when, and how many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import click

from visitord.admin import listing
from visitord.cli.arguments import WHO
from visitord.cli.configuration import config
from visitord.cli.connection import connect, connect_for
from visitord.cli.files import save
from visitord.cli.listing import groups_of, in_file, show
from visitord.cli.options import format_of, group_options, people_options, window_options
from visitord.cli.paths import PATH
from visitord.cli.working import working
from visitord.store.opening import site_of
from visitord.store.site import declare_site
from visitord.store.visit_log import FootfallRow, Visit
from visitord.store.window import Window

STATS_WITHIN = timedelta(days=30)


@click.command()
@people_options
@click.argument("who", required=False, type=WHO)
def visits(form: str, who: str | None, window: Window) -> None:
    """The visit log, of everyone or of one person.

    visitorctl visits rebuild puts all visits of the site together anew, from its sightings and
    visit.gap.
    """
    if who == "rebuild":
        return _rebuild()
    database, window = connect_for(window)
    found = listing.list_visits(database, window, who)
    columns = (
        *("called", "started_at", "ended_at", "duration_s", "site"),
        *("cameras", "sightings", "status"),
        *groups_of(found),
    )
    return show(found, form, "No visits.", columns, Visit)


def _rebuild() -> None:
    settings = config()
    with working("Putting all visits together"):
        count = declare_site(connect(), site_of(settings), rebuild=True)
    click.echo(f"{settings.site.name} has {count} visits, put together anew from its sightings.")


@click.command()
@people_options
@click.option(
    "--by", type=click.Choice(["day", "hour"]), default="day", show_default=True, help="Of arrival."
)
def stats(form: str, by: Literal["day", "hour"], window: Window) -> None:
    """How many came, by local day or hour; without --since in the last 30 days.

    Groups that footfall.exclude_groups names are left out, unless --group asks for them.
    """
    since = window.since or datetime.now(UTC) - STATS_WITHIN
    database, window = connect_for(window)
    rows = listing.count_visits(database, replace(window, since=since), by)
    if form == "table" and not any(row.visits for row in rows):
        rows = []
    show(rows, form, "Nobody came.", record=FootfallRow)


@click.command()
@click.argument("what", type=click.Choice(tuple(listing.EXPORTED)))
@click.option(
    "--output", "-o", type=PATH, metavar="FILE", help="Write it there, for your account alone."
)
@format_of("csv", "json", "parquet")
@window_options
@group_options
def export(form: str, what: listing.Exported, window: Window, output: Path | None) -> None:
    """Print everything there is of WHAT, for other programs.

    Times are UTC in JSON and Parquet; in CSV they are those of their site, with the offset.
    """
    record = listing.EXPORTED[what]
    with working("Reading"):
        database, window = connect_for(window)
        found = listing.export(database, what, window)

    if output is None:
        show(found, form, "", record=record, utc=True)
        return
    save(output, in_file(found, form, record))
    click.echo(f"{output} has {len(found)} {what}.")
