"""visitorctl status: how the box is."""

import contextlib
import json
from zoneinfo import ZoneInfo

import click

from visitord.admin import listing
from visitord.admin.listing import Status
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.listing import show
from visitord.cli.options import format_option
from visitord.cli.saying import say
from visitord.cli.values import as_json
from visitord.core.errors import DatabaseError, SpoolError, VisitordError
from visitord.service import control, state
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
        _tell_of_the_service(form)
        raise

    if form == "json":
        click.echo(json.dumps(as_json(_everything(found)), indent=2, ensure_ascii=False))
        _tell_of_the_service(form)
        return

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
        for one in found.events.receivers:
            if one["waiting"] or one["lost"]:
                say(
                    f"{one['waiting']} events wait for {one['receiver']}; {one['lost']} were "
                    "deleted before it had them."
                )
    _tell_of_the_service(form)


def _everything(found: Status) -> dict[str, object]:
    """All that is known, for programs; service: None where no daemon of this box answers."""
    service = None
    with contextlib.suppress(VisitordError):  # which is told beside it
        service = state.ask(config().state)
    return {
        "cameras": found.cameras,
        "stored": found.totals,
        "remaining": found.remaining,
        "events": found.events,
        "waiting": spool.waiting(config().spool_file),
        "service": service,
    }


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


def _tell_of_the_service(form: str) -> None:
    """How the threads of this box's own daemon are, and when it merges next."""
    try:
        running = state.ask(config().state)
    except VisitordError as error:
        click.echo(f"Warning: {error}", err=True)
        return

    if running is None:
        if form == "table":
            click.echo("No daemon runs on this box.")
        return
    for stage in running.hanging():
        text = f"the {stage.stage} thread has made no progress for {stage.quiet_s:.0f} s"
        click.echo(f"Warning: {text}.", err=True)
    if form == "table":
        went_on = ", ".join(f"{stage.stage} {stage.quiet_s:.1f} s" for stage in running.stages)
        merges_at = running.next_merge.astimezone(ZoneInfo(config().site.timezone))
        click.echo(f"Threads of the daemon on this box last went on: {went_on} ago.")
        click.echo(f"The merge job runs next at {merges_at:%Y-%m-%d %H:%M:%S%z}.")
