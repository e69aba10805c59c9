"""visitorctl: look at who came, and say who is who."""

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from visitord import box, control, jobs
from visitord.cli.cameras import cameras
from visitord.cli.common import (
    Group,
    config,
    config_option,
    format_option,
    listing_options,
    log_to_stderr,
    out,
    show,
    version_option,
)
from visitord.errors import NotFoundError, VisitordError
from visitord.store import listing, merging, people
from visitord.store.database import Database
from visitord.store.listing import Window


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@config_option
@version_option
def main() -> None:
    """Look at who came, and say who is who.

    A person is named by id, label ("visitor 7"), number or name.
    """


VISITOR_KEYS = ("visitor_id", "name", "label", "status", "first_seen", "last_seen", "visits", "sightings")
SIGHTING_KEYS = (
    *("sighting_id", "camera", "started_at", "ended_at", "decision"),
    *("score", "second_score", "quality", "reason"),
)
VISIT_KEYS = (
    *("visit_id", "identity", "name", "status", "camera", "cameras"),
    *("started_at", "ended_at", "duration_s", "sightings"),
)


def _database() -> Database:
    """The configured database, whose times come back in the site's time zone."""
    log_to_stderr()
    settings = config()
    database = box.open_database(settings)
    database.timezone = settings.site.timezone
    return database


@main.command("list")
@listing_options
def list_(form: str, since: datetime | None, until: datetime | None, camera: str | None) -> None:
    """Everyone known, those seen last first."""
    with _database().transaction() as cursor:
        rows = listing.visitors(cursor, Window(since, until, camera))
    columns = ("name", "label", "status", "visits", "last_seen", "visitor_id")
    show(rows, columns, form, "Nobody to show.", VISITOR_KEYS)


@main.command("show")
@click.argument("who")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many sightings to show.")
@format_option
def show_(who: str, limit: int, form: str) -> None:
    """One person: visits, and why each sighting was filed under them."""
    with _database().transaction() as cursor:
        person = people.find(cursor, who)
        about = listing.person(cursor, person.visitor_id)
        visits = listing.visits(cursor, Window(), person.visitor_id)
        sightings = listing.sightings(cursor, person.visitor_id, limit)
    if form == "json":
        return show([{**about, "visit_list": visits, "sighting_list": sightings}], (), form, "")
    if form == "csv":
        return show(sightings, (), form, "", SIGHTING_KEYS)
    out.print(f"{about['name']} ({about['label']}, {about['status']}), id {about['visitor_id']}", markup=False)
    if about["also"]:
        out.print(f"also: {', '.join(about['also'])}", markup=False)
    out.print(f"{about['visits']} visits, {about['sightings']} sightings, {about['templates']} template(s)\n")
    show(visits, ("started_at", "duration_s", "cameras", "sightings"), form, "No visits.")
    out.print()
    columns = ("started_at", "camera", "decision", "score", "second_score", "quality", "reason")
    return show(sightings, columns, form, "No sightings.")


@main.command()
@click.argument("who")
@click.argument("name")
def rename(who: str, name: str) -> None:
    """Give a person a name; it shows everywhere at once."""
    with _database().transaction() as cursor:
        person = people.find(cursor, who)
        kept = people.rename(cursor, person, name)
    click.echo(f"{person.name} is now called {kept}.")


def _account() -> str:
    """Who runs this command, for the merge log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@main.command()
@click.argument("keep")
@click.argument("other")
def merge(keep: str, other: str) -> None:
    """Say that OTHER is the same person as KEEP.

    KEEP's name and id stay; OTHER's label and id lead there from now on.
    """
    with _database().transaction() as cursor:
        kept, merged = people.find(cursor, keep), people.find(cursor, other)
        merging.merge(cursor, kept.visitor_id, merged.visitor_id, _account(), datetime.now(UTC))
    click.echo(f"{merged.name} is now part of {kept.name}.")


@main.command()
@listing_options
@click.argument("who", required=False)
def visits(form: str, since: datetime | None, until: datetime | None, camera: str | None, who: str | None) -> None:
    """The visit log, of everyone or of one person."""
    with _database().transaction() as cursor:
        visitor_id = people.find(cursor, who).visitor_id if who else None
        rows = listing.visits(cursor, Window(since, until, camera), visitor_id)
    show(
        rows,
        ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings", "status"),
        form,
        "No visits.",
    )


@main.command()
@format_option
def status(form: str) -> None:
    """How the cameras are, and how much is stored."""
    with _database().transaction() as cursor:
        cameras = listing.cameras(cursor)
        totals = listing.totals(cursor)
    columns = ("camera", "site", "state", "stream", "fps", "dropped", "reconnects", "last_frame_at", "reason")
    show(cameras, columns, form, "No daemon has reported a camera yet; start one with: visitord run.")
    if form == "table":
        summary = (
            "{visitors} visitors, {visits} visits, {sightings} sightings ({pending} pending), {present} present now"
        )
        click.echo(f"\n{summary.format(**totals)}")


@main.command()
@click.argument("camera")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Where to [default: CAMERA.jpg].")
def snapshot(camera: str, output: Path | None) -> None:
    """Write the current picture of CAMERA with what visitord sees in it.

    Ignored parts are dark with a red edge, parts that count have a blue one, what moves is green, and every face
    has a box with its width in pixels.  A running daemon is asked; without one, the camera is opened for a moment.
    """
    settings = config()
    picture = control.ask(settings.state, camera)
    if picture is None:
        chosen = next((c for c in settings.camera if c.name == camera), None)
        if chosen is None:
            known = ", ".join(c.name for c in settings.camera) or "none"
            raise NotFoundError(f'No camera is called "{camera}" in {settings.path}; there is: {known}.')
        from visitord.look import look

        picture = look(settings, chosen, box.open_pack(settings))
    path = output or Path(f"{camera}.jpg")
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise VisitordError(f"{path} cannot be written: {error.strerror}.") from None
    click.echo(f"{path} shows what {camera} sees.")


@main.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be merged.")
def cluster(dry_run: bool) -> None:
    """Run the merge job now.

    It joins identities that are one person and settles pending sightings.
    """
    database = _database()
    settings = config()
    pack = box.open_pack(settings)
    thresholds = box.thresholds(settings, pack)
    groups = jobs.merge_duplicates(database, pack.fingerprint, thresholds, datetime.now(UTC), dry_run=dry_run)
    text = ("would have " if dry_run else "") + jobs.outcome(groups)
    click.echo(f"{text[0].upper()}{text[1:]}.")


@main.command()
@click.argument("query")
@format_option
def sql(query: str, form: str) -> None:
    """Ask one question in SQL; it can only read.

    Example: visitorctl sql "select name, visits from visitord.visitor"
    """
    with _database().transaction() as cursor:
        columns, rows = listing.query(cursor, query)
    show(rows, columns, form, "No rows.")


main.add_command(cameras)

if __name__ == "__main__":
    main()
