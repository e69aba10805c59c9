"""Which undecided sightings are more like a person than like anyone else."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from visitord.core.records import Embedding, Template
from visitord.identity.gallery import Gallery
from visitord.models import centres
from visitord.store import statements, templates
from visitord.store.database import Cursor
from visitord.store.vectors import vector

# Less alike than any pack takes two for one (`models/thresholds.py`: never below 0.38): what is
# nearest to somebody in a small gallery, and yet not like them, is somebody else.
ALIKE = 0.3
_SQL = statements.load("likeness")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Undecided sightings: those that are of a person, and all that were compared."""

    theirs: frozenset[UUID]
    compared: frozenset[UUID]


def of_person(cursor: Cursor, whole: Collection[UUID]) -> Likeness:
    """Compare what is undecided with a person and with everyone else, as a recorder would.

    Parameters
    ----------
    cursor : of an open transaction, in which nobody records this person
    whole : the identities that are one with them, the one that stands for all first

    Returns
    -------
    Which are best matched with the person; by any recogniser that knows both.
    """
    person = next(iter(whole))
    theirs: set[UUID] = set()
    compared: set[UUID] = set()
    for pack in statements.fetch_column(cursor, _SQL["packs"], {"whole": list(whole)}):
        values = {"pack": pack, "whole": list(whole)}
        cursor.execute(_SQL["undecided"], values)
        undecided = {sighting_id: vector(embedding) for sighting_id, embedding in cursor}
        compared |= undecided.keys()

        # Everyone is read only where somebody may be this person at all.
        centre = centres.of(pack)
        own = templates.templates(cursor, pack, whole)
        near = _alike(own, undecided, centre, person)
        if near:
            everyone = templates.templates(cursor, pack)
            theirs |= _alike(everyone, {one: undecided[one] for one in near}, centre, person)
    return Likeness(frozenset(theirs), frozenset(compared))


def _alike(
    known: Iterable[Template],
    undecided: Mapping[UUID, Embedding],
    centre: Embedding | None,
    person: UUID,
) -> set[UUID]:
    """Those whose best match among everyone known is the person, and is like them."""
    held = list(known)
    if not held:
        return set()

    gallery = Gallery(np.size(held[0].embedding), held, centre)
    found = set()
    for sighting_id, embedding in undecided.items():
        ((best, similarity),) = gallery.rank(embedding, 1)
        if best == person and similarity >= ALIKE:
            found.add(sighting_id)
    return found
