"""Networks in OpenVINO, on the CPU; the one place that imports it.

OpenVINO reports to its maker that it was imported, unless the package that sends cannot be
imported itself: then it goes without.  Nothing of it is wanted here, nor are its tools.
"""

import sys
from functools import cache

import numpy as np
from numpy.typing import NDArray

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

    def __init__(self, compiled: openvino.CompiledModel) -> None:
        self._request = compiled.create_infer_request()
        self._outputs = len(compiled.outputs)
        self.input_shape = _sizes(compiled.inputs[0])
        self.output_shape = _sizes(compiled.outputs[0])

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.run(values)[0]

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        given = np.ascontiguousarray(values, np.float32)
        self._request.infer([given], share_inputs=True)
        found = (self._request.get_output_tensor(number) for number in range(self._outputs))
        return [np.array(tensor.data, np.float32) for tensor in found]


def open_network(model: bytes, threads: int = 0) -> OpenvinoNetwork:
    """Open a network.

    Parameters
    ----------
    model
        The content of an ONNX file.
    threads
        Cores the network may use; 0: all of them.

    Raises
    ------
    Exception
        Whatever OpenVINO raises for a model that it cannot load, of many types.
    """
    settings = SETTINGS | {"INFERENCE_NUM_THREADS": threads}
    core = _core()
    return OpenvinoNetwork(core.compile_model(core.read_model(model), PLUGIN, settings))


@cache
def _core() -> openvino.Core:
    """OpenVINO itself, of which a process needs one."""
    return openvino.Core()


def _sizes(port: openvino.ConstOutput) -> list[int | str | None]:
    """The shape of an input or output; None for what may be of any size."""
    shape = port.get_partial_shape()
    return [size.get_length() if size.is_static else None for size in shape]
