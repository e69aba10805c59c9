"""What the merge job compares: everyone who stands for themselves, and usable pending sightings."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from visitord.core.records import Embedding
from visitord.identity.clustering import Member
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.vectors import vector

MIN_GOOD_SAMPLES = 1  # a pending sighting without one flawless sample stays pending
_SQL = statements.load("merge_candidates")


@dataclass(frozen=True, slots=True)
class _Key:
    """One embedding of a member, which belongs to one of its parts."""

    identity_id: UUID
    number: int
    named: bool
    part: UUID
    key: UUID


def members(cursor: Cursor, pack: str) -> list[Member]:
    """Everyone the job is about: identities with all that was put together in them, sightings."""
    keys = statements.fetch_all(cursor, _Key, _SQL["members"], {"pack": pack})
    found = []
    for identity_id, group in groupby(keys, key=attrgetter("identity_id")):
        own = list(group)
        parts = tuple(
            tuple(one.key for one in part) for _, part in groupby(own, key=attrgetter("part"))
        )
        found.append(Member(identity_id, parts, own[0].number, named=own[0].named))

    usable = {"pack": pack, "good_samples": MIN_GOOD_SAMPLES}
    pending = statements.fetch_column(cursor, _SQL["pending"], usable)
    for rank, sighting_id in enumerate(pending):
        found.append(Member(sighting_id, ((sighting_id,),), rank, pending=True))
    return found


def embeddings(cursor: Cursor, pack: str, keys: Sequence[UUID]) -> dict[UUID, Embedding]:
    """What templates and sightings look like to a pack.

    Parameters
    ----------
    cursor : of an open transaction
    pack : the recogniser's fingerprint
    keys : as the parts of `members` name them
    """
    cursor.execute(_SQL["embeddings"], {"pack": pack, "keys": list(keys)})
    return {key: vector(embedding) for key, embedding in cursor}


def cannot_link(cursor: Cursor) -> set[frozenset[UUID]]:
    """Pairs of identities or pending sightings once seen together, and pairs a person rejected."""
    cursor.execute(_SQL["cannot_link"])
    return {frozenset((one, other)) for one, other in cursor if one != other}
