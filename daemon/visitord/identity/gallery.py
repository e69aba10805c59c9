"""Everyone known, in memory, ready to be compared with: one matrix of templates per pack.

Owned by the recorder's thread; filled from the database, and kept up with what others change there.
"""

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace
from itertools import chain
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Embedding, Template
from visitord.identity.centring import centred

_ROOM = 16  # rows to begin with; doubled when they are full
_UNLIKE = -2.0  # below every cosine
_TINY = 1e-6  # a length that divides

_NONE = np.empty(0, np.float32)

_Number = TypeVar("_Number", bound=np.generic)


class Gallery:
    """Templates of one pack, and whose they are.

    A template belongs to an identity, and counts for that identity's root: the one that it was
    merged into, or itself.  Everything but `part` and `update` speaks of roots.

    Templates are held as the network gave them, and compared without the pack's centre.

    Parameters
    ----------
    dim
        How many numbers an embedding has.
    templates
        To begin with.
    centre
        What all faces have in common (d,), where the pack has that.
    people, count
        How many are known and how many templates they have, where these are only some of them.
    """

    def __init__(
        self,
        dim: int,
        templates: Iterable[Template] = (),
        centre: Embedding | None = None,
        people: int = 0,
        count: int = 0,
    ) -> None:
        self._centre = centre
        self._people = people
        self._count = count

        # By row, of which the first len(self) are in use.
        self._matrix = np.empty((_ROOM, dim), np.float32)  # embeddings
        self._apart = np.empty(_ROOM, np.float32)  # how far each is from the centre
        self._owner = np.empty(_ROOM, np.int32)  # the root, as its place in _roots
        self._templates: list[Template] = []  # without their embeddings

        # By root: the squared length of the sum of their centred templates, for the mean of them.
        self._sum_squared = np.empty(_ROOM, np.float64)
        self._roots: list[UUID] = []  # in the order in which they came
        self._rows: dict[UUID, list[int]] = {}  # of each root, its first template first
        self._parts: dict[UUID, list[int]] = {}  # rows of each identity by itself

        for template in templates:
            self.add(template)

    def __len__(self) -> int:
        return len(self._templates)

    @property
    def people(self) -> int:
        """How many people are known, here and elsewhere."""
        return max(len(self._roots), self._people)

    @property
    def count(self) -> int:
        """How many templates they have, here and elsewhere."""
        return max(len(self), self._count)

    @property
    def centre(self) -> Embedding | None:
        """Of the pack, if it has one."""
        return self._centre

    def __iter__(self) -> Iterator[Template]:
        rows = zip(self._templates, self._matrix, strict=False)
        return (replace(template, embedding=row) for template, row in rows)

    def add(self, template: Template) -> None:
        """Match against this template too; raises ValueError when it is of another pack's size."""
        row = len(self)
        if row == len(self._matrix):
            self._matrix = _doubled(self._matrix)
            self._apart = _doubled(self._apart)
            self._owner = _doubled(self._owner)
            self._sum_squared = _doubled(self._sum_squared)

        # First of all, for this is what may be refused.
        self._matrix[row] = template.embedding
        self._apart[row] = self._distance(template.embedding)

        root = template.root_id
        rows = self._rows.setdefault(root, [])
        if rows:
            owner = self._owner[rows[0]]
            crosswise = self._cosines(template.embedding, rows).sum(dtype=np.float64)
            self._sum_squared[owner] += 1 + 2 * crosswise
        else:
            owner = np.int32(len(self._roots))
            self._sum_squared[owner] = 1.0
            self._roots.append(root)
        self._owner[row] = owner
        rows.append(row)
        self._parts.setdefault(template.identity_id, []).append(row)
        self._templates.append(replace(template, embedding=_NONE))

    def update(self, changed: Set[UUID], templates: Collection[Template]) -> "Gallery":
        """The gallery in which some identities have exactly these templates.

        Parameters
        ----------
        changed
            The identities.
        templates
            All that they have now.

        Returns
        -------
        gallery
            This one where templates only came; a new one where some left or changed owner or name.
        """
        rows = chain.from_iterable(self._parts.get(identity_id, ()) for identity_id in changed)
        before = {_key(self._templates[row]) for row in rows}

        if before <= {_key(template) for template in templates}:
            for template in templates:
                if _key(template) not in before:
                    self.add(template)
            return self

        others = [template for template in self if template.identity_id not in changed]
        return Gallery(
            self._matrix.shape[1],
            [*others, *templates],
            self._centre,
            self._people,
            self._count,
        )

    def held(self, identity_id: UUID | None) -> NDArray[np.float32]:
        """The templates (n, d) of this identity, its first one first."""
        if identity_id is None:
            return self._matrix[:0]
        return self._matrix[self._rows.get(identity_id, [])]

    def count_of(self, identity_ids: Iterable[UUID]) -> int:
        """How many templates these identities have here, together."""
        return sum(len(self._rows.get(identity_id, ())) for identity_id in identity_ids)

    def part(self, identity_id: UUID, embedding: Embedding) -> UUID:
        """Which of the identities merged into this one, and itself, is most like the embedding."""
        rows = self._rows.get(identity_id)
        if not rows:
            return identity_id

        best = int(np.argmax(self._cosines(embedding, rows)))
        return self._templates[rows[best]].identity_id

    def resembles_first(self, identity_id: UUID, embedding: Embedding, least: float) -> bool:
        """Whether the embedding is at least so similar to the first template of an identity.

        So it is where there is none yet.
        """
        rows = self._rows.get(identity_id)
        return not rows or bool(self._cosines(embedding, rows[:1])[0] >= least)

    def root(self, identity_id: UUID | None) -> UUID | None:
        """Who stands for an identity that is held here; itself where it is not."""
        if identity_id is None or identity_id not in self._parts:
            return identity_id
        return self._templates[self._parts[identity_id][0]].root_id

    def name(self, identity_id: UUID) -> str | None:
        """What an identity is called.

        Empty while the database has given it no number, None when it is ignored.
        """
        rows = self._rows.get(identity_id)
        return self._templates[rows[0]].name if rows else ""

    def weak(self, identity_id: UUID, quality: float) -> bool:
        """Whether the identity has a single template, of less than this quality."""
        rows = self._rows.get(identity_id, [])
        return len(rows) == 1 and self._templates[rows[0]].quality < quality

    def poor_only(self, identity_id: UUID | None, quality: float) -> UUID | None:
        """The only template of an identity, if it is of less than this quality; no photograph."""
        if identity_id is None or not self.weak(identity_id, quality):
            return None

        only = self._templates[self._rows[identity_id][0]]
        return None if only.photograph else only.template_id

    def rank(
        self,
        embedding: Embedding,
        most: int | None = None,
        also: Set[UUID] = frozenset(),
    ) -> list[tuple[UUID, float]]:
        """Identities with the cosine similarity of their best template, best first.

        The mean of somebody's templates counts as one: it is often more like a further look than
        any of them.  One product with all templates gives both; of n identities only those asked
        for are sorted.

        Parameters
        ----------
        embedding
            Of unit length (d,).
        most
            How many to return; all by default.
        also
            Roots to return too, however many others are more like it.
        """
        if not self._roots:
            return []

        owner = self._owner[: len(self)]
        cosines = self._cosines(embedding, slice(len(self)))
        best = np.full(len(self._roots), _UNLIKE, np.float32)
        np.maximum.at(best, owner, cosines)

        several = np.bincount(owner) > 1
        sums = np.bincount(owner, cosines)[several]
        lengths = np.sqrt(self._sum_squared[: len(best)][several])
        best[several] = np.maximum(best[several], sums / np.maximum(lengths, _TINY))

        found = np.arange(len(best))
        if most and most < len(best):
            # All that are as good as the last one wanted: which of them is for their ids to say.
            last = np.partition(best, -most)[-most]
            found = np.flatnonzero(best >= last)

        ranking = self._sorted(found, best)[:most]
        listed = {root for root, _ in ranking}
        further = [self._owner[self._rows[root][0]] for root in (also & self._rows.keys()) - listed]
        return ranking + self._sorted(further, best)

    def _sorted(
        self, places: Iterable[int], scores: NDArray[np.float32]
    ) -> list[tuple[UUID, float]]:
        """The roots at these places with their scores, of all of them (n,), best first."""
        ranking = [(self._roots[n], float(scores[n])) for n in places]
        return sorted(ranking, key=lambda entry: (-entry[1], entry[0]))

    def _cosines(self, embedding: Embedding, rows: list[int] | slice) -> NDArray[np.float32]:
        """The centred cosines of an embedding (d,) and the templates in these rows."""
        towards = centred(embedding, self._centre)
        products = self._matrix[rows] @ towards
        if self._centre is None:
            return products
        return np.asarray((products - self._centre @ towards) / self._apart[rows], np.float32)

    def _distance(self, embedding: Embedding) -> float:
        """How far an embedding is from the centre; its length where there is none."""
        if self._centre is None:
            return 1.0
        return max(float(np.linalg.norm(embedding - self._centre)), _TINY)


def _doubled(rows: NDArray[_Number]) -> NDArray[_Number]:
    """The rows, and room for as many more."""
    return np.concatenate([rows, np.empty_like(rows)])


def _key(template: Template) -> tuple[UUID, UUID, UUID, str | None]:
    """What there is to tell templates from each other; an embedding never changes."""
    return template.template_id, template.identity_id, template.root_id, template.name
