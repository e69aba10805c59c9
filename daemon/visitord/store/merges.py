"""Merges identities, and settles pending sightings, each in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from psycopg2.extras import Json

from visitord.core.errors import VisitordError
from visitord.identity.clustering import Group
from visitord.identity.decision import new_identity_id
from visitord.store import events, gallery_changes, identities, statements, templates, visits
from visitord.store.database import Cursor

JOB_NAME = "merge job"  # who merges, where no person does
JOB_LOCK = 5_190_232_977_410_118_223
_SQL = statements.load("merges")


@dataclass(frozen=True, slots=True)
class MergeInForce:
    """A merge that can be undone; kept, merged: what the two are called."""

    merge_id: UUID
    kept: str
    merged: str
    by: str
    reason: str
    merged_at: datetime
    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True, slots=True)
class _Note:
    """What is logged with a merge.

    settled: the pending sightings settled because of it, by id in text, with the reason each had.
    """

    by: str
    reason: str
    now: datetime
    evidence: dict[str, float] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)


def lock(cursor: Cursor) -> bool:
    """Whether this transaction may run the merge job; false while another process does."""
    return bool(statements.fetch_value(cursor, _SQL["try_lock"], {"key": JOB_LOCK}))


def in_force(cursor: Cursor, limit: int) -> list[MergeInForce]:
    """The merges that were not undone, the newest first, at most `limit`."""
    return statements.fetch_all(cursor, MergeInForce, _SQL["in_force"], {"limit": limit})


def merge(cursor: Cursor, kept: UUID, merged: UUID, by: str, why: str, now: datetime) -> UUID:
    """A person declares two identities one; returns the merge.

    Parameters
    ----------
    cursor : of an open transaction
    kept, merged : identities that stand for themselves; the second becomes part of the first
    by, why, now : the account that says so, its reason, and when

    Raises
    ------
    VisitordError
        if they are one already, or one was merged away meanwhile
    """
    identities.freeze(cursor)
    identities.hold(cursor, [kept, merged])
    if kept == merged:
        raise VisitordError("These are the same person already; nothing to merge.")

    merge_id = _point(cursor, kept, merged, _Note(by, why, now))
    cursor.execute(_SQL["withdraw_rejections"])  # they said otherwise before
    visits.rebuild(cursor, [kept, merged])
    gallery_changes.announce(cursor, [kept])
    return merge_id


def apply(cursor: Cursor, groups: Sequence[Group], by: str, now: datetime) -> None:
    """Merge each group's identities into the kept one and settle its pending sightings.

    The caller announces the change: the row that counts changes is locked last.

    Parameters
    ----------
    cursor : of an open transaction
    groups : what the merge job found to be one person each
    by, now : who says so, and when
    """
    identities.hold(cursor, [i for g in groups for i in (g.kept, *g.merged) if i])

    people: list[UUID] = []
    settled: list[UUID] = []
    for group in groups:
        people += [_join(cursor, group, by, now), *group.merged]
        settled += group.settled
    visits.rebuild(cursor, people, settled)


def _join(cursor: Cursor, group: Group, by: str, now: datetime) -> UUID:
    """Make a group one person; returns who that is."""
    kept = group.kept or _found(cursor, group.settled[0])

    reason = f"every pair in the group agrees at {group.agreement:.2f} or more"
    evidence = {
        "agreement": round(group.agreement, 4),
        "members": len(group.merged) + len(group.settled) + 1,
    }
    note = _Note(by, reason, now, evidence, _reasons(cursor, group.settled))
    for merged in group.merged:
        _point(cursor, kept, merged, note)

    settled = {
        "identity": kept,
        "reason": f"the merge job: {reason}",
        "sightings": list(group.settled),
    }
    cursor.execute(_SQL["settle"], settled)
    return kept


def _point(cursor: Cursor, kept: UUID, merged: UUID, note: _Note) -> UUID:
    """Let `merged` and all that point to it stand under `kept`, and log it; returns the merge."""
    cursor.execute(_SQL["merge"], {"kept": kept, "merged": merged})

    merge_id = uuid4()
    values = {
        "merge_id": merge_id,
        "kept": kept,
        "merged": merged,
        "by": note.by,
        "reason": note.reason,
        "evidence": Json(note.evidence),
        "settled": Json(note.settled),
        "now": note.now,
    }
    cursor.execute(_SQL["note"], values)
    events.merged(cursor, merge_id, kept, merged)
    return merge_id


def _reasons(cursor: Cursor, sighting_ids: Sequence[UUID]) -> dict[str, str]:
    """Why these sightings are filed as they are, by their ids in text."""
    cursor.execute(_SQL["reasons"], {"sightings": list(sighting_ids)})
    return dict(cursor.fetchall())


def _found(cursor: Cursor, sighting_id: UUID) -> UUID:
    """A new identity whose first template comes from this pending sighting."""
    identity_id = new_identity_id(sighting_id)
    started_at = statements.fetch_value(cursor, _SQL["started_at"], {"sighting": sighting_id})
    identities.enrol(cursor, identity_id, started_at)
    templates.learn(cursor, identity_id, sighting_id)
    return identity_id
