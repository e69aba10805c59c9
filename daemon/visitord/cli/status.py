"""visitorctl status: how the box is."""

import json

import click

from visitord.admin import listing
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.listing import show
from visitord.cli.options import format_option
from visitord.cli.saying import say
from visitord.core.errors import DatabaseError, SpoolError
from visitord.service import control
from visitord.store import spool
from visitord.store.cameras import CameraState
from visitord.store.spool import Waiting


@click.command()
@format_option
def status(form: str) -> None:
    """How the cameras are, how much is stored, and what waits on disk for the database."""
    _tell_what_waits(form)
    try:
        found = listing.status(connect())
    except DatabaseError:
        _tell_what_the_daemon_says(form)
        raise

    empty = "No daemon has reported a camera yet; start one with: visitord run."
    show(found.cameras, form, empty, record=CameraState)
    if form == "table":
        stored = found.totals
        say(
            f"\n{stored.visitors} visitors, {stored.visits} visits "
            f"({stored.unidentified} unidentified), {stored.sightings} sightings "
            f"({stored.pending} pending), {stored.present} present now"
        )
        for left in found.remaining:
            click.echo(str(left))


def _tell_what_waits(form: str) -> None:
    try:
        waits = spool.waiting(config().spool_file)
    except SpoolError as error:
        say(f"Warning: {error}", err=True)
        return
    if form == "table" and waits != Waiting():
        say(
            f"{waits.sightings} sightings wait on disk for the database, {waits.refused} it "
            f"refused; {waits.lost_pictures} pictures and {waits.lost_sightings} sightings were "
            f"too many for spool.max_mb, and {waits.expired} sightings waited for spool.keep.\n"
        )


def _tell_what_the_daemon_says(form: str) -> None:
    """Without a database: how this box's own daemon says that its cameras are, if one runs."""
    answer = control.ask(config().state, "")
    if answer:
        columns = ("camera", "state", "stream", "fps", "last_frame_at", "reason")
        show(json.loads(answer), form, "", columns)
