"""Networks in onnxruntime: the one place that opens them and says how they are to be run."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Providers = Sequence[tuple[str, dict[str, str]]]
"""What may run a network, best first: onnxruntime's name for it, and its options."""

ERRORS_ONLY = 3  # of onnxruntime's severities; what it warns of no user can change
SILENT = 4

onnxruntime.disable_telemetry_events()


class Network:
    """An open network with one input and one output, for one thread at a time."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        taken = session.get_inputs()[0]
        given = session.get_outputs()[0]
        self._input = taken.name
        self.input_shape: list[int | str | None] = list(taken.shape)
        self.output_shape: list[int | str | None] = list(given.shape)
        self.runs_on = str(session.get_providers()[0])

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first output for the one input; both as the network has their shapes."""
        return np.asarray(self._session.run(None, {self._input: values})[0], np.float32)


def session_options(
    threads: int = 0, *, quantised: bool = False, severity: int = ERRORS_ONLY
) -> onnxruntime.SessionOptions:
    """How every network is run; for libraries that open their networks themselves.

    Parameters
    ----------
    threads
        Cores a network may use; 0: all of them.
    quantised
        Whether the file stores quantise and dequantise pairs around its weights, as SFace's does.
        A CPU runs those faster folded away, with the same output.
    severity
        From which severity on onnxruntime logs.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = severity
    # Threads that spin while they wait cost twice the CPU where cores are busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if quantised:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    return options


def open_network(
    model: str | bytes,
    providers: Providers,
    threads: int = 0,
    *,
    quantised: bool = False,
    severity: int = ERRORS_ONLY,
) -> Network:
    """Open a network, from its content or its file.

    Parameters
    ----------
    model
        An ONNX model, or the path of its file.
    providers
        What may run it, best first; onnxruntime leaves out those that do not start.
    threads, quantised, severity
        As for `session_options`.

    Raises
    ------
    Exception
        Whatever onnxruntime raises for a model that it cannot load, of many types.
    """
    options = session_options(threads, quantised=quantised, severity=severity)
    session = onnxruntime.InferenceSession(model, options, providers=list(providers))
    return Network(session)
