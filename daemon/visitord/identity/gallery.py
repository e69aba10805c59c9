"""Everyone known, in memory, ready to be compared with: one matrix of templates per pack.

Owned by the recorder's thread; filled from the database, and kept up with what others change there.
"""

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace
from itertools import chain
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Embedding, Template

_ROOM = 16  # rows to begin with; doubled when they are full
_UNLIKE = -2.0  # below every cosine

_NONE = np.empty(0, np.float32)


class Gallery:
    """Templates of one pack, and whose they are.

    A template belongs to an identity, and counts for that identity's root: the one that it was
    merged into, or itself.  Everything but `part` and `update` speaks of roots.
    """

    def __init__(self, dim: int, templates: Iterable[Template] = ()) -> None:
        # By row, of which the first len(self) are in use.
        self._matrix = np.empty((_ROOM, dim), np.float32)  # embeddings
        self._owner = np.empty(_ROOM, np.int32)  # the root, as its place in _roots
        self._templates: list[Template] = []  # without their embeddings

        self._roots: list[UUID] = []  # in the order in which they came
        self._rows: dict[UUID, list[int]] = {}  # of each root, its first template first
        self._parts: dict[UUID, list[int]] = {}  # rows of each identity by itself

        for template in templates:
            self.add(template)

    def __len__(self) -> int:
        return len(self._templates)

    def __iter__(self) -> Iterator[Template]:
        rows = zip(self._templates, self._matrix, strict=False)
        return (replace(template, embedding=row) for template, row in rows)

    def add(self, template: Template) -> None:
        """Match against this template too; raises ValueError when it is of another pack's size."""
        row = len(self)
        if row == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
            self._owner = np.concatenate([self._owner, np.empty_like(self._owner)])

        # First of all, for this is what may be refused.
        self._matrix[row] = template.embedding

        root = template.root_id
        if root in self._rows:
            self._owner[row] = self._owner[self._rows[root][0]]
        else:
            self._owner[row] = len(self._roots)
            self._roots.append(root)
        self._rows.setdefault(root, []).append(row)
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
        return Gallery(self._matrix.shape[1], [*others, *templates])

    def held(self, identity_id: UUID | None) -> NDArray[np.float32]:
        """The templates (n, d) of this identity, its first one first."""
        if identity_id is None:
            return self._matrix[:0]
        return self._matrix[self._rows.get(identity_id, [])]

    def part(self, identity_id: UUID, embedding: Embedding) -> UUID:
        """Which of the identities merged into this one, and itself, is most like the embedding."""
        rows = self._rows.get(identity_id)
        if not rows:
            return identity_id

        best = int(np.argmax(self._matrix[rows] @ embedding))
        return self._templates[rows[best]].identity_id

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

    def rank(
        self,
        embedding: Embedding,
        most: int | None = None,
    ) -> list[tuple[UUID, float]]:
        """Identities with the cosine similarity of their best template, best first.

        One product with all templates; of n identities only those asked for are sorted.

        Parameters
        ----------
        embedding
            Of unit length (d,).
        most
            How many to return; all by default.
        """
        best = np.full(len(self._roots), _UNLIKE, np.float32)
        cosines = self._matrix[: len(self)] @ embedding
        np.maximum.at(best, self._owner[: len(self)], cosines)

        found = np.arange(len(best))
        if most and most < len(best):
            # All that are as good as the last one wanted: which of them is for their ids to say.
            last = np.partition(best, -most)[-most]
            found = np.flatnonzero(best >= last)

        ranking = [(self._roots[n], float(best[n])) for n in found]
        return sorted(ranking, key=lambda entry: (-entry[1], entry[0]))[:most]


def _key(template: Template) -> tuple[UUID, UUID, UUID, str | None]:
    """What there is to tell templates from each other; an embedding never changes."""
    return template.template_id, template.identity_id, template.root_id, template.name
