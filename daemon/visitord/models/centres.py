"""What all faces have in common to a recogniser, known without loading the recogniser."""

from functools import cache
from pathlib import Path

import numpy as np

from visitord.core.records import Embedding

SFACE = "sface"  # with which the fingerprints of SFace's files begin
_FILE = Path(__file__).parent / "data" / "sface_centre.txt"


@cache
def sface() -> Embedding:
    """Of SFace (128,), squared length 0.07: the mean over 101 photos of 21 people."""
    centre = np.loadtxt(_FILE, np.float32)
    centre.flags.writeable = False
    return centre


def of(fingerprint: str) -> Embedding | None:
    """Of the recogniser with this fingerprint (d,); None where it has none."""
    return sface() if fingerprint.partition("-")[0] == SFACE else None
