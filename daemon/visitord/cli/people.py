"""visitorctl's corrections: who is who, and who is not."""

from datetime import UTC, datetime
from pathlib import Path

import click

from visitord.cli.completion import WHO
from visitord.cli.console import PATH, config, database, format_option, save, show
from visitord.cli.faces import faces_option, require_terminal, show_faces
from visitord.cli.sheet import sheet
from visitord.cli.working import working
from visitord.identity.neighbours import Neighbours
from visitord.models.opening import open_pack
from visitord.service import merge_job, wiring
from visitord.store import corrections, merges, people, visitors
from visitord.store import suggestions as stored_suggestions
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.embedded import account_name
from visitord.store.merges import MergeInForce
from visitord.store.suggestions import OpenSuggestion

why_option = click.option("--why", default="said by a person", help="The reason, kept with it.")


@click.command()
@click.argument("who", type=WHO)
@click.argument("name")
def rename(who: str, name: str) -> None:
    """Give a person a name; it shows everywhere at once."""
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        kept = people.rename(cursor, person, name)
        same = [p.label for p in people.called(cursor, kept) if p.visitor_id != person.visitor_id]
    click.echo(f"{person.name} is now called {kept}.")
    if same:
        click.echo(
            f'So is {", ".join(same)}; if they are one person: visitorctl merge "{same[0]}" "{person.label}"'
        )


@click.command()
@click.argument("keep", type=WHO)
@click.argument("other", type=WHO)
@why_option
def merge(keep: str, other: str, why: str) -> None:
    """Say that OTHER is the same person as KEEP.

    KEEP's name and id stay; OTHER's label and id lead there from now on.  visitorctl undo takes it
    back.
    """
    with database().transaction() as cursor:
        kept, merged = people.find(cursor, keep), people.find(cursor, other)
        merges.merge(
            cursor, kept.visitor_id, merged.visitor_id, account_name(), why, datetime.now(UTC)
        )
    alike = kept.name == merged.name
    click.echo(
        f"{merged.label if alike else merged.name} is now part of {kept.label if alike else kept.name}."
    )


@click.command()
@click.argument("merge", required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list."
)
@why_option
@format_option
def undo(merge: str | None, limit: int, why: str, form: str) -> None:
    """Take back MERGE, or list the merges that can be.

    Everything is as it was before, and no job will merge the two again.
    """
    with database().transaction() as cursor:
        if merge is None:
            columns = ("merge_id", "kept", "merged", "by", "reason", "merged_at")
            return show(
                merges.in_force(cursor, limit),
                form,
                "No merge is in force.",
                columns,
                MergeInForce,
            )
        undone = corrections.undo(cursor, merge, account_name(), why, datetime.now(UTC))
        kept = people.find(cursor, str(undone.kept_id)).name
        merged = people.find(cursor, str(undone.merged_id)).name
    return click.echo(f"{merged} stands apart from {kept} again.")


@click.command()
@click.argument("who", type=WHO)
@click.option(
    "--sightings", multiple=True, required=True, metavar="ID…", help="Those that are somebody else."
)
@click.argument("more", nargs=-1, metavar="")
@why_option
def split(who: str, sightings: tuple[str, ...], more: tuple[str, ...], why: str) -> None:
    """Say that some sightings of WHO are somebody else: they become a new identity.

    visitorctl show WHO lists the sightings; the first 8 characters of an id are enough.
    """
    with database().transaction() as cursor:
        person = people.find(cursor, who)
        new = corrections.split(
            cursor, person, (*sightings, *more), account_name(), why, datetime.now(UTC)
        )
        name = people.find(cursor, str(new)).name
    click.echo(f"{len({*sightings, *more})} sightings of {person.name} are now {name}.")


@click.command()
@click.argument("one", type=WHO)
@click.argument("other", type=WHO)
@why_option
def reject(one: str, other: str, why: str) -> None:
    """Say that ONE and OTHER are two people: no job will merge them."""
    with database().transaction() as cursor:
        pair = people.find(cursor, one), people.find(cursor, other)
        corrections.reject(cursor, *pair, account_name(), why, datetime.now(UTC))
    click.echo(f"{pair[0].name} and {pair[1].name} stay two people.")


@click.command()
@click.argument("answer", type=click.Choice(["accept", "reject"]), required=False)
@click.argument("number", type=int, required=False)
@why_option
@faces_option
@format_option
def suggestions(answer: str | None, number: int | None, why: str, faces: bool, form: str) -> None:
    """Pairs that may be one person, left to you by the merge job.

    Without arguments they are listed; accept NUMBER merges the two, reject NUMBER keeps them apart
    for good.
    """
    if answer and number is None:
        raise click.UsageError(
            f"{answer} which one? visitorctl suggestions lists them with their numbers."
        )
    opened = database()
    if faces:
        require_terminal(form)
        return _show_pairs(opened)
    with opened.transaction() as cursor:
        if number is None:
            columns = ("number", "one", "other", "agreement", "reason", "made_at")
            return show(
                stored_suggestions.unanswered(cursor),
                form,
                "The merge job has no open question.",
                columns,
                OpenSuggestion,
            )
        pair = stored_suggestions.pair(cursor, number)
        one, other = pair.kept, pair.merged
        if answer == "accept":
            merges.merge(
                cursor, one.visitor_id, other.visitor_id, account_name(), why, datetime.now(UTC)
            )
        else:
            corrections.reject(cursor, one, other, account_name(), why, datetime.now(UTC))
    accepted, rejected = (
        f"{other.name} is now part of {one.name}.",
        f"{one.name} and {other.name} stay two people.",
    )
    return click.echo(accepted if answer == "accept" else rejected)


def _show_pairs(opened: Database) -> None:
    """The open suggestions, each with the two faces side by side."""
    with opened.transaction() as cursor:
        found = stored_suggestions.unanswered(cursor)
    show_faces(opened, [(_line(pair), [pair.one_id, pair.other_id]) for pair in found])


def _line(pair: OpenSuggestion) -> str:
    """A question in words."""
    both = f"{pair.one} and {pair.other}"
    return f"{pair.number}: {both} agree at {pair.agreement:.2f}; {pair.reason}"


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be merged, and why.")
@click.option("--picture", type=PATH, metavar="FILE.png", help="Also put the faces side by side.")
def cluster(dry_run: bool, picture: Path | None) -> None:
    """Run the merge job now.

    It joins identities that are one person and settles pending sightings.
    """
    settings = config()
    opened, pack = database(), open_pack(settings)
    near = Neighbours(wiring.thresholds(settings, pack, opened).merge)
    with working("Comparing everyone with everyone"):
        done = merge_job.merge_duplicates(
            opened, pack.fingerprint, near, datetime.now(UTC), dry_run
        )
    whom = [
        (
            f"one person: all agree at {g.agreement:.2f} or more",
            (g.identity_id, *g.merged, *g.settled),
        )
        for g in done.groups
    ]
    whom += [
        (f"up to you: agree at {s.agreement:.2f}, {s.reason}", (s.one, s.other))
        for s in done.suggestions
    ]
    with opened.transaction() as cursor:
        faces = visitors.faces(cursor, [i for _, ids in whom for i in ids])
    rows = [(why, [faces[i] for i in ids if i in faces]) for why, ids in whom]
    if dry_run:
        for why, some in rows:
            click.echo(f"{', '.join(face.name for face in some)} ({why})")
    if picture:
        crops = Crops(settings.crops_dir)
        save(
            picture,
            sheet(
                [
                    (why, [(face.name, crops.read(face.crop)) for face in some])
                    for why, some in rows
                ]
            ),
        )
    outcome = merge_job.outcome(done)
    click.echo(f"Would have {outcome}." if dry_run else f"{outcome.capitalize()}.")
