"""How alike people and sightings are: whom a face is most like, and which are of one person."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
# So many templates are read within a second; more are compared by pgvector's index only.
READ_MAX = 20_000
Looks = Mapping[str, Sequence[Embedding]]
"""Embeddings (d,) by the fingerprint of the recogniser that made them."""

_SQL = statements.load("likeness")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Undecided sightings: those that are of a person, and all that were compared."""

    theirs: frozenset[UUID]
    compared: frozenset[UUID]


def looks_of_person(cursor: Cursor, person: UUID) -> Looks:
    """What a person, with everyone who is one with them, is recognised by."""
    return _by_pack(cursor, _SQL["looks_of_person"], {"person": person})


def looks_of_sightings(cursor: Cursor, sightings: Collection[UUID]) -> Looks:
    """What sightings look like, as far as that is still kept."""
    return _by_pack(cursor, _SQL["looks_of_sightings"], {"sightings": list(sightings)})


def _by_pack(cursor: Cursor, statement: str, values: dict[str, object]) -> Looks:
    cursor.execute(statement, values)
    looks = defaultdict(list)
    for pack, embedding in cursor:
        looks[pack].append(vector(embedding))
    return looks


def to_everyone(cursor: Cursor, looks: Looks, *, index: bool) -> dict[UUID, float]:
    """How alike people are to the look that is most like them.

    Parameters
    ----------
    cursor : of an open transaction
    looks : what they are compared with
    index : whether pgvector's index finds those most like each of them

    Returns
    -------
    Cosine similarities; of those who may be compared, all, or with an index the nearest.  Nobody
    where too many are known to be read without one.
    """
    if not index and templates.estimated_count(cursor) > READ_MAX:
        return {}

    found: dict[UUID, float] = {}
    for pack, embeddings in looks.items():
        if index:
            near = [templates.nearest(cursor, pack, one, 0) for one in embeddings]
            known = {template.template_id: template for some in near for template in some}
            held = list(known.values())
        else:
            held = templates.templates(cursor, pack)
        if not held:
            continue

        gallery = Gallery(np.size(held[0].embedding), held, centres.of(pack))
        for embedding in embeddings:
            for person, similarity in gallery.rank(embedding):
                found[person] = max(similarity, found.get(person, similarity))
    return found


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
