"""DBSCAN over near pairs alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.build import uid
from fixtures.people import MERGE, directions, many
from visitord.core.records import Embedding
from visitord.identity.dbscan import dbscan
from visitord.identity.neighbours import Neighbours

pytestmark = pytest.mark.usefixtures("small_blocks")


@many
@given(st.lists(directions, min_size=2, max_size=30))
def test_clusters_are_those_of_dbscan_over_all_distances(looks: list[Embedding]) -> None:
    from sklearn.cluster import DBSCAN

    neighbours, keys = Neighbours(MERGE), [uid(n) for n in range(len(looks))]
    neighbours.update(keys, dict(zip(keys, looks, strict=True)))
    ours = dbscan(neighbours.pairs, len(looks), MERGE)
    theirs = DBSCAN(eps=1 - MERGE, min_samples=2, metric="cosine").fit_predict(np.array(looks))
    assert ((ours == -1) == (theirs == -1)).all()
    together = ours[:, None] == ours
    assert (together == (theirs[:, None] == theirs)).all()
