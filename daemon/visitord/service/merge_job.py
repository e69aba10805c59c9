"""The merge job: finds identities that are one person, merges them, asks about doubtful ones."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from visitord.identity import clustering
from visitord.identity.clustering import Member, Proposal
from visitord.identity.mean_looks import joined_by_mean
from visitord.identity.neighbours import Neighbours
from visitord.identity.thresholds import MatchRule
from visitord.service import template_job
from visitord.store import gallery_changes, identities, merge_candidates, merges, suggestions
from visitord.store.database import Cursor, Database

log = logging.getLogger(__name__)


def merge_duplicates(
    database: Database,
    pack: str,
    rule: MatchRule,
    near: Neighbours,
    now: datetime,
    dry_run: bool = False,
) -> Proposal:
    """Run one merge job.

    Parameters
    ----------
    database
        A connection that nothing else uses meanwhile.
    pack
        Fingerprint of the recogniser; what others made is not compared.
    rule
        How similar two must be to be one, with so many people known as there are.
    near
        New, or that of the last run: then only new embeddings are fetched and compared.
    now
        The time of the merges.
    dry_run
        Change nothing.

    Returns
    -------
    Proposal
        What was, or with `dry_run` would be, merged, settled and left to a person.  It is empty
        when another process runs the job.

    Raises
    ------
    DatabaseError
        When the database is away or refuses; nothing is changed then.
    """
    with database.transaction() as cursor:
        if not merges.lock(cursor):
            log.info("Another process runs the merge job; this one leaves it to that.")
            return Proposal([], [])

        # The slow part comes before the lock, while recorders go on enrolling.  Under it
        # only what they added meanwhile is compared.
        _compare(cursor, pack, rule, near)
        identities.freeze(cursor)
        members = _compare(cursor, pack, rule, near)
        audit = template_job.load(cursor, pack, near, rule.at(_people(members)))
        findings = template_job.find(cursor, pack, audit, near.centre, template_job.SUSPECTS_MAX)
        wrong = {finding.template_id for finding in findings if finding.sets_aside}
        members = _without(members, wrong, near)

        cannot_link = merge_candidates.cannot_link(cursor)
        doubts = suggestions.doubts(cursor)
        by_looks = clustering.propose(members, cannot_link, near, doubts)
        proposal = joined_by_mean(by_looks, members, cannot_link, near)

        if not dry_run:
            changed = template_job.set_aside(cursor, findings, now)
            _apply(cursor, proposal, changed, now)
        return replace(proposal, set_aside=len(wrong))


def _compare(cursor: Cursor, pack: str, rule: MatchRule, near: Neighbours) -> list[Member]:
    """Everyone the job is about, whose embeddings are then near's."""
    members = merge_candidates.members(cursor, pack)
    near.ask(rule.at(_people(members)).merge)

    keys = _keys(members)
    near.update(keys, merge_candidates.embeddings(cursor, pack, near.unknown(keys)))
    return members


def _people(members: Iterable[Member]) -> int:
    return sum(not member.pending for member in members)


def _keys(members: Iterable[Member]) -> list[UUID]:
    return [key for member in members for part in member.parts for key in part]


def _without(members: list[Member], wrong: Collection[UUID], near: Neighbours) -> list[Member]:
    """The members without some of their templates, which near then does not hold either."""
    if not wrong:
        return members

    left = []
    for member in members:
        parts = (tuple(key for key in part if key not in wrong) for part in member.parts)
        left.append(replace(member, parts=tuple(part for part in parts if part)))
    near.update(_keys(left), {})
    return left


def _apply(cursor: Cursor, proposal: Proposal, changed: Collection[UUID], now: datetime) -> None:
    """Write what is proposed, and tell of it; changed: who else is to be told of."""
    if proposal.groups:
        merges.apply(cursor, proposal.groups, merges.JOB_NAME, now)
    suggestions.keep(cursor, proposal.suggestions, now)

    kept = [group.identity_id for group in proposal.groups]
    if kept or changed:
        gallery_changes.announce(cursor, [*kept, *changed])


def outcome(proposal: Proposal) -> str:
    """What a merge job did, in words."""
    merged = sum(len(group.merged) for group in proposal.groups)
    settled = sum(len(group.settled) for group in proposal.groups)
    said = f"merged {merged} identities and settled {settled} pending sightings"
    if proposal.set_aside:
        said += f", set aside {proposal.set_aside} template(s)"
    if proposal.suggestions:
        said += f", and left {len(proposal.suggestions)} to you: visitorctl suggestions"
    return said
