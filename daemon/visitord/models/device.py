"""What the networks run on: the accelerator that `models.device` asks for, if it starts here, else
the CPU.
"""

import contextlib
import io
from dataclasses import dataclass, replace

import onnxruntime
from onnx import TensorProto, helper

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


@dataclass(frozen=True, slots=True)
class Device:
    """wanted: as configured.  provider: of onnxruntime.  problem: why it is not what was wanted, as
    a sentence.
    """

    wanted: str = "cpu"
    provider: str = CPU
    index: int = 0
    problem: str = ""

    @property
    def providers(self) -> list[tuple[str, dict[str, str]]]:
        """For an onnxruntime session: this one, and the CPU for what it cannot run."""
        numbered = self.provider in (PROVIDERS["cuda"], PROVIDERS["tensorrt"])
        own = (self.provider, {"device_id": str(self.index)} if numbered else {})
        return [own] if self.provider == CPU else [own, (CPU, {})]


def choose(wanted: str) -> Device:
    """The best device there is for "auto"; else the wanted one or, with the reason, the CPU.

    Each is tried on a network of one node: that onnxruntime lists it says nothing of drivers and
    libraries.
    """
    name, _, number = wanted.partition(":")
    there, failed = onnxruntime.get_available_providers(), list[str]()
    used, problem = Device(wanted), ""
    for provider in [PROVIDERS[name]] if name in PROVIDERS else PROVIDERS.values():
        if provider in there:
            used = Device(wanted, provider, int(number or 0))
            if provider == CPU or not (reason := _failure(used)):
                break
            failed.append(f"{provider} does not start here ({reason})")
            used = Device(wanted)
    if failed:
        problem = f"{' and '.join(failed)}: see to its driver and libraries"
    elif name in PROVIDERS and PROVIDERS[name] != used.provider:
        gpu = "run pip install 'visitord[gpu]' && python -m visitord.models.wheels"
        advice = gpu if name in ("cuda", "tensorrt") else "install one that has it"
        problem = f"the installed onnxruntime has no {PROVIDERS[name]}: {advice}"
    return replace(
        used,
        problem=problem and f"models.device is {wanted}, but {problem}; {used.provider} is used.",
    )


def _failure(device: Device) -> str:
    """Why an accelerator does not start, in a few words; empty when it does."""
    number = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    same = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "probe", [number], [same])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it logs what is returned here
    onnxruntime.set_default_logger_severity(4)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if hasattr(onnxruntime, "preload_dlls"):
                onnxruntime.preload_dlls()  # CUDA's libraries from Python wheels, where they are
            session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=device.providers
            )
    except Exception as error:
        return " ".join(str(error).split())[:200] or type(error).__name__
    return (
        ""
        if device.provider in session.get_providers()
        else "its driver or its libraries are missing"
    )
