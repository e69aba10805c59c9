"""Applies merges and settles pending sightings, each in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID, uuid4

from psycopg2.extras import Json, execute_values

from visitord.core.errors import VisitordError
from visitord.core.records import Embedding
from visitord.identity.clustering import Group, Member, Suggestion
from visitord.identity.decision import new_identity_id
from visitord.store import templates
from visitord.store.database import SQL, Cursor, numbers, value

JOB_LOCK = 5_190_232_977_410_118_223
MIN_GOOD_SAMPLES = 1  # a pending sighting without one flawless sample stays pending


def lock(cursor: Cursor) -> bool:
    """Whether this transaction may run the merge job; false while another process does."""
    return bool(value(cursor, "select pg_try_advisory_xact_lock(%s)", (JOB_LOCK,)))


def freeze(cursor: Cursor) -> None:
    """Let nobody else merge, split, rename or ignore until the transaction ends: it must act on
    what it has seen.

    Recorders may go on matching; to enrol someone they wait.
    """
    cursor.execute("lock table identity in share row exclusive mode")


def members(cursor: Cursor, pack: str) -> list[Member]:
    """Identities that stand for themselves, with all that was put together in them, and usable
    pending sightings.
    """
    cursor.execute(SQL["members"], {"pack": pack})
    found = []
    for (identity_id, number, named), rows in groupby(cursor.fetchall(), key=itemgetter(0, 1, 2)):
        parts = tuple(tuple(row[4] for row in part) for _, part in groupby(rows, key=itemgetter(3)))
        found.append(Member(identity_id, parts, number, named=named))
    cursor.execute(SQL["pending"], {"pack": pack, "good_samples": MIN_GOOD_SAMPLES})
    for rank, (sighting_id,) in enumerate(cursor.fetchall()):
        found.append(Member(sighting_id, ((sighting_id,),), rank, pending=True))
    return found


def embeddings(cursor: Cursor, pack: str, keys: Sequence[UUID]) -> dict[UUID, Embedding]:
    """What these templates and sightings, as the parts of members name them, look like to a pack."""
    cursor.execute(SQL["embeddings"], {"pack": pack, "keys": list(keys)})
    return {key: numbers(embedding) for key, embedding in cursor}


def apart(cursor: Cursor) -> set[frozenset[UUID]]:
    """Pairs of identities or pending sightings once seen together, and pairs that a person
    rejected.
    """
    cursor.execute(SQL["apart"])
    return {frozenset(row) for row in cursor.fetchall() if row[0] != row[1]}


def apply(cursor: Cursor, group: Group, by: str, now: datetime) -> None:
    """Merge a group's identities into the kept one and settle its pending sightings.

    The caller announces the change once all groups are applied: the row that counts changes is
    locked last.
    """
    hold(cursor, [i for i in (group.kept, *group.merged) if i])
    kept = group.kept or _found(cursor, group.settled[0])
    evidence = {
        "agreement": round(group.agreement, 4),
        "members": len(group.merged) + len(group.settled) + 1,
    }
    reason = f"every pair in the group agrees at {group.agreement:.2f} or more"
    cursor.execute(
        "select sighting_id::text, reason from sighting where sighting_id = any(%s)",
        (list(group.settled),),
    )
    note = (by, reason, Json(evidence), Json(dict(cursor.fetchall())), now)
    for merged in group.merged:
        _point(cursor, kept, merged, note)
    cursor.execute(SQL["settle"], (kept, f"the merge job: {reason}", list(group.settled)))
    cursor.execute(SQL["rebuild_visits"], ([kept, *group.merged],))


def suggest(cursor: Cursor, suggestions: Sequence[Suggestion], now: datetime) -> None:
    """Keep exactly these as the open ones; those that stay keep their numbers."""
    rows = [(s.one, s.other, s.agreement, s.reason, now) for s in suggestions]
    execute_values(cursor, SQL["suggest"], rows)
    cursor.execute(
        SQL["withdraw_suggestions"], ([row[0] for row in rows], [row[1] for row in rows])
    )


def merge(cursor: Cursor, kept: UUID, merged: UUID, by: str, why: str, now: datetime) -> UUID:
    """A person declares two identities one, which stand for themselves; returns the merge.  Raises
    VisitordError.
    """
    freeze(cursor)
    hold(cursor, [kept, merged])
    if kept == merged:
        raise VisitordError("These are the same person already; nothing to merge.")
    merge_id = _point(cursor, kept, merged, (by, why, Json({}), Json({}), now))
    cursor.execute(SQL["unreject"])  # they said otherwise before
    cursor.execute(SQL["rebuild_visits"], ([kept, merged],))
    templates.changed(cursor, [kept])
    return merge_id


def hold(cursor: Cursor, identity_ids: Sequence[UUID]) -> None:
    """Lock identities until the transaction ends; raises VisitordError if one was merged away
    meanwhile.
    """
    if value(cursor, SQL["hold"], (list(identity_ids),)) != len(set(identity_ids)):
        raise VisitordError(
            "One of these people was merged by somebody else just now; look again and repeat."
        )


def _point(cursor: Cursor, kept: UUID, merged: UUID, note: tuple[object, ...]) -> UUID:
    """Let `merged` and all that point to it stand under `kept`, and log it; returns the merge.

    note: by whom, why, the evidence, the pending sightings settled because of it with the reason
    each had, and when.
    """
    cursor.execute(SQL["merge"], {"kept": kept, "merged": merged})
    cursor.execute(SQL["note_merge"], ((merge_id := uuid4(), kept, merged, *note),))
    return merge_id


def _found(cursor: Cursor, sighting_id: UUID) -> UUID:
    """A new identity whose first template comes from this pending sighting."""
    identity_id = new_identity_id(sighting_id)
    started_at = value(
        cursor, "select started_at from sighting where sighting_id = %s", (sighting_id,)
    )
    templates.enrol(cursor, identity_id, started_at)
    templates.learn(cursor, identity_id, sighting_id)
    return identity_id
