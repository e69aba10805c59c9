"""Which embeddings look alike, kept between runs of the merge job so that only new ones are
compared with everything.

DBSCAN (Ester et al. 1996) needs no distances, only who is near whom; this sparse graph is all it is
given.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from visitord.core.records import Embedding

BLOCK = 512  # rows: a product of two blocks, 1 MB, stays in the cache until it is looked through


class Neighbours:
    """Embeddings of one pack by key, and every pair of them whose cosine reaches the threshold.

    Holds 4·d + about 100 bytes an embedding and 8 bytes a pair.  What it answers depends on what it
    holds, not on how it came there.  Owned by whoever runs the merge job.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.matrix: NDArray[np.float32] = np.empty((0, 0), np.float32)  # (n, d)
        self.pairs: NDArray[np.int32] = np.empty(
            (2, 0), np.int32
        )  # rows of the matrix, the higher one first
        self._rows: dict[UUID, int] = {}

    def unknown(self, keys: Iterable[UUID]) -> list[UUID]:
        """Those whose embeddings the next update needs."""
        return [key for key in keys if key not in self._rows]

    def rows(self, keys: Iterable[UUID]) -> NDArray[np.intp]:
        """Where these are in the matrix; raises KeyError for one that is not held."""
        return np.fromiter(map(self._rows.__getitem__, keys), np.intp)

    def update(self, keys: Sequence[UUID], found: Mapping[UUID, Embedding]) -> None:
        """Hold exactly these from now on; found has the unit embedding (d,) of each one unknown.

        Raises KeyError when one is missing, ValueError when one is of another pack's size; nothing
        has changed then.
        """
        wanted, new = set(keys), self.unknown(dict.fromkeys(keys))
        stays = np.fromiter(map(wanted.__contains__, self._rows), np.bool_, len(self._rows))
        matrix, pairs, held = self.matrix, self.pairs, list(self._rows)
        if not stays.all():
            matrix, held = matrix[stays], [key for key in held if key in wanted]
            pairs = (np.cumsum(stays, dtype=np.int32) - 1)[pairs[:, stays[pairs].all(0)]]
        if new:
            fresh = np.array([found[key] for key in new], np.float32)
            matrix = np.concatenate([matrix, fresh]) if held else fresh
            pairs = np.concatenate([pairs, _near(matrix, len(held), self.threshold)], axis=1)
        if new or len(held) < len(self._rows):
            self._rows = {key: row for row, key in enumerate(held + new)}
        self.matrix, self.pairs = matrix, pairs


def dbscan(pairs: NDArray[np.integer], size: int, threshold: float) -> NDArray[np.intp]:
    """DBSCAN's cluster (size,) of each point, -1 for one alone, given the pairs (2, m) that are
    near each other.

    With two samples to a core there are no border points: clusters do not depend on the order of
    points.
    """
    from scipy.sparse import coo_array
    from sklearn.cluster import (
        DBSCAN,
    )  # takes a second to import, which no other command should wait for

    labels: NDArray[np.intp] = np.full(size, -1)
    if pairs.size:
        points, linked = np.unique(pairs, return_inverse=True)
        one, other = linked.reshape(2, -1)
        edges = (np.concatenate([one, other]), np.concatenate([other, one]))
        graph = coo_array(
            (np.zeros(len(edges[0]), np.float32), edges), shape=(len(points), len(points))
        ).tocsr()
        labels[points] = DBSCAN(eps=1 - threshold, min_samples=2, metric="precomputed").fit_predict(
            graph
        )
    return labels


def _near(matrix: NDArray[np.float32], first: int, threshold: float) -> NDArray[np.int32]:
    """Pairs (2, m) of rows with cosine ≥ threshold: each row from the first on with those before
    it.

    A product's last bits depend on its block's shape, so whatever comes close to the threshold is
    multiplied again. One thread: for such small products OpenBLAS's threads cost more than they
    bring, and cameras need the other cores.
    """
    found, slack = [np.empty((2, 0), np.int32)], matrix.shape[1] * np.finfo(np.float32).eps
    products = np.empty(BLOCK * BLOCK, np.float32)
    with threadpool_limits(1, "blas"):
        for top in range(first, len(matrix), BLOCK):
            high = matrix[top : top + BLOCK]
            for left in range(0, top + len(high), BLOCK):
                low = matrix[left : min(left + BLOCK, top + len(high))]
                product = np.matmul(
                    high, low.T, out=products[: len(high) * len(low)].reshape(len(high), -1)
                ).ravel()
                near = np.flatnonzero(product >= threshold - slack)
                if len(near):
                    pair = np.stack(np.divmod(near, len(low))) + np.array([[top], [left]])
                    doubtful = product[near] < threshold + slack
                    one, other = matrix[pair[:, doubtful]].astype(np.float64)
                    sure = pair[0] > pair[1]
                    sure[doubtful] &= np.round((one * other).sum(1), 7) >= threshold
                    found.append(pair[:, sure].astype(np.int32))
    return np.concatenate(found, axis=1)
