"""Embeddings as the database writes them."""

import numpy as np

from visitord.store import vectors


def test_an_embedding_selected_as_text_is_what_it_was() -> None:
    found = vectors.vector("{0.5,-1e-05,1}")
    assert found.dtype == np.float32
    assert found.tolist() == [np.float32(0.5), np.float32(-1e-5), 1.0]
