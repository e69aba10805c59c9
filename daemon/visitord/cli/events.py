"""visitorctl events: what happened, and what happens."""

import csv
import json
import sys
import threading
from dataclasses import fields
from zoneinfo import ZoneInfo

import click

from visitord.admin import telling
from visitord.cli.connection import connect_for
from visitord.cli.listing import show
from visitord.cli.options import format_of, window_options
from visitord.cli.saying import say
from visitord.cli.values import as_cell, as_json, at_zone, by_name
from visitord.core.events import EventKind
from visitord.store.event_log import Event
from visitord.store.window import Window

FOLLOW_EVERY_S = 1.0
COLUMNS = ("at", "kind", "name", "site", "camera", "first_time", "duration_s", "state", "late")


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens, until interrupted.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in EventKind]),
    multiple=True,
    help="Only these; may be given several times.",
)
@format_of("table", "json", "csv", help="How to print; with --follow each event is a line.")
@window_options
def events(form: str, follow: bool, kinds: tuple[str, ...], window: Window) -> None:
    """What happened, in the order in which it was told.

    With --follow and without --since it begins with what happens next.
    """
    database, window = connect_for(window)
    wanted = [EventKind(kind) for kind in kinds]
    if not follow:
        found = telling.list_events(database, window, wanted)
        show(found, form, "No events.", COLUMNS, Event)
        return

    if form == "csv":
        _print_csv([field.name for field in fields(Event)])
    pause = threading.Event()
    for batch in telling.follow(database, window, wanted):
        for event in batch:
            _print(event, form)
        if not batch:
            pause.wait(FOLLOW_EVERY_S)


def _print(event: Event, form: str) -> None:
    """One line, as soon as it is there."""
    row = by_name(event)
    if event.timezone:
        row = at_zone(row, ZoneInfo(event.timezone))

    if form == "json":
        click.echo(json.dumps(as_json(row), ensure_ascii=False))
    elif form == "csv":
        _print_csv([as_cell(value) for value in row.values()])
    else:
        say(f"{row['at']:%Y-%m-%d %H:%M:%S%z}  {sentence(event)}")


def _print_csv(cells: list[str]) -> None:
    csv.writer(sys.stdout, lineterminator="\n").writerow(cells)
    sys.stdout.flush()


def sentence(event: Event) -> str:
    """An event in words."""
    match EventKind(event.kind):
        case EventKind.ARRIVAL:
            visit = " for the first time" if event.first_time else ""
            words = f"{event.name} came{visit}: {event.camera}, {event.site}"
        case EventKind.DEPARTURE:
            words = f"{event.name} left {event.site}"
            if event.duration_s is not None:
                words += f" after {event.duration_s:.0f} s"
        case EventKind.UNIDENTIFIED:
            words = f"Somebody came who could not be identified: {event.camera}, {event.site}"
        case EventKind.RENAMED:
            words = f"{event.other_name} is called {event.name} now"
        case EventKind.MERGED if event.undone:
            words = f"{event.name} and {event.other_name} are two people again"
        case EventKind.MERGED:
            words = f"{event.other_name} is {event.name}"
        case EventKind.CAMERA:
            why = f" ({event.reason})" if event.reason else ""
            words = f"Camera {event.camera}, {event.site}, is {event.state}{why}"
    return f"{words} (told late)." if event.late else f"{words}."
