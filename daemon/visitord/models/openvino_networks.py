"""Networks in OpenVINO, on the CPU; the one place that imports it.

OpenVINO reports to its maker that it was imported, unless the package that sends cannot be
imported itself: then it goes without.  Nothing of it is wanted here, nor are its tools.
"""

import contextlib
import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.models import compiled

SENDING = ("openvino_telemetry", "openvino.tools.ovc")
for name in SENDING:
    sys.modules[name] = None  # type: ignore[assignment]

import openvino  # noqa: E402

PLUGIN = "CPU"
SETTINGS = {
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": 1,
    # Where a CPU has 16-bit units they would be used, and embeddings be others than elsewhere.
    "INFERENCE_PRECISION_HINT": "f32",
    # Several programs on one box would all be pinned to its first cores.
    "ENABLE_CPU_PINNING": False,
}


class OpenvinoNetwork:
    """An open network with one input, for one thread at a time; see `runtime.Network`."""

    runs_on = "OpenVINO (CPU)"

    def __init__(self, network: openvino.CompiledModel) -> None:
        self._request = network.create_infer_request()
        self._outputs = len(network.outputs)
        self.input_shape = _sizes(network.inputs[0])
        self.output_shape = _sizes(network.outputs[0])

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.run(values)[0]

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        given = np.ascontiguousarray(values, np.float32)
        self._request.infer([given], share_inputs=True)
        found = (self._request.get_output_tensor(number) for number in range(self._outputs))
        return [np.array(tensor.data, np.float32) for tensor in found]


def open_network(model: bytes, threads: int = 0, folder: Path | None = None) -> OpenvinoNetwork:
    """Open a network.

    Parameters
    ----------
    model
        The content of an ONNX file.
    threads
        Cores the network may use; 0: all of them.
    folder
        Where what it was compiled into is kept, if it is.

    Raises
    ------
    Exception
        Whatever OpenVINO raises for a model that it cannot load, of many types.
    """
    settings = SETTINGS | {"INFERENCE_NUM_THREADS": threads}
    core = _core()
    of = _name(model, settings)

    found = compiled.kept(folder, of) if folder else None
    if found is not None:
        with contextlib.suppress(RuntimeError):  # made on another machine: compiled anew
            return OpenvinoNetwork(core.import_model(found, PLUGIN, settings))

    network = core.compile_model(core.read_model(model), PLUGIN, settings)
    if folder:
        compiled.keep(folder, of, network.export_model().getvalue())
    return OpenvinoNetwork(network)


def _name(model: bytes, settings: Mapping[str, object]) -> str:
    """A hash of all that decides what a network is compiled into."""
    core = _core()
    processor = core.get_property(PLUGIN, "FULL_DEVICE_NAME")
    able = core.get_property(PLUGIN, "OPTIMIZATION_CAPABILITIES")
    around = (openvino.__version__, processor, able, sorted(settings.items()))
    return hashlib.sha256(model + repr(around).encode()).hexdigest()


@cache
def _core() -> openvino.Core:
    """OpenVINO itself, of which a process needs one."""
    return openvino.Core()


def _sizes(port: openvino.ConstOutput) -> list[int | str | None]:
    """The shape of an input or output; None for what may be of any size."""
    shape = port.get_partial_shape()
    return [size.get_length() if size.is_static else None for size in shape]
