"""What the networks run on: what is asked for, where it starts; else the CPU, and why.

No accelerator is needed: onnxruntime is made to list some that do not start, or one that "starts"
on the CPU.
"""

import onnxruntime
import pytest

from fixtures.devices import COREML, CUDA, TENSORRT, listed
from visitord.models.device import CPU, Device, choose


@pytest.mark.parametrize(
    ("wanted", "there", "starting", "provider", "index"),
    [
        ("auto", (), (), CPU, 0),
        ("auto", ("AzureExecutionProvider",), (), CPU, 0),
        ("auto", (TENSORRT, CUDA), (TENSORRT, CUDA), CUDA, 0),
        ("auto", (COREML,), (COREML,), COREML, 0),
        ("cpu", (CUDA,), (CUDA,), CPU, 0),
        ("cuda:1", (TENSORRT, CUDA), (TENSORRT, CUDA), CUDA, 1),
        ("tensorrt:0", (TENSORRT, CUDA), (TENSORRT, CUDA), TENSORRT, 0),
    ],
)
def test_a_device_that_is_there_is_used(
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    there: tuple[str, ...],
    starting: tuple[str, ...],
    provider: str,
    index: int,
) -> None:
    listed(monkeypatch, *there, starting=starting)
    assert choose(wanted) == Device(wanted, provider, index)


@pytest.mark.parametrize(
    ("wanted", "there", "starting", "provider", "parts"),
    [
        (
            "auto",
            (CUDA,),
            (),
            CPU,
            (f"{CUDA} does not start here (no driver): see to its driver", f"{CPU} is"),
        ),
        (
            "auto",
            (TENSORRT, CUDA),
            (TENSORRT,),
            TENSORRT,
            (f"{CUDA} does not start", f"{TENSORRT} is used"),
        ),
        (
            "auto",
            (TENSORRT, CUDA),
            (),
            CPU,
            (f"{CUDA} does not start", f"and {TENSORRT} does not start"),
        ),
        ("cuda:0", (CUDA,), (), CPU, (f"{CUDA} does not start here", f"{CPU} is used")),
        (
            "cuda:0",
            (),
            (),
            CPU,
            (f"has no {CUDA}", "pip install 'visitord[gpu]'", "visitord.models.wheels"),
        ),
        (
            "openvino",
            (CUDA,),
            (CUDA,),
            CPU,
            ("has no OpenVINOExecutionProvider", "install one that has it"),
        ),
    ],
)
def test_otherwise_one_sentence_says_why_not(
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    there: tuple[str, ...],
    starting: tuple[str, ...],
    provider: str,
    parts: tuple[str, ...],
) -> None:
    listed(monkeypatch, *there, starting=starting)
    chosen = choose(wanted)
    assert chosen.provider == provider
    assert chosen.problem.startswith(f"models.device is {wanted}, but ")
    for part in parts:
        assert part in chosen.problem


def test_a_listed_accelerator_is_really_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    with pytest.warns(
        UserWarning, match="not in available"
    ):  # onnxruntime's own; a real one would list it
        chosen = choose("auto")
    assert chosen.provider == CPU
    assert "its driver or its libraries are missing" in chosen.problem


def test_an_accelerator_is_asked_for_with_its_number_and_the_cpu_for_the_rest() -> None:
    assert Device("cuda:1", CUDA, 1).providers == [(CUDA, {"device_id": "1"}), (CPU, {})]
    assert Device("coreml", COREML).providers == [(COREML, {}), (CPU, {})]
    assert Device().providers == [(CPU, {})]
