"""Which embeddings look alike, kept between runs of the merge job.

Only new embeddings are compared with everything.  What comes of it is a sparse graph: who is near
whom, without distances, which is all that DBSCAN (`identity.dbscan`) needs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from visitord.core.records import Embedding
from visitord.identity.centring import centred

# Rows: a product of two blocks, 1 MB, stays in the cache until it is looked through.
BLOCK = 512

_NO_PAIRS = np.empty((2, 0), np.int32)


class Neighbours:
    """Embeddings of one pack by key, and every pair of them whose cosine reaches the threshold.

    Holds 4·d + about 100 bytes an embedding and 8 bytes a pair.  What it answers depends on what it
    holds, not on how it came there.  Owned by whoever runs the merge job.

    Parameters
    ----------
    threshold
        The cosine from which two are near.
    centre
        What all faces have in common (d,), where the pack has that: it is subtracted first.
    """

    def __init__(self, threshold: float, centre: Embedding | None = None) -> None:
        self.threshold = threshold
        self.centre = centre
        self._graph = _Graph({}, np.empty((0, 0), np.float32), _NO_PAIRS)

    @property
    def matrix(self) -> NDArray[np.float32]:
        """The embeddings (n, d), centred."""
        return self._graph.matrix

    @property
    def pairs(self) -> NDArray[np.int32]:
        """Rows of the matrix (2, m) that are near each other, the higher one first."""
        return self._graph.pairs

    def unknown(self, keys: Iterable[UUID]) -> list[UUID]:
        """Those whose embeddings the next update needs."""
        return [key for key in keys if key not in self._graph.rows]

    def rows(self, keys: Iterable[UUID]) -> NDArray[np.intp]:
        """Where these are in the matrix; raises KeyError for one that is not held."""
        return np.fromiter(map(self._graph.rows.__getitem__, keys), np.intp)

    def ask(self, threshold: float) -> None:
        """Let two be near from another cosine on: a higher one only drops pairs, a lower one asks
        all of them anew.
        """
        if threshold > self.threshold:
            self._graph = self._graph.nearer(threshold)
        elif threshold < self.threshold:
            self._graph = self._graph.anew(threshold)
        self.threshold = threshold

    def update(self, keys: Sequence[UUID], found: Mapping[UUID, Embedding]) -> None:
        """Hold exactly these embeddings from now on.

        What stays is not compared again; k new ones among n cost k·n products.

        Parameters
        ----------
        keys
            All that are to be held.
        found
            The unit embedding (d,) of each one that is `unknown`.

        Raises
        ------
        KeyError
            When an unknown one was not found.
        ValueError
            When one is of another pack's size.  After either error nothing has changed.
        """
        new = self.unknown(dict.fromkeys(keys))
        graph = self._graph.keeping(set(keys))
        if new:
            embeddings = np.array([found[key] for key in new], np.float32)
            graph = graph.joined_by(new, centred(embeddings, self.centre), self.threshold)

        self._graph = graph


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """What `Neighbours` holds.  It is replaced as a whole, so that an error leaves the old one."""

    rows: dict[UUID, int]  # of the matrix, by key, in order
    matrix: NDArray[np.float32]  # (n, d)
    pairs: NDArray[np.int32]  # (2, m) rows near each other, the higher one first

    def keeping(self, wanted: AbstractSet[UUID]) -> "_Graph":
        """What is left of it when all but the wanted keys go."""
        held = len(self.rows)
        stays = np.fromiter(map(wanted.__contains__, self.rows), np.bool_, held)
        if stays.all():
            return self

        keys = [key for key in self.rows if key in wanted]
        row_now = np.cumsum(stays, dtype=np.int32) - 1
        both_stay = stays[self.pairs].all(axis=0)
        return _Graph(
            rows={key: row for row, key in enumerate(keys)},
            matrix=self.matrix[stays],
            pairs=row_now[self.pairs[:, both_stay]],
        )

    def nearer(self, threshold: float) -> "_Graph":
        """What is left of it when pairs must be more alike than before."""
        near = _exact_cosines(self.matrix, self.pairs) >= threshold
        return replace(self, pairs=self.pairs[:, near])

    def anew(self, threshold: float) -> "_Graph":
        """The same embeddings, all compared with each other again."""
        return replace(self, pairs=_near_pairs(self.matrix, 0, threshold))

    def joined_by(
        self, keys: Sequence[UUID], embeddings: NDArray[np.float32], threshold: float
    ) -> "_Graph":
        """It and further keys, whose embeddings (k, d) are compared with all and each other."""
        held = len(self.rows)
        matrix = np.concatenate([self.matrix, embeddings]) if held else embeddings
        near = _near_pairs(matrix, held, threshold)
        return _Graph(
            rows=self.rows | {key: row for row, key in enumerate(keys, held)},
            matrix=matrix,
            pairs=np.concatenate([self.pairs, near], axis=1),
        )


def _near_pairs(
    matrix: NDArray[np.float32],
    first: int,
    threshold: float,
) -> NDArray[np.int32]:
    """Pairs (2, m) of near rows: each row from the first on with those before it.

    One thread: for such small products OpenBLAS's threads cost more than they bring, and cameras
    need the other cores.
    """
    with _blas().limit(limits=1, user_api="blas"):
        blocks = list(_near_by_block(matrix, first, threshold))
    return np.concatenate([_NO_PAIRS, *blocks], axis=1)


@cache
def _blas() -> ThreadpoolController:
    """The linear algebra libraries of this process, searched for once: that takes milliseconds."""
    return ThreadpoolController()


def _near_by_block(
    matrix: NDArray[np.float32], first: int, threshold: float
) -> Iterator[NDArray[np.int32]]:
    """The pairs of `_near_pairs`, block by block of the table of all cosines."""
    # Used for one block after the other: a fresh one each time costs more.
    products = np.empty(BLOCK * BLOCK, np.float32)

    for top in range(first, len(matrix), BLOCK):
        bottom = min(top + BLOCK, len(matrix))
        high = matrix[top:bottom]
        for left in range(0, bottom, BLOCK):
            low = matrix[left : min(left + BLOCK, bottom)]
            out = products[: len(high) * len(low)].reshape(len(high), len(low))
            cosines = np.matmul(high, low.T, out=out)

            pairs, certain = _candidates(cosines, threshold, matrix.shape[1])
            if not pairs.size:
                continue
            pairs += np.array([[top], [left]])

            near = pairs[0] > pairs[1]
            near[~certain] &= _exact_cosines(matrix, pairs[:, ~certain]) >= threshold
            yield pairs[:, near].astype(np.int32)


def _candidates(
    cosines: NDArray[np.float32], threshold: float, dim: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Places (2, k) in a table where cosines may reach the threshold, and which (k,) surely do.

    A product's last bits depend on its block's shape: within the error of a sum of d products of
    unit vectors the table alone cannot say.
    """
    slack = dim * np.finfo(np.float32).eps
    flat = cosines.ravel()
    places = np.flatnonzero(flat >= threshold - slack)
    pairs = np.stack(np.divmod(places, cosines.shape[1]))
    return pairs, flat[places] >= threshold + slack


def _exact_cosines(
    matrix: NDArray[np.float32],
    pairs: NDArray[np.signedinteger],
) -> NDArray[np.float64]:
    """The cosine (k,) of each pair (2, k) of rows, whatever block it was found in."""
    one, other = matrix[pairs].astype(np.float64)
    cosines: NDArray[np.float64] = (one * other).sum(axis=1).round(7)
    return cosines
