"""SFace, the OpenCV model zoo's face recogniser, run by onnxruntime."""

import hashlib
from collections.abc import Sequence

import numpy as np
import onnx
import onnx.utils
from numpy.typing import NDArray

from visitord.core.records import Image
from visitord.models import centres
from visitord.models.device import Device
from visitord.models.pack import unit
from visitord.models.sessions import open_network

DIM = 128
CENTRE = centres.sface()
INPUT = "data"
OUTPUT = "fc1"


class Sface:
    """Describes aligned faces by 128 numbers each; for one thread at a time.

    fingerprint: of the very file, as a pack's.
    """

    def __init__(self, content: bytes, device: Device, threads: int = 0) -> None:
        self.fingerprint = f"sface-{hashlib.sha256(content).hexdigest()[:12]}"
        sound = _sound(content)
        self._network = open_network(sound, device.providers, threads, quantised=True)
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


def _sound(model: bytes) -> bytes:
    """SFace without the weights it lists as inputs and no longer has: runtimes refuse those."""
    extractor = onnx.utils.Extractor(onnx.load_model_from_string(model))
    return bytes(extractor.extract_model([INPUT], [OUTPUT]).SerializeToString())
