"""visitorctl cluster: the merge job, run by hand."""

from dataclasses import dataclass
from pathlib import Path

import click

from visitord.admin import merge_run
from visitord.admin.merge_run import MergeRun
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.files import save
from visitord.cli.paths import PATH
from visitord.cli.saying import say
from visitord.cli.working import working
from visitord.core.clock import Clock
from visitord.models.opening import open_pack
from visitord.service import merge_job
from visitord.store.crops import Crops
from visitord.store.visitors import FaceOf


@dataclass(frozen=True, slots=True)
class _Found:
    """Why some people and sightings are one person, or may be; those of them that have names."""

    why: str
    faces: list[FaceOf]


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be merged, and why.")
@click.option("--picture", type=PATH, metavar="FILE.png", help="Also put the faces side by side.")
def cluster(dry_run: bool, picture: Path | None) -> None:
    """Run the merge job now.

    It joins identities that are one person and settles pending sightings.
    """
    settings = config()
    database = connect()
    pack = open_pack(settings)
    with working("Comparing everyone with everyone"):
        run = merge_run.run(database, settings, pack, Clock(), dry_run=dry_run)

    found = _found(run)
    if dry_run:
        for one in found:
            say(f"{', '.join(face.name for face in one.faces)} ({one.why})")
    if picture and found:
        save(picture, _sheet(found, Crops(settings.crops_dir)))
    elif picture:
        say(f"There is nothing to show side by side: {picture} is not written.")
    outcome = merge_job.outcome(run.proposal)
    say(f"Would have {outcome}." if dry_run else f"{outcome.capitalize()}.")


def _found(run: MergeRun) -> list[_Found]:
    """What the job found, in words: first who is one person, then who may be."""
    found = []
    for group in run.proposal.groups:
        why = f"one person: all agree at {group.agreement:.2f} or more"
        ids = (group.identity_id, *group.merged, *group.settled)
        found.append(_Found(why, [run.faces[i] for i in ids if i in run.faces]))
    for pair in run.proposal.suggestions:
        why = f"up to you: agree at {pair.agreement:.2f}, {pair.reason}"
        found.append(_Found(why, [run.faces[i] for i in (pair.one, pair.other) if i in run.faces]))
    return found


def _sheet(found: list[_Found], crops: Crops) -> bytes:
    from visitord.cli.sheet import CaptionedRow, NamedFace, sheet  # a vision library

    rows = []
    for one in found:
        faces = [NamedFace(face.name, crops.read(face.crop)) for face in one.faces]
        rows.append(CaptionedRow(one.why, faces))
    return sheet(rows)
