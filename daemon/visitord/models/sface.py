"""SFace, the OpenCV model zoo's face recogniser."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Image
from visitord.models import centres
from visitord.models.device import Device
from visitord.models.pack import unit
from visitord.models.runtime import open_network

DIM = 128
CENTRE = centres.sface()


class Sface:
    """Describes aligned faces by 128 numbers each; for one thread at a time."""

    def __init__(
        self, model: bytes, device: Device, threads: int = 0, folder: Path | None = None
    ) -> None:
        """Open the network.

        Parameters
        ----------
        model
            SFace, prepared (`visitord.models.preparation`).
        device
            What it is to run on.
        threads
            Cores it may use; 0: all of them.
        folder
            Where what it is compiled into may be kept.

        Raises
        ------
        Exception
            Whatever the runtimes raise for a model that neither can load, of many types.
        """
        self._network = open_network(model, device, threads, folder)
        self.runs_on = self._network.runs_on

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """Unit-length embeddings (n, 128) of aligned BGR crops (112, 112, 3)."""
        if not crops:
            return np.empty((0, DIM), np.float32)
        # One at a time: on CPUs without wide SIMD units a batch costs as much as its faces one by
        # one.
        return unit(np.concatenate([self._network(_planes(crop)) for crop in crops]))


def _planes(crop: Image) -> NDArray[np.float32]:
    """An aligned BGR crop (112, 112, 3) as the network takes it: RGB 0..255, (1, 3, 112, 112)."""
    return crop[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)
