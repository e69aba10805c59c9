"""Networks in onnxruntime: what runs them on accelerators, and detectors everywhere."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Providers = Sequence[tuple[str, dict[str, str]]]
"""What may run a network, best first: onnxruntime's name for it, and its options."""

ERRORS_ONLY = 3  # of onnxruntime's severities; what it warns of no user can change
SILENT = 4

onnxruntime.disable_telemetry_events()


class OnnxruntimeNetwork:
    """An open network with one input, for one thread at a time; see `runtime.Network`."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        taken = session.get_inputs()[0]
        given = session.get_outputs()[0]
        self._input = taken.name
        self.input_shape: list[int | str | None] = list(taken.shape)
        self.output_shape: list[int | str | None] = list(given.shape)
        self.provider = str(session.get_providers()[0])
        self.runs_on = runs_on(session)

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.run(values)[0]

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        found = self._session.run(None, {self._input: values})
        return [np.asarray(output, np.float32) for output in found]


def runs_on(session: onnxruntime.InferenceSession) -> str:
    """What runs a session's network, in words: this runtime, and the best of its providers."""
    return f"onnxruntime ({session.get_providers()[0]})"


def session_options(
    threads: int = 0, *, any_size: bool = False, severity: int = ERRORS_ONLY
) -> onnxruntime.SessionOptions:
    """How every network is run; for libraries that open their networks themselves.

    Parameters
    ----------
    threads
        Cores a network may use; 0: all of them.
    any_size
        Whether it gets pictures of many sizes; else what it needs for each would be kept.
    severity
        From which severity on onnxruntime logs.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = severity
    options.enable_mem_pattern = not any_size
    # Threads that spin while they wait cost twice the CPU where cores are busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def open_network(
    model: bytes,
    providers: Providers,
    threads: int = 0,
    *,
    any_size: bool = False,
    severity: int = ERRORS_ONLY,
) -> OnnxruntimeNetwork:
    """Open a network.

    Parameters
    ----------
    model
        The content of an ONNX file.
    providers
        What may run it, best first; onnxruntime leaves out those that do not start.
    threads, any_size, severity
        As for `session_options`.

    Raises
    ------
    Exception
        Whatever onnxruntime raises for a model that it cannot load, of many types.
    """
    options = session_options(threads, any_size=any_size, severity=severity)
    session = onnxruntime.InferenceSession(model, options, providers=list(providers))
    return OnnxruntimeNetwork(session)
