"""The merge job: finds identities that are one person, merges them, and asks about the doubtful ones."""

import logging
from datetime import datetime

from visitord.identity import clustering
from visitord.identity.clustering import Member, Proposal
from visitord.identity.neighbours import Neighbours
from visitord.store import gallery_changes, identities, merge_candidates, merges, suggestions
from visitord.store.database import Cursor, Database

log = logging.getLogger(__name__)

JOB_NAME = "merge job"


def merge_duplicates(
    database: Database, pack: str, near: Neighbours, now: datetime, dry_run: bool = False
) -> Proposal:
    """Run one merge job; returns what was (or with dry_run would be) merged, settled and left to a
    person.

    near: new, for the threshold to merge at, or of the last run: then only new embeddings are
    fetched and compared. Returns nothing when another process is at it.  Raises DatabaseError.
    """
    with database.transaction() as cursor:
        if not merges.lock(cursor):
            log.info("Another process runs the merge job; this one leaves it to that.")
            return Proposal([], [])
        _compare(cursor, pack, near)  # the slow part, while recorders go on enrolling
        identities.freeze(cursor)
        proposal = clustering.propose(
            _compare(cursor, pack, near), merge_candidates.cannot_link(cursor), near
        )
        if not dry_run:
            for group in proposal.groups:
                merges.apply(cursor, group, JOB_NAME, now)
            suggestions.keep(cursor, proposal.suggestions, now)
            if proposal.groups:
                gallery_changes.announce(cursor, [g.identity_id for g in proposal.groups])
        return proposal


def _compare(cursor: Cursor, pack: str, near: Neighbours) -> list[Member]:
    """Everyone the job is about, whose embeddings are then near's."""
    members = merge_candidates.members(cursor, pack)
    keys = [key for member in members for part in member.parts for key in part]
    near.update(keys, merge_candidates.embeddings(cursor, pack, near.unknown(keys)))
    return members


def outcome(proposal: Proposal) -> str:
    """What a merge job did, in words."""
    merged, settled = (
        sum(len(g.merged) for g in proposal.groups),
        sum(len(g.settled) for g in proposal.groups),
    )
    asked = (
        f", and left {len(proposal.suggestions)} to you: visitorctl suggestions"
        if proposal.suggestions
        else ""
    )
    return f"merged {merged} identities and settled {settled} pending sightings{asked}"
