"""visitorctl: look at who came, say who is who, and take back what was said."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from visitord import box, control, jobs
from visitord.cli.calibrate import calibrate
from visitord.cli.common import PATH, config, database, format_option, listing_options, out, program, save, show
from visitord.cli.doctor import doctor
from visitord.errors import NotFoundError
from visitord.identity.neighbours import Neighbours
from visitord.store import correcting, listing, merging, people, sightings, spool
from visitord.store.crops import Crops
from visitord.store.embedded import account_name
from visitord.vision.snapshot import sheet
from visitord_onvif.command import cameras

why_option = click.option("--why", default="said by a person", help="The reason, kept with it.")

EXPORTS = {"visits": "visits", "visitors": "visitors", "sightings": "exported_sightings"}  # and their statements


@program
def main() -> None:
    """Look at who came, and say who is who.

    A person is named by id, label ("visitor 7"), number or name.
    """


@main.command("list")
@listing_options
def list_(form: str, **window: object) -> None:
    """Everyone known, those seen last first."""
    with database().transaction() as cursor:
        rows = listing.rows(cursor, "visitors", **window)
    show(rows, form, "Nobody to show.", ("name", "label", "status", "visits", "last_seen", "visitor_id"))


@main.command("show")
@click.argument("who")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many sightings to show.")
@format_option
def show_(who: str, limit: int, form: str) -> None:
    """One person: visits, and why each sighting was filed under them."""
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        (about,) = listing.rows(cursor, "person", id=person.visitor_id)
        visits = listing.rows(cursor, "visits", visitor=person.visitor_id)
        seen = listing.rows(cursor, "sightings", id=person.visitor_id, limit=limit)
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
def visits(form: str, who: str | None, **window: object) -> None:
    """The visit log, of everyone or of one person.

    visitorctl visits rebuild puts all visits of the site together anew, from its sightings and visit.gap.
    """
    if who == "rebuild":
        count = sightings.declare_site(database(), box.site_of(config()), rebuild=True)
        return click.echo(f"{config().site.name} has {count} visits, put together anew from its sightings.")
    with database().transaction() as cursor:
        visitor_id = people.find(cursor, who).visitor_id if who else None
        rows = listing.rows(cursor, "visits", visitor=visitor_id, **window)
    columns = ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings", "status")
    return show(rows, form, "No visits.", columns)


@main.command()
@listing_options
@click.option("--by", type=click.Choice(["day", "hour"]), default="day", show_default=True, help="Of arrival.")
def stats(form: str, by: str, since: datetime | None, **window: object) -> None:
    """How many came, by local day or hour; without --since in the last 30 days."""
    since = since or datetime.now(UTC) - timedelta(days=30)
    with database().transaction() as cursor:
        rows = listing.rows(cursor, "stats", since=since, by=by, **window)
    show(rows, form, "Nobody came.")


@main.command()
@click.argument("what", type=click.Choice(list(EXPORTS)))
@listing_options
def export(form: str, what: str, **window: object) -> None:
    """Print everything there is of WHAT, as CSV unless --format says otherwise."""
    with database().transaction() as cursor:
        rows = listing.rows(cursor, EXPORTS[what], **window)
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
        cameras = listing.rows(cursor, "cameras")
        (totals,) = listing.rows(cursor, "totals")
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
        from visitord.app import look

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


@main.command()
@click.argument("keep")
@click.argument("other")
@why_option
def merge(keep: str, other: str, why: str) -> None:
    """Say that OTHER is the same person as KEEP.

    KEEP's name and id stay; OTHER's label and id lead there from now on.  visitorctl undo takes it back.
    """
    with database().transaction() as cursor:
        kept, merged = people.find(cursor, keep), people.find(cursor, other)
        merging.merge(cursor, kept.visitor_id, merged.visitor_id, account_name(), why, datetime.now(UTC))
    click.echo(f"{merged.name} is now part of {kept.name}.")


@main.command()
@click.argument("merge", required=False)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list.")
@why_option
@format_option
def undo(merge: str | None, limit: int, why: str, form: str) -> None:
    """Take back MERGE, or list the merges that can be.

    Everything is as it was before, and no job will merge the two again.
    """
    with database().transaction() as cursor:
        if merge is None:
            return show(listing.rows(cursor, "merges_in_force", limit=limit), form, "No merge is in force.")
        ids = correcting.undo(cursor, merge, account_name(), why, datetime.now(UTC))
        kept, merged = (people.find(cursor, str(i)).name for i in ids)
    return click.echo(f"{merged} stands apart from {kept} again.")


@main.command()
@click.argument("who")
@click.option("--sightings", multiple=True, required=True, metavar="ID…", help="Those that are somebody else.")
@click.argument("more", nargs=-1, metavar="")
@why_option
def split(who: str, sightings: tuple[str, ...], more: tuple[str, ...], why: str) -> None:
    """Say that some sightings of WHO are somebody else: they become a new identity.

    visitorctl show WHO lists the sightings; the first 8 characters of an id are enough.
    """
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        new = correcting.split(cursor, person, (*sightings, *more), account_name(), why, datetime.now(UTC))
        name = people.find(cursor, str(new)).name
    click.echo(f"{len({*sightings, *more})} sightings of {person.name} are now {name}.")


@main.command()
@click.argument("one")
@click.argument("other")
@why_option
def reject(one: str, other: str, why: str) -> None:
    """Say that ONE and OTHER are two people: no job will merge them."""
    with database().transaction() as cursor:
        pair = people.find(cursor, one), people.find(cursor, other)
        correcting.reject(cursor, *pair, account_name(), why, datetime.now(UTC))
    click.echo(f"{pair[0].name} and {pair[1].name} stay two people.")


@main.command()
@click.argument("answer", type=click.Choice(["accept", "reject"]), required=False)
@click.argument("number", type=int, required=False)
@why_option
@format_option
def suggestions(answer: str | None, number: int | None, why: str, form: str) -> None:
    """Pairs that may be one person, left to you by the merge job.

    Without arguments they are listed; accept NUMBER merges the two, reject NUMBER keeps them apart for good.
    """
    if answer and number is None:
        raise click.UsageError(f"{answer} which one? visitorctl suggestions lists them with their numbers.")
    with database().transaction() as cursor:
        if number is None:
            return show(listing.rows(cursor, "suggestions"), form, "The merge job has no open question.")
        one, other = correcting.suggested(cursor, number)
        if answer == "accept":
            merging.merge(cursor, one.visitor_id, other.visitor_id, account_name(), why, datetime.now(UTC))
        else:
            correcting.reject(cursor, one, other, account_name(), why, datetime.now(UTC))
    accepted, rejected = f"{other.name} is now part of {one.name}.", f"{one.name} and {other.name} stay two people."
    return click.echo(accepted if answer == "accept" else rejected)


@main.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be merged, and why.")
@click.option("--picture", type=PATH, metavar="FILE.png", help="Also put the faces side by side.")
def cluster(dry_run: bool, picture: Path | None) -> None:
    """Run the merge job now.

    It joins identities that are one person and settles pending sightings.
    """
    settings = config()
    opened, pack = database(), box.open_pack(settings)
    near = Neighbours(box.thresholds(settings, pack, opened).merge)
    done = jobs.merge_duplicates(opened, pack.fingerprint, near, datetime.now(UTC), dry_run)
    whom = [
        (f"one person: all agree at {g.agreement:.2f} or more", (g.identity_id, *g.merged, *g.settled))
        for g in done.groups
    ]
    whom += [(f"up to you: agree at {s.agreement:.2f}, {s.reason}", (s.one, s.other)) for s in done.suggestions]
    with opened.transaction() as cursor:
        faces = people.faces(cursor, [i for _, ids in whom for i in ids])
    rows = [(why, [faces[i] for i in ids if i in faces]) for why, ids in whom]
    if dry_run:
        for why, some in rows:
            click.echo(f"{', '.join(name for name, _ in some)} ({why})")
    if picture:
        crops = Crops(settings.state / "crops")
        save(picture, sheet([(why, [(name, crops.read(crop)) for name, crop in some]) for why, some in rows]))
    outcome = jobs.outcome(done)
    click.echo(f"Would have {outcome}." if dry_run else f"{outcome.capitalize()}.")


for command in (calibrate, cameras, doctor):
    main.add_command(command)
