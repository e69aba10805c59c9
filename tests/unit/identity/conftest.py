"""What tests of the merge job's parts share."""

import pytest

from visitord.identity import neighbours as module


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even a few embeddings make several blocks."""
    monkeypatch.setattr(module, "BLOCK", 3)
