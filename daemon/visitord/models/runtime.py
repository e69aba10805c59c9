"""Which runtime runs a network: the fastest that gives the same output.

On accelerators that is onnxruntime.  On CPUs each kind of network has its own; CPU time of one
thread, medians of alternating runs on one machine (AVX2, two busy cores), onnxruntime's in times of
OpenVINO's:

| network | times |
| --- | --- |
| SFace (MobileNet, 112 px) | 2.0 |
| a MobileFaceNet as in buffalo_s, one face; four together | 1.4; 1.9 |
| a ResNet-50 as in buffalo_l, one face; four together | 1.0; 1.2 |
| MiniFASNet (liveness, 80 px) | 1.7 to 1.8 |
| YuNet (detector) at 640 × 352, at 160 × 160 | 0.75, 0.53 |
| detectors built as SCRFD-500MF and SCRFD-10GF, at 640 px | 0.83, 1.02 |

OpenCV's own YuNet takes 1.9 and 1.3 to 1.9 times what `yunet` does.  `python bench/models.py`
measures again.

So recognisers and liveness networks run in OpenVINO (`open_network`), detectors in onnxruntime
(`sessions.open_network`).  Outputs agree to rounding: SFace's embeddings of real faces have a
cosine of 1.0000 to one another.
"""

import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from visitord.models import sessions
from visitord.models.device import CPU, Device

log = logging.getLogger(__name__)


class Network(Protocol):
    """An open network with one input, for one thread at a time.

    input_shape, output_shape: of its first input and output; a name or None for what is of any
    size.  runs_on: the runtime, and what that runs on, in words.
    """

    input_shape: list[int | str | None]
    output_shape: list[int | str | None]
    runs_on: str

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first output for the one input; both as the network has their shapes."""
        ...

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """All outputs for the one input, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """A network as insightface calls the sessions of onnxruntime that it would open itself."""

    network: Network

    def run(
        self, _outputs: Sequence[str] | None, inputs: Mapping[str, NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        """All outputs, for a mapping that has the one input."""
        (values,) = inputs.values()
        return self.network.run(values)


def open_network(
    model: bytes, device: Device, threads: int = 0, folder: Path | None = None
) -> Network:
    """Open a recogniser or a liveness network.

    Parameters
    ----------
    model
        The content of an ONNX file.
    device
        What it is to run on.
    threads
        Cores it may use; 0: all of them.
    folder
        Where what it is compiled into may be kept; see `compiled`.

    Raises
    ------
    Exception
        Whatever the runtimes raise for a model that neither can load, of many types.
    """
    if device.provider != CPU:
        return sessions.open_network(model, device.providers, threads)
    try:
        from visitord.models import openvino_networks

        return openvino_networks.open_network(model, threads, folder)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__

    network = sessions.open_network(model, device.providers, threads)
    _warn(reason)
    return network


@functools.cache
def _warn(reason: str) -> None:
    """Once, however many networks are opened."""
    log.warning(
        "OpenVINO does not run here (%s), so onnxruntime does, which takes more of the CPU; "
        "to have it where it has a wheel: pip install openvino.",
        reason,
    )
