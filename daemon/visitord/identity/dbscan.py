"""DBSCAN (Ester et al. 1996) over a sparse graph of near points."""

import numpy as np
from numpy.typing import NDArray


def dbscan(pairs: NDArray[np.integer], size: int, threshold: float) -> NDArray[np.intp]:
    """The cluster of each point.

    With two samples to a core there are no border points: clusters do not depend on the order of
    points.

    Parameters
    ----------
    pairs
        Points (2, m) that are near each other, in either order.
    size
        How many points there are.
    threshold
        The cosine from which points are near.

    Returns
    -------
    labels
        The number (size,) of each point's cluster, -1 for one that is near no other.
    """
    # Both take a second to import, which no other command should wait for.
    from scipy.sparse import coo_array
    from sklearn.cluster import DBSCAN

    labels: NDArray[np.intp] = np.full(size, -1)
    if not pairs.size:
        return labels

    # A table of those points alone that are near another, numbered anew.
    points, linked = np.unique(pairs, return_inverse=True)
    one, other = linked.reshape(2, -1)
    edges = (np.concatenate([one, other]), np.concatenate([other, one]))

    # Whatever is in the table lies within the radius, so any distance will do: nought.
    distances = np.zeros(2 * len(one), np.float32)
    graph = coo_array((distances, edges), shape=(len(points), len(points))).tocsr()

    model = DBSCAN(eps=1 - threshold, min_samples=2, metric="precomputed")
    labels[points] = model.fit_predict(graph)
    return labels
