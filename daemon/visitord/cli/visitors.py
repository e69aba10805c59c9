"""visitorctl list and show: who is known, and what of each of them."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from visitord.admin import describing, listing
from visitord.admin.describing import PersonReport
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect, connect_for
from visitord.cli.faces import CaptionedFaces, faces_option, require_terminal, show_faces
from visitord.cli.listing import groups_of, show
from visitord.cli.options import format_option, people_options
from visitord.cli.saying import shown
from visitord.cli.terminal import out
from visitord.core.records import Status
from visitord.store.database import Database
from visitord.store.sighting_log import SightingDetail
from visitord.store.visit_log import Visit
from visitord.store.visitors import FrequentVisitor, PersonDetail, Visitor
from visitord.store.window import Window

FACES_MAX = 4  # that fit side by side


@click.command("list")
@people_options
@click.option("--status", type=click.Choice([s.value for s in Status]), help="Only these.")
@click.option("--unnamed", is_flag=True, help="Only those without a name.")
@click.option(
    "--frequent", is_flag=True, help="Who came more than once within 30 days, most often first."
)
@faces_option
def list_(
    form: str, frequent: bool, faces: bool, status: str | None, unnamed: bool, window: Window
) -> None:
    """Everyone known, those seen last first."""
    if frequent and (window.since, window.until, window.camera) != (None, None, None):
        raise click.UsageError(
            "--frequent is about the last 30 days at all cameras; leave out the other."
        )
    if faces:
        require_terminal(form)

    database, window = connect_for(window)
    found: Sequence[Visitor | FrequentVisitor]
    counts: tuple[str, ...]
    if frequent:
        found = listing.list_frequent(database, window, status, unnamed)
        counts = ("visits_30d", "days_30d", "median_gap")
    else:
        found = listing.list_visitors(database, window, status, unnamed)
        counts = ("visits",)

    if faces and found:
        captioned = [CaptionedFaces(in_words(person), [person.visitor_id]) for person in found]
        return show_faces(database, captioned)
    columns = (
        *("name", "label", "status"),
        *groups_of(found),
        *(*counts, "last_seen", "site", "visitor_id"),
    )
    record = FrequentVisitor if frequent else Visitor
    return show(found, form, "Nobody to show.", columns, record)


def in_words(person: Visitor | FrequentVisitor) -> str:
    """A person in one line."""
    visits = person.visits if isinstance(person, Visitor) else person.visits_30d
    line = f"{person.name} ({person.label}, {person.status}), {visits} visits"
    if person.last_seen is None:
        return line
    return f"{line}, last seen {person.last_seen:%Y-%m-%d %H:%M}"


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

    database = connect()
    report = describing.describe(database, who, limit)
    if form == "json":
        return show([_nested(report)], form, "")
    if form == "csv":
        return show(report.sightings, form, "", record=SightingDetail)
    return _print(report, form, database if faces else None)


def _counted(about: PersonDetail) -> str:
    """How much is known of a person."""
    counts = f"{about.visits} visits, {about.sightings} sightings, {about.templates} template(s)"
    if about.set_aside:
        counts += f", {about.set_aside} set aside (visitorctl audit)"
    return f"{counts}\n"


def _nested(report: PersonReport) -> dict[str, object]:
    """A person with the lists of what is known of them, as JSON has it."""
    lists = {"visit_list": report.visits, "sighting_list": report.sightings}
    return {**asdict(report.about), **lists}


def _print(report: PersonReport, form: str, faces_from: Database | None) -> None:
    """Print a person for people to read, with their faces if there is where to get them from."""
    about = report.about
    line = f"{about.name} ({about.label}, {about.status}), id {about.visitor_id}"
    if faces_from is None:
        out.print(shown(line), markup=False)
    else:
        newest = [sighting.sighting_id for sighting in report.sightings[:FACES_MAX]]
        show_faces(faces_from, [CaptionedFaces(line, [about.visitor_id, *newest])])
    if about.also:
        out.print(shown(f"also: {', '.join(about.also)}"), markup=False)
    if about.groups:
        out.print(shown(f"groups: {', '.join(about.groups)}"), markup=False)
    out.print(_counted(about))

    show(
        report.visits,
        form,
        "No visits.",
        ("started_at", "duration_s", "site", "cameras", "sightings"),
        Visit,
    )
    out.print()
    show(
        report.sightings,
        form,
        "No sightings.",
        (
            "started_at",
            "site",
            "camera",
            "decision",
            "score",
            "second_score",
            "quality",
            "sighting_id",
            "reason",
        ),
        SightingDetail,
    )
