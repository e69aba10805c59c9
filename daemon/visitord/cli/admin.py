"""visitorctl: look at who came, and say who is who."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from visitord import box, control
from visitord.cli.calibrate import calibrate
from visitord.cli.cameras import cameras
from visitord.cli.common import PATH, config, database, format_option, listing_options, out, program, save, show
from visitord.cli.merging import COMMANDS
from visitord.errors import NotFoundError
from visitord.store import listing, people, sightings, spool
from visitord.store.listing import Window

EXPORTS = {"visits": listing.visits, "visitors": listing.visitors, "sightings": listing.sightings_within}


@program
def main() -> None:
    """Look at who came, and say who is who.

    A person is named by id, label ("visitor 7"), number or name.
    """


@main.command("list")
@listing_options
def list_(form: str, since: datetime | None, until: datetime | None, camera: str | None) -> None:
    """Everyone known, those seen last first."""
    with database().transaction() as cursor:
        rows = listing.visitors(cursor, Window(since, until, camera))
    show(rows, form, "Nobody to show.", ("name", "label", "status", "visits", "last_seen", "visitor_id"))


@main.command("show")
@click.argument("who")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many sightings to show.")
@format_option
def show_(who: str, limit: int, form: str) -> None:
    """One person: visits, and why each sighting was filed under them."""
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        about = listing.person(cursor, person.visitor_id)
        visits = listing.visits(cursor, Window(), person.visitor_id)
        seen = listing.sightings(cursor, person.visitor_id, limit)
    if form == "json":
        return show([{**about, "visit_list": visits, "sighting_list": seen}], form, "")
    if form == "csv":
        return show(seen, form, "")
    out.print(f"{about['name']} ({about['label']}, {about['status']}), id {about['visitor_id']}", markup=False)
    if about["also"]:
        out.print(f"also: {', '.join(about['also'])}", markup=False)
    out.print(f"{about['visits']} visits, {about['sightings']} sightings, {about['templates']} template(s)\n")
    show(visits, form, "No visits.", ("started_at", "duration_s", "cameras", "sightings"))
    out.print()
    columns = ("started_at", "camera", "decision", "score", "second_score", "quality", "sighting_id", "reason")
    return show(seen, form, "No sightings.", columns)


@main.command()
@click.argument("who")
@click.argument("name")
def rename(who: str, name: str) -> None:
    """Give a person a name; it shows everywhere at once."""
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        kept = people.rename(cursor, person, name)
    click.echo(f"{person.name} is now called {kept}.")


@main.command()
@listing_options
@click.argument("who", required=False)
def visits(form: str, since: datetime | None, until: datetime | None, camera: str | None, who: str | None) -> None:
    """The visit log, of everyone or of one person.

    visitorctl visits rebuild puts all visits of the site together anew, from its sightings and visit.gap.
    """
    if who == "rebuild":
        count = sightings.declare_site(database(), box.site_of(config()), rebuild=True)
        return click.echo(f"{config().site.name} has {count} visits, put together anew from its sightings.")
    with database().transaction() as cursor:
        visitor_id = people.find(cursor, who).visitor_id if who else None
        rows = listing.visits(cursor, Window(since, until, camera), visitor_id)
    columns = ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings", "status")
    return show(rows, form, "No visits.", columns)


@main.command()
@listing_options
@click.option("--by", type=click.Choice(["day", "hour"]), default="day", show_default=True, help="Of arrival.")
def stats(form: str, since: datetime | None, until: datetime | None, camera: str | None, by: str) -> None:
    """How many came, by local day or hour; without --since in the last 30 days."""
    window = Window(since or datetime.now(UTC) - timedelta(days=30), until, camera)
    with database().transaction() as cursor:
        rows = listing.stats(cursor, window, by)
    show(rows, form, "Nobody came.")


@main.command()
@click.argument("what", type=click.Choice(list(EXPORTS)))
@listing_options
def export(form: str, since: datetime | None, until: datetime | None, camera: str | None, what: str) -> None:
    """Print everything there is of WHAT, as CSV unless --format says json."""
    with database().transaction() as cursor:
        rows = EXPORTS[what](cursor, Window(since, until, camera))
    show(rows, "csv" if form == "table" else form, "")


@main.command()
@format_option
def status(form: str) -> None:
    """How the cameras are, how much is stored, and what waits on disk for the database."""
    waits = spool.waiting(config().spool_file)
    if form == "table" and any(astuple(waits)):
        click.echo(
            f"{waits.sightings} sightings wait on disk for the database, {waits.refused} it refused; the full disk "
            f"took {waits.lost_pictures} pictures and {waits.lost_sightings} sightings.\n"
        )
    with database().transaction() as cursor:
        cameras = listing.cameras(cursor)
        totals = listing.totals(cursor)
    show(cameras, form, "No daemon has reported a camera yet; start one with: visitord run.")
    if form == "table":
        summary = "{visitors} visitors, {visits} visits, {sightings} sightings ({pending} pending), {present} present"
        click.echo(f"\n{summary} now".format(**totals))


@main.command()
@click.argument("camera")
@click.option("--output", "-o", type=PATH, help="Where to [default: CAMERA.jpg].")
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
            where = settings.path or "the built-in configuration"
            raise NotFoundError(f'No camera is called "{camera}" in {where}; there is: {known}.')
        from visitord.look import look

        picture = look(settings, chosen, box.open_pack(settings))
    path = output or Path(f"{camera}.jpg")
    save(path, picture)
    click.echo(f"{path} shows what {camera} sees.")


@main.command()
@click.argument("query")
@format_option
def sql(query: str, form: str) -> None:
    """Ask one question in SQL; it can only read.

    Example: visitorctl sql "select name, visits from visitord.visitor"
    """
    with database().transaction() as cursor:
        rows = listing.query(cursor, query)
    show(rows, form, "No rows.")


for command in (calibrate, cameras, *COMMANDS):
    main.add_command(command)

if __name__ == "__main__":
    main()
