"""Whether the people of a clip can be told apart by what was made of their faces.

The same count for everything that describes faces, whatever it decides by: each visit is the mean
of its faces, and right when the visit most like it is the same person's other one.  Faces count
while one person is in view alone, so that none is taken for somebody else's.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from speed.footage import Walk
from visitord.core.records import Embedding
from visitord.identity.centring import centred
from visitord.models.sface import CENTRE


class Look(NamedTuple):
    """A face described: when it was seen, in seconds of the clip, and its embedding (d,)."""

    t: float
    embedding: Embedding


def right(walks: Sequence[Walk], looks: Iterable[Look]) -> int:
    """How many visits are most like another one of the same person."""
    of_walk: list[list[Embedding]] = [[] for _ in walks]
    for look in looks:
        there = [n for n, walk in enumerate(walks) if walk.start_s <= look.t <= walk.end_s]
        if len(there) == 1:
            of_walk[there[0]].append(look.embedding)

    seen = [n for n, embeddings in enumerate(of_walk) if embeddings]
    if len(seen) < 2:
        return 0
    means = np.stack([_direction(of_walk[n]) for n in seen])
    alike = means @ means.T
    np.fill_diagonal(alike, -np.inf)
    best = [seen[int(row.argmax())] for row in alike]
    return sum(walks[n].person == walks[b].person for n, b in zip(seen, best, strict=True))


def _direction(embeddings: Sequence[Embedding]) -> NDArray[np.float32]:
    """The mean of embeddings, without what all faces have in common, of unit length."""
    mean = np.mean(embeddings, axis=0)
    return centred(np.asarray(mean / np.linalg.norm(mean), np.float32), CENTRE)
