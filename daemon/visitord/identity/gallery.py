"""Everyone known, in memory, ready to be compared with: one matrix of templates per pack.

Owned by the recorder's thread; rebuilt from the database at start and whenever the database says it changed.
"""

from collections.abc import Iterable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.records import Embedding, Template


class Gallery:
    """Templates of one pack, and whose they are."""

    def __init__(self, dim: int, templates: Iterable[Template] = ()) -> None:
        self._matrix = np.empty((16, dim), np.float32)
        self._owners: list[UUID] = []  # the identities that stand for those whose templates they are
        self._parts: list[UUID] = []  # those identities themselves
        self._rows: dict[UUID | None, list[int]] = {}  # of the matrix, by owner
        self._single: dict[UUID, float | None] = {}  # the quality of an only template, None of one with several
        for template in templates:
            self.add(template)

    def add(self, template: Template) -> None:
        """Match against this template too; raises ValueError when it is of another pack's size."""
        n = len(self._owners)
        if n == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
        self._matrix[n] = template.embedding
        self._owners.append(template.root_id)
        self._parts.append(template.identity_id)
        self._rows.setdefault(template.root_id, []).append(n)
        self._single[template.root_id] = None if template.root_id in self._single else template.quality

    def held(self, identity_id: UUID | None) -> NDArray[np.float32]:
        """The templates (n, d) of this identity, its first one first."""
        return self._matrix[self._rows.get(identity_id, [])]

    def part(self, identity_id: UUID, embedding: Embedding) -> UUID:
        """Of the identities merged into this one, and itself, the one with the template most like the embedding."""
        rows = self._rows.get(identity_id)
        return self._parts[rows[int(np.argmax(self._matrix[rows] @ embedding))]] if rows else identity_id

    def weak(self, quality: float) -> set[UUID]:
        """Identities with a single template, of less than this quality."""
        return {owner for owner, only in self._single.items() if only is not None and only < quality}

    def rank(self, embedding: Embedding) -> list[tuple[UUID, float]]:
        """Every identity with its best cosine similarity, best first."""
        scores = self._matrix[: len(self._owners)] @ embedding
        best: dict[UUID, float] = {}
        for owner, score in zip(self._owners, scores.tolist(), strict=True):
            if score > best.get(owner, -2.0):
                best[owner] = score
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))
