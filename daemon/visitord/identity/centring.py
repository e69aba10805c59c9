"""Embeddings without what all faces have in common, so that strangers are less alike.

Some recognisers place all faces a little to one side: different people have a mean cosine above 0,
more of them look alike by chance, and the best of many strangers is close.  Subtracting that mean
(the pack's `centre`) puts strangers back around 0.  What is stored stays what the network said;
only what is compared is centred.
"""

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Embedding


def centred(embeddings: NDArray[np.float32], centre: Embedding | None) -> NDArray[np.float32]:
    """Unit embeddings (…, d) with the centre (d,) subtracted, of unit length again.

    As they are where a pack has no centre.  One that is the centre itself has no direction: zeros.
    """
    if centre is None:
        return embeddings

    apart = embeddings - centre
    lengths = np.linalg.norm(apart, axis=-1, keepdims=True)
    return np.asarray(apart / np.maximum(lengths, 1e-6), np.float32)
