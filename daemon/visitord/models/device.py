"""What the networks run on: the accelerator that `models.device` asks for, or else the CPU."""

import contextlib
import io
from dataclasses import dataclass, replace

import onnxruntime

from visitord.core.extras import install_line
from visitord.models.sessions import SILENT, Providers, open_network

CPU = "CPUExecutionProvider"
# By their names in `models.device`, in the order in which "auto" tries them.  TensorRT comes after
# CUDA, which is there wherever it is: it spends minutes at each start on preparing a network.
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": CPU,
}
ON_NVIDIA = ("cuda", "tensorrt")
NUMBERED = tuple(PROVIDERS[name] for name in ON_NVIDIA)
"""Providers that take the number of a card."""
REASON_MAX = 200  # characters of what a library says about itself


@dataclass(frozen=True, slots=True)
class Device:
    """What networks are to run on.

    wanted: as configured.
    provider: onnxruntime's name for it.
    index: the number of the card.
    problem: why it is not what was wanted, as a sentence; empty when it is.
    """

    wanted: str = "cpu"
    provider: str = CPU
    index: int = 0
    problem: str = ""

    @property
    def providers(self) -> Providers:
        """For an onnxruntime session: this one, and the CPU for what it cannot run."""
        if self.provider == CPU:
            return [(CPU, {})]
        options = {}
        if self.provider in NUMBERED:
            options["device_id"] = str(self.index)
        return [(self.provider, options), (CPU, {})]


def choose(wanted: str) -> Device:
    """The best device there is for "auto"; else the wanted one or, with the reason, the CPU.

    Each is tried on a network of one node: that onnxruntime lists it says nothing of drivers and
    libraries.
    """
    name, _, number = wanted.partition(":")
    tried = list(PROVIDERS.values())
    if name in PROVIDERS:
        tried = [PROVIDERS[name]]
    there = onnxruntime.get_available_providers()

    used = Device(wanted)
    failed = list[str]()
    for provider in tried:
        if provider not in there:
            continue
        device = Device(wanted, provider, int(number or 0))
        reason = _failure(device) if provider != CPU else ""
        if not reason:
            used = device
            break
        failed.append(f"{provider} does not start here ({reason})")

    problem = _problem(name, used.provider, failed)
    if not problem:
        return used
    sentence = f"models.device is {wanted}, but {problem}; {used.provider} is used."
    return replace(used, problem=sentence)


def _problem(name: str, used: str, failed: list[str]) -> str:
    """Why the provider in use is not the one asked for, as part of a sentence; empty when it is."""
    if failed:
        return f"{' and '.join(failed)}: see to its driver and libraries"
    if name not in PROVIDERS or PROVIDERS[name] == used:
        return ""
    advice = "install one that has it"
    if name in ON_NVIDIA:
        advice = f"run {install_line('gpu')} && python -m visitord.models.wheels"
    return f"the installed onnxruntime has no {PROVIDERS[name]}: {advice}"


def _failure(device: Device) -> str:
    """Why an accelerator does not start, in a few words; empty when it does."""
    onnxruntime.set_default_logger_severity(SILENT)  # it logs what is returned here
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if hasattr(onnxruntime, "preload_dlls"):
                # CUDA's libraries from Python wheels, where they are.
                onnxruntime.preload_dlls()
            network = open_network(_probe(), device.providers, severity=SILENT)
    except Exception as error:
        return " ".join(str(error).split())[:REASON_MAX] or type(error).__name__
    if network.provider != device.provider:
        return "its driver or its libraries are missing"
    return ""


def _probe() -> bytes:
    """The smallest network: one number in, the same with the other sign out."""
    from onnx import TensorProto, helper  # needed where there are accelerators alone

    number = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    negative = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Neg", ["x"], ["y"])
    graph = helper.make_graph([node], "probe", [number], [negative])
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return bytes(model.SerializeToString())
