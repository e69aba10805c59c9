"""Everyone known, in memory, ready to be compared with: one matrix of templates per pack.

Owned by the recorder's thread; filled from the database, and kept up with what others change there.
"""

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Embedding, Template

_NONE = np.empty(0, np.float32)


class Gallery:
    """Templates of one pack, and whose they are."""

    def __init__(self, dim: int, templates: Iterable[Template] = ()) -> None:
        self._matrix = np.empty((16, dim), np.float32)
        self._owner = np.empty(16, np.int32)  # of each row, as its place in _roots
        self._templates: list[Template] = []  # of each row, without the embedding
        self._roots: list[UUID] = []
        self._rows: dict[UUID, list[int]] = {}  # of each of them
        self._parts: dict[UUID, list[int]] = {}  # rows of each identity by itself
        for template in templates:
            self.add(template)

    def __len__(self) -> int:
        return len(self._templates)

    def __iter__(self) -> Iterator[Template]:
        return (
            replace(t, embedding=row) for t, row in zip(self._templates, self._matrix, strict=False)
        )

    def add(self, template: Template) -> None:
        """Match against this template too; raises ValueError when it is of another pack's size."""
        n = len(self)
        if n == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
            self._owner = np.concatenate([self._owner, np.empty_like(self._owner)])
        self._matrix[n] = template.embedding
        if template.root_id not in self._rows:
            self._rows[template.root_id] = []
            self._roots.append(template.root_id)
            self._owner[n] = len(self._roots) - 1
        else:
            self._owner[n] = self._owner[self._rows[template.root_id][0]]
        self._rows[template.root_id].append(n)
        self._parts.setdefault(template.identity_id, []).append(n)
        self._templates.append(replace(template, embedding=_NONE))

    def update(self, changed: Set[UUID], templates: Collection[Template]) -> "Gallery":
        """The gallery in which these identities have exactly these templates: itself, or a new one
        where some left.
        """
        before = [
            self._templates[n] for identity_id in changed for n in self._parts.get(identity_id, ())
        ]
        held, now = (
            {t.template_id: (t.identity_id, t.root_id, t.name) for t in some}
            for some in (before, templates)
        )
        if held.items() <= now.items():  # an embedding never changes
            for template in templates:
                if template.template_id not in held:
                    self.add(template)
            return self
        dim = self._matrix.shape[1]
        return Gallery(dim, [*(t for t in self if t.identity_id not in changed), *templates])

    def held(self, identity_id: UUID | None) -> NDArray[np.float32]:
        """The templates (n, d) of this identity, its first one first."""
        return self._matrix[self._rows.get(identity_id, [])] if identity_id else self._matrix[:0]

    def part(self, identity_id: UUID, embedding: Embedding) -> UUID:
        """Of the identities merged into this one, and itself, the one with the template most like
        the embedding.
        """
        rows = self._rows.get(identity_id)
        if not rows:
            return identity_id
        return self._templates[rows[int(np.argmax(self._matrix[rows] @ embedding))]].identity_id

    def root(self, identity_id: UUID | None) -> UUID | None:
        """Who stands for an identity that is held here; itself where it is not."""
        if identity_id is None or identity_id not in self._parts:
            return identity_id
        return self._templates[self._parts[identity_id][0]].root_id

    def name(self, identity_id: UUID) -> str | None:
        """What an identity is called; empty while the database has given it no number, None when it
        is ignored.
        """
        rows = self._rows.get(identity_id)
        return self._templates[rows[0]].name if rows else ""

    def weak(self, identity_id: UUID, quality: float) -> bool:
        """Whether the identity has a single template, of less than this quality."""
        rows = self._rows.get(identity_id, [])
        return len(rows) == 1 and self._templates[rows[0]].quality < quality

    def rank(self, embedding: Embedding, most: int | None = None) -> list[tuple[UUID, float]]:
        """Identities with their best cosine similarity, best first: all, or the `most` similar
        ones.
        """
        best = np.full(len(self._roots), -2.0, np.float32)
        np.maximum.at(best, self._owner[: len(self)], self._matrix[: len(self)] @ embedding)
        found = np.arange(len(best))
        if most and most < len(best):
            found = np.flatnonzero(best >= np.partition(best, -most)[-most])
        ranking = [(self._roots[n], float(best[n])) for n in found]
        return sorted(ranking, key=lambda item: (-item[1], item[0]))[:most]
