"""Runs the merge job by hand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.identity.clustering import Proposal
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.service.thresholds import rule_in_force
from visitord.store import visitors
from visitord.store.database import Database
from visitord.store.visitors import FaceOf

if TYPE_CHECKING:  # its libraries take seconds to import
    from visitord.models.pack import Pack


@dataclass(frozen=True, slots=True)
class MergeRun:
    """What the job found, and what those it is about are called, by id."""

    proposal: Proposal
    faces: dict[UUID, FaceOf]


def run(
    database: Database, config: Config, pack: "Pack", clock: Clock, *, dry_run: bool = False
) -> MergeRun:
    """Join identities that are one person, and settle pending sightings.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    config : Config
        Of the box, with what it promises.
    pack : Pack
        Whose embeddings are compared.
    clock : Clock
        Its time is logged with each merge.
    dry_run : bool
        Only find out what would be done.
    """
    rule = rule_in_force(config, pack, database)
    near = Neighbours(1.0, pack.centre)
    proposal = merge_job.merge_duplicates(
        database, pack.fingerprint, rule, near, clock.now(), dry_run
    )

    ids: list[UUID] = []
    for group in proposal.groups:
        ids += (group.identity_id, *group.merged, *group.settled)
    for pair in proposal.suggestions:
        ids += (pair.one, pair.other)
    with database.transaction() as cursor:
        return MergeRun(proposal, visitors.faces(cursor, ids))
