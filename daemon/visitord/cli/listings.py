"""visitorctl's listings: who came, when and how often, how the box is, and what its cameras see."""

import json
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from visitord.cli.completion import CAMERA, WHO
from visitord.cli.console import (
    PATH,
    config,
    database,
    format_option,
    listing_options,
    out,
    save,
    show,
)
from visitord.cli.faces import faces_option, require_terminal, show_faces
from visitord.cli.working import working
from visitord.core.errors import DatabaseError, NotFoundError, SpoolError
from visitord.core.records import Status
from visitord.models.opening import open_pack
from visitord.service import control
from visitord.store import people, reports, sightings, spool
from visitord.store.opening import site_of

FACES_MAX = 4  # that fit side by side
EXPORTS = {
    "visits": "visits",
    "visitors": "visitors",
    "sightings": "exported_sightings",
}  # and their statements


@click.command("list")
@listing_options
@click.option("--status", type=click.Choice([s.value for s in Status]), help="Only these.")
@click.option("--unnamed", is_flag=True, help="Only those without a name.")
@click.option(
    "--frequent", is_flag=True, help="Who came more than once within 30 days, most often first."
)
@faces_option
def list_(form: str, frequent: bool, faces: bool, **filters: object) -> None:
    """Everyone known, those seen last first."""
    if frequent and (filters["since"] or filters["until"] or filters["camera"]):
        raise click.UsageError(
            "--frequent is about the last 30 days at all cameras; leave out the other."
        )
    if faces:
        require_terminal(form)
    opened = database()
    with opened.transaction() as cursor:
        rows = reports.rows(cursor, "frequent" if frequent else "visitors", **filters)
    if faces and rows:
        return show_faces(opened, [(_line(row), [row["visitor_id"]]) for row in rows])
    counts = ("visits_30d", "days_30d", "median_gap") if frequent else ("visits",)
    return show(
        rows,
        form,
        "Nobody to show.",
        ("name", "label", "status", *counts, "last_seen", "visitor_id"),
    )


def _line(row: dict[str, Any]) -> str:
    """A person in words."""
    visits, seen = row.get("visits", row.get("visits_30d")), row["last_seen"]
    return f"{row['name']} ({row['label']}, {row['status']}), {visits} visits" + (
        f", last seen {seen:%Y-%m-%d %H:%M}" if seen else ""
    )


@click.command("show")
@click.argument("who", type=WHO)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many sightings to show.",
)
@faces_option
@format_option
def show_(who: str, limit: int, faces: bool, form: str) -> None:
    """One person: visits, and why each sighting was filed under them."""
    if faces:
        require_terminal(form)
    opened = database()
    with opened.transaction() as cursor:
        person = people.find(cursor, who)
        (about,) = reports.rows(cursor, "person", id=person.visitor_id)
        visits = reports.rows(cursor, "visits", visitor=person.visitor_id)
        seen = reports.rows(cursor, "sightings", id=person.visitor_id, limit=limit)
    if form == "json":
        return show([{**about, "visit_list": visits, "sighting_list": seen}], form, "")
    if form == "csv":
        return show(seen, form, "")
    line = f"{about['name']} ({about['label']}, {about['status']}), id {about['visitor_id']}"
    if faces:
        show_faces(
            opened, [(line, [person.visitor_id, *(row["sighting_id"] for row in seen[:FACES_MAX])])]
        )
    else:
        out.print(line, markup=False)
    if about["also"]:
        out.print(f"also: {', '.join(about['also'])}", markup=False)
    out.print(
        f"{about['visits']} visits, {about['sightings']} sightings, {about['templates']} template(s)\n"
    )
    show(visits, form, "No visits.", ("started_at", "duration_s", "cameras", "sightings"))
    out.print()
    columns = (
        "started_at",
        "camera",
        "decision",
        "score",
        "second_score",
        "quality",
        "sighting_id",
        "reason",
    )
    return show(seen, form, "No sightings.", columns)


@click.command()
@listing_options
@click.argument("who", required=False, type=WHO)
def visits(form: str, who: str | None, **window: object) -> None:
    """The visit log, of everyone or of one person.

    visitorctl visits rebuild puts all visits of the site together anew, from its sightings and
    visit.gap.
    """
    if who == "rebuild":
        with working("Putting all visits together"):
            count = sightings.declare_site(database(), site_of(config()), rebuild=True)
        return click.echo(
            f"{config().site.name} has {count} visits, put together anew from its sightings."
        )
    with database().transaction() as cursor:
        visitor_id = people.find(cursor, who).visitor_id if who else None
        rows = reports.rows(cursor, "visits", visitor=visitor_id, **window)
    columns = ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings", "status")
    return show(rows, form, "No visits.", columns)


@click.command()
@listing_options
@click.option(
    "--by", type=click.Choice(["day", "hour"]), default="day", show_default=True, help="Of arrival."
)
def stats(form: str, by: str, since: datetime | None, **window: object) -> None:
    """How many came, by local day or hour; without --since in the last 30 days."""
    since = since or datetime.now(UTC) - timedelta(days=30)
    with database().transaction() as cursor:
        rows = reports.rows(cursor, "stats", since=since, by=by, **window)
    show(rows, form, "Nobody came.")


@click.command()
@click.argument("what", type=click.Choice(list(EXPORTS)))
@listing_options
def export(form: str, what: str, **window: object) -> None:
    """Print everything there is of WHAT, as CSV unless --format says otherwise."""
    with working("Reading"), database().transaction() as cursor:
        rows = reports.rows(cursor, EXPORTS[what], **window)
    show(rows, "csv" if form == "table" else form, "")


@click.command()
@format_option
def status(form: str) -> None:
    """How the cameras are, how much is stored, and what waits on disk for the database."""
    try:
        waits = spool.waiting(config().spool_file)
    except SpoolError as error:
        waits = spool.Waiting()
        click.echo(f"Warning: {error}", err=True)
    if form == "table" and any(astuple(waits)):
        click.echo(
            f"{waits.sightings} sightings wait on disk for the database, {waits.refused} it refused; the full disk "
            f"took {waits.lost_pictures} pictures and {waits.lost_sightings} sightings.\n"
        )
    try:
        with database().transaction() as cursor:
            cameras = reports.rows(cursor, "cameras")
            (totals,) = reports.rows(cursor, "totals")
    except DatabaseError:
        if states := control.ask(
            config().state, ""
        ):  # what this box's own daemon says of its cameras
            show(
                json.loads(states),
                form,
                "",
                ("camera", "state", "stream", "fps", "last_frame_at", "reason"),
            )
        raise
    show(cameras, form, "No daemon has reported a camera yet; start one with: visitord run.")
    if form == "table":
        summary = "{visitors} visitors, {visits} visits, {sightings} sightings ({pending} pending), {present} present"
        click.echo(f"\n{summary} now".format(**totals))


@click.command()
@click.argument("camera", type=CAMERA)
@click.option("--output", "-o", type=PATH, help="Where to [default: CAMERA.jpg].")
def snapshot(camera: str, output: Path | None) -> None:
    """Write the current picture of CAMERA with what visitord sees in it.

    Ignored parts are dark with a red edge, parts that count have a blue one, what moves is green,
    and every face has a box with its width in pixels.  A running daemon is asked; without one, the
    camera is opened for a moment.
    """
    settings = config()
    picture = control.ask(settings.state, camera) if camera else None
    if picture is None:
        chosen = next((c for c in settings.camera if c.name == camera), None)
        if chosen is None:
            known = ", ".join(c.name for c in settings.camera) or "none"
            where = settings.path or "the built-in configuration"
            raise NotFoundError(f'No camera is called "{camera}" in {where}; there is: {known}.')
        from visitord.admin.glance import look

        picture = look(settings, chosen, open_pack(settings))
    path = output or Path(f"{camera}.jpg")
    save(path, picture)
    click.echo(f"{path} shows what {camera} sees.")


@click.command()
@click.argument("query")
@format_option
def sql(query: str, form: str) -> None:
    """Ask one question in SQL; it can only read.

    Example: visitorctl sql "select name, visits from visitord.visitor"
    """
    with database().transaction() as cursor:
        rows = reports.query(cursor, query)
    show(rows, form, "No rows.")
