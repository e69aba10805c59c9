"""visitorctl's listings: who came, when and how often, how the box is, and what its cameras see."""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

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
from visitord.service import control, wiring
from visitord.store import (
    adhoc,
    cameras,
    people,
    sighting_log,
    spool,
    totals,
    visit_log,
    visitors,
)
from visitord.store.cameras import CameraState
from visitord.store.sighting_log import LoggedSighting, SightingDetail
from visitord.store.site import declare_site
from visitord.store.visit_log import FootfallRow, Visit
from visitord.store.visitors import FrequentVisitor, Visitor
from visitord.store.window import Window

FACES_MAX = 4  # that fit side by side
EXPORTS = ("visits", "visitors", "sightings")


@click.command("list")
@listing_options
@click.option("--status", type=click.Choice([s.value for s in Status]), help="Only these.")
@click.option("--unnamed", is_flag=True, help="Only those without a name.")
@click.option(
    "--frequent", is_flag=True, help="Who came more than once within 30 days, most often first."
)
@faces_option
def list_(
    form: str,
    frequent: bool,
    faces: bool,
    status: str | None,
    unnamed: bool,
    since: datetime | None,
    until: datetime | None,
    camera: str | None,
) -> None:
    """Everyone known, those seen last first."""
    window = Window(since, until, camera)
    if frequent and window != Window():
        raise click.UsageError(
            "--frequent is about the last 30 days at all cameras; leave out the other."
        )
    if faces:
        require_terminal(form)
    opened = database()
    with opened.transaction() as cursor:
        rows: Sequence[Visitor | FrequentVisitor]
        if frequent:
            rows = visitors.frequent(cursor, status, unnamed)
        else:
            rows = visitors.visitors(cursor, window, status, unnamed)

    if faces and rows:
        return show_faces(opened, [(_line(row), [row.visitor_id]) for row in rows])
    counts = ("visits_30d", "days_30d", "median_gap") if frequent else ("visits",)
    return show(
        rows,
        form,
        "Nobody to show.",
        ("name", "label", "status", *counts, "last_seen", "visitor_id"),
        FrequentVisitor if frequent else Visitor,
    )


def _line(row: Visitor | FrequentVisitor) -> str:
    """A person in words."""
    visits = row.visits if isinstance(row, Visitor) else row.visits_30d
    line = f"{row.name} ({row.label}, {row.status}), {visits} visits"
    return f"{line}, last seen {row.last_seen:%Y-%m-%d %H:%M}" if row.last_seen else line


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
        about = visitors.detail(cursor, person.visitor_id)
        visits = visit_log.visits(cursor, visitor_id=person.visitor_id)
        seen = sighting_log.of_person(cursor, person.visitor_id, limit)
    if form == "json":
        return show([{**asdict(about), "visit_list": visits, "sighting_list": seen}], form, "")
    if form == "csv":
        return show(seen, form, "", record=SightingDetail)
    line = f"{about.name} ({about.label}, {about.status}), id {about.visitor_id}"
    if faces:
        show_faces(
            opened, [(line, [person.visitor_id, *(row.sighting_id for row in seen[:FACES_MAX])])]
        )
    else:
        out.print(line, markup=False)
    if about.also:
        out.print(f"also: {', '.join(about.also)}", markup=False)
    out.print(
        f"{about.visits} visits, {about.sightings} sightings, {about.templates} template(s)\n"
    )
    show(visits, form, "No visits.", ("started_at", "duration_s", "cameras", "sightings"), Visit)
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
    return show(seen, form, "No sightings.", columns, SightingDetail)


@click.command()
@listing_options
@click.argument("who", required=False, type=WHO)
def visits(
    form: str,
    who: str | None,
    since: datetime | None,
    until: datetime | None,
    camera: str | None,
) -> None:
    """The visit log, of everyone or of one person.

    visitorctl visits rebuild puts all visits of the site together anew, from its sightings and
    visit.gap.
    """
    if who == "rebuild":
        with working("Putting all visits together"):
            count = declare_site(database(), wiring.site_of(config()), rebuild=True)
        return click.echo(
            f"{config().site.name} has {count} visits, put together anew from its sightings."
        )
    with database().transaction() as cursor:
        visitor_id = people.find(cursor, who).visitor_id if who else None
        rows = visit_log.visits(cursor, Window(since, until, camera), visitor_id)
    columns = ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings", "status")
    return show(rows, form, "No visits.", columns, Visit)


@click.command()
@listing_options
@click.option(
    "--by", type=click.Choice(["day", "hour"]), default="day", show_default=True, help="Of arrival."
)
def stats(
    form: str,
    by: Literal["day", "hour"],
    since: datetime | None,
    until: datetime | None,
    camera: str | None,
) -> None:
    """How many came, by local day or hour; without --since in the last 30 days."""
    since = since or datetime.now(UTC) - timedelta(days=30)
    with database().transaction() as cursor:
        rows = visit_log.footfall(cursor, Window(since, until, camera), by)
    show(rows, form, "Nobody came.", record=FootfallRow)


@click.command()
@click.argument("what", type=click.Choice(EXPORTS))
@listing_options
def export(
    form: str,
    what: str,
    since: datetime | None,
    until: datetime | None,
    camera: str | None,
) -> None:
    """Print everything there is of WHAT, as CSV unless --format says otherwise."""
    window = Window(since, until, camera)
    form = "csv" if form == "table" else form
    with working("Reading"), database().transaction() as cursor:
        rows: Sequence[object]
        if what == "visits":
            rows, record = visit_log.visits(cursor, window), Visit
        elif what == "visitors":
            rows, record = visitors.visitors(cursor, window), Visitor
        else:
            rows, record = sighting_log.logged(cursor, window), LoggedSighting
    show(rows, form, "", record=record)


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
            states = cameras.states(cursor)
            stored = totals.totals(cursor)
    except DatabaseError:
        if answer := control.ask(
            config().state, ""
        ):  # what this box's own daemon says of its cameras
            show(
                json.loads(answer),
                form,
                "",
                ("camera", "state", "stream", "fps", "last_frame_at", "reason"),
            )
        raise
    show(
        states,
        form,
        "No daemon has reported a camera yet; start one with: visitord run.",
        record=CameraState,
    )
    if form == "table":
        click.echo(
            f"\n{stored.visitors} visitors, {stored.visits} visits, {stored.sightings} sightings "
            f"({stored.pending} pending), {stored.present} present now"
        )


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
        answer = adhoc.ask(cursor, query)
    show(answer, form, "No rows.")
