"""Which runtime runs a network, that it gives the same, and what is said where it is another."""

import logging
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx.utils
import onnxruntime
import pytest

from fixtures.devices import CUDA
from fixtures.faces import align, people
from fixtures.paths import SHARED
from visitord.models import runtime, sessions, zoo_files
from visitord.models.catalog import DEFAULT, RECOGNISER_FILE
from visitord.models.device import CPU, Device
from visitord.models.opencv_zoo import ZooPack
from visitord.models.pack import unit
from visitord.models.runtime import Session, open_network

EVALUATION = SHARED / "eval" / "faces"
IN_OPENVINO = "OpenVINO (CPU)"
IN_ONNXRUNTIME = f"onnxruntime ({CPU})"


@pytest.fixture(scope="module")
def sface(models_dir: Path) -> bytes:
    return zoo_files.network(models_dir / DEFAULT, RECOGNISER_FILE)


@pytest.fixture
def crop() -> np.ndarray:
    """What SFace takes."""
    return np.random.default_rng(2).uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_said_yet() -> None:
    runtime._warn.cache_clear()


def test_a_cpu_runs_recognisers_in_openvino_and_the_default_detector_in_onnxruntime(
    pack: ZooPack,
) -> None:
    assert pack.runs_on == f"detector on {IN_ONNXRUNTIME}, recogniser on {IN_OPENVINO}"


def test_embeddings_are_those_of_the_published_file_in_onnxruntime(
    pack: ZooPack, models_dir: Path
) -> None:
    """Also their fingerprint: what is in a gallery stays comparable."""
    published = onnx.load(str(models_dir / DEFAULT / RECOGNISER_FILE))
    sound = onnx.utils.Extractor(published).extract_model(["data"], ["fc1"])
    before = sessions.open_network(sound.SerializeToString(), Device().providers, 1)

    photographs = [portrait.image for portrait in people().values()]
    photographs += [cv2.imread(str(path)) for path in sorted(EVALUATION.rglob("*.png"))]
    crops = []
    for image in photographs:
        crops += [align(image, face) for face in pack.detect(image, still=True)]
    planes = [crop[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) for crop in crops]
    expected = unit(np.concatenate([before(plane) for plane in planes]))

    assert len(crops) >= len(people())
    assert (pack.embed(crops) * expected).sum(axis=1).min() >= 0.9999
    assert pack.fingerprint == "sface-fb143eea0783"


def test_a_network_says_what_it_takes_and_gives_in_either(sface: bytes) -> None:
    for network in (open_network(sface, Device()), sessions.open_network(sface, [(CPU, {})])):
        assert network.input_shape == [1, 3, 112, 112]
        assert network.output_shape == [1, 128]


def test_what_was_given_out_stays_when_the_network_runs_again(
    sface: bytes, crop: np.ndarray
) -> None:
    network = open_network(sface, Device(), threads=1)
    (first,) = network.run(crop)
    copy = first.copy()
    again = network(crop[:, ::-1])  # what lies the other way round in memory is no different
    assert (first == copy).all()
    assert again == pytest.approx(network(np.ascontiguousarray(crop[:, ::-1])))
    assert not np.allclose(first, again)


def test_insightface_can_use_it_as_one_of_its_sessions(sface: bytes, crop: np.ndarray) -> None:
    network = open_network(sface, Device(), threads=1)
    (found,) = Session(network).run(["fc1"], {"data": crop})
    assert (found == network(crop)).all()


@pytest.mark.parametrize("missing", [True, False], ids=["not installed", "does not compile"])
def test_without_openvino_that_is_said_once_and_onnxruntime_runs_it(
    sface: bytes,
    crop: np.ndarray,
    missing: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = open_network(sface, Device(), threads=1)(crop)
    if missing:
        monkeypatch.delitem(sys.modules, "visitord.models.openvino_networks")
        monkeypatch.delattr("visitord.models.openvino_networks", raising=False)
        monkeypatch.setitem(sys.modules, "openvino", None)
    else:
        monkeypatch.setattr("visitord.models.openvino_networks.PLUGIN", "NONE")

    with caplog.at_level(logging.WARNING):
        networks = [open_network(sface, Device(), threads=1) for _ in range(2)]
    assert [network.runs_on for network in networks] == [IN_ONNXRUNTIME] * 2
    assert networks[0](crop) == pytest.approx(expected, abs=1e-3)
    (said,) = caplog.messages
    assert said.startswith("OpenVINO does not run here (")
    assert "pip install openvino" in said


def test_what_is_no_network_is_no_fault_of_openvino_s(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(Exception, match=r"(?i)protobuf"):
        open_network(b"no network", Device())
    assert caplog.messages == []


def test_an_accelerator_is_asked_through_onnxruntime(
    sface: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    start = onnxruntime.InferenceSession.__init__

    def noting(self: object, *args: object, providers: object, **named: object) -> None:
        asked.append(providers)
        start(self, *args, providers=[CPU], **named)

    monkeypatch.setattr(onnxruntime.InferenceSession, "__init__", noting)
    network = open_network(sface, Device("cuda:1", CUDA, 1), threads=1)
    assert asked == [[(CUDA, {"device_id": "1"}), (CPU, {})]]
    assert network.runs_on == IN_ONNXRUNTIME, "what runs in fact"
