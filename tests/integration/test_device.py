"""What the networks run on: what is asked for, where it starts; otherwise the CPU, with one
sentence that says why.

No accelerator is needed: onnxruntime is made to list some that do not start, or one that "starts"
on the CPU.
"""

import logging
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from fixtures.installation import Box
from fixtures.standins import pack_folder, picture_with_squares
from visitord.core.config import Config, ModelsConfig
from visitord.models import catalog, device
from visitord.models.device import CPU, Device, choose
from visitord.models.insightface_pack import BATCH, InsightPack
from visitord.models.opencv_zoo import ZooPack
from visitord.models.opening import open_pack

CUDA, TENSORRT, COREML = (device.PROVIDERS[name] for name in ("cuda", "tensorrt", "coreml"))


def listed(
    monkeypatch: pytest.MonkeyPatch, *providers: str, starting: tuple[str, ...] = ()
) -> None:
    """What onnxruntime says it has, and which of those start."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*providers, CPU])
    monkeypatch.setattr(device, "_failure", lambda d: "" if d.provider in starting else "no driver")


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


@pytest.mark.parametrize("name", ["opencv-zoo", "own"])
def test_both_kinds_of_packs_get_the_choice_and_one_warning_is_logged(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    models_dir: Path,
    tmp_path: Path,
    name: str,
) -> None:
    listed(monkeypatch, CUDA, starting=(CUDA,))
    asked = []
    session = onnxruntime.InferenceSession.__init__

    def start(self: object, *args: object, **named: object) -> None:
        asked.append(named.pop("providers"))
        session(self, *args, providers=[CPU], **named)

    monkeypatch.setattr(onnxruntime.InferenceSession, "__init__", start)
    folder = models_dir / name if name == catalog.DEFAULT else pack_folder(tmp_path / name, dim=64)
    config = Config(models=ModelsConfig(pack=name, device="cuda:0"))
    with caplog.at_level(logging.WARNING):
        pack = open_pack(config, name, folder)
    assert all(providers[0] == (CUDA, {"device_id": "0"}) for providers in asked)
    assert f"recogniser on {CPU}" in pack.runs_on, "what runs in fact, not what was asked for"
    (warning,) = caplog.messages
    assert "does not run" in warning and CUDA in warning


def test_a_box_told_to_use_a_gpu_it_has_not_warns_once_and_works(box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace("[models]", '[models]\ndevice = "cuda:0"'))
    done = box.run("visitord", "models", "verify")
    assert done.code == 0
    assert (
        done.err.count("CUDAExecutionProvider is") + done.err.count("has no CUDAExecutionProvider")
        == 1
    ), done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
    done = box.run("visitord", "models", "switch", "opencv-zoo")
    assert len(done.err.strip().splitlines()) == 1, "of two packs opened"
    found = box.run("visitorctl", "doctor")
    assert "device         wrong" in found.out.replace("│", "")
    assert "pip install 'visitord[gpu]'" in found.out


def test_doctor_says_what_runs(box: Box) -> None:
    done = box.run("visitorctl", "doctor")
    assert (
        f"models.device is auto: detector on the CPU (OpenCV), recogniser on {CPU}; the installed onnxruntime"
        in done.out
    )


# What a pack does with many faces


class Counting:
    """A recogniser's session that notes how many faces each run gets."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self.session = session
        self.sizes: list[int] = []

    def run(self, outputs: object, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.sizes.append(len(next(iter(inputs.values()))))
        return list(self.session.run(outputs, inputs))


def test_faces_are_described_in_runs_of_bounded_size_and_come_out_in_order(tmp_path: Path) -> None:
    pack = InsightPack("own", pack_folder(tmp_path / "own", dim=64))
    pack._recogniser.session = counting = Counting(pack._recogniser.session)
    crops = list(
        np.random.default_rng(1).integers(0, 255, (2 * BATCH + 3, 112, 112, 3), dtype=np.uint8)
    )
    together = pack.embed(crops)
    assert counting.sizes == [BATCH, BATCH, 3]
    assert together == pytest.approx(
        np.concatenate([pack.embed([crop]) for crop in crops]), abs=1e-6
    )


def test_a_network_made_for_one_face_at_a_time_gets_one_at_a_time(tmp_path: Path) -> None:
    pack = InsightPack("own", pack_folder(tmp_path / "own", dim=64, batch=1))
    crops = list(np.random.default_rng(1).integers(0, 255, (3, 112, 112, 3), dtype=np.uint8))
    assert pack.embed(crops).shape == (3, 64)


def test_detect_px_is_the_side_that_faces_are_looked_for_at(
    models_dir: Path, tmp_path: Path
) -> None:
    image, boxes = picture_with_squares()
    pack = InsightPack("own", pack_folder(tmp_path / "own", dim=64), detect_px=320)
    assert pack._detector.input_sizes == [(320, 320)]
    assert len(InsightPack("own", tmp_path / "own").detect(image)) == len(boxes)
    zoo = ZooPack(models_dir / catalog.DEFAULT, 1, detect_px=1920)
    assert zoo.detector.detect_px == 1024, "above it very large faces get lost"
