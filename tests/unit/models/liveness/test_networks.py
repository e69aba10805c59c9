"""The networks in a folder, with stand-ins that take for a face what is more blue than red.

Which also shows in which order they get the colours.
"""

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest

from fixtures.liveness import BLUE, RED, face, plain
from fixtures.standins import liveness_addon, liveness_folder, pack_folder
from visitord.core.errors import ModelError
from visitord.models.liveness import networks
from visitord.models.liveness.detector import NetworkLivenessDetector
from visitord.models.liveness.networks import Addon, MiniFasNets, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return liveness_folder(tmp_path / "liveness")


def test_the_networks_mean_counts(folder: Path) -> None:
    one, other = sorted(folder.glob("*.onnx"))
    model = onnx.load(one)
    model.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(np.zeros((3, 3), np.float32), "columns")
    )
    onnx.save(model, one)
    assert MiniFasNets([one, other]).score(plain(BLUE), face()) == pytest.approx(
        (1 / 3 + 1) / 2, abs=0.01
    )


def test_each_network_sees_as_much_around_the_face_as_its_name_says(folder: Path) -> None:
    image = plain(RED)
    image[90:290, 170:370] = (
        BLUE  # twice the box, of what 2.7 and 4 times the box show: 55 and 25 %
    )
    near, far = (MiniFasNets([file]).score(image, face()) for file in sorted(folder.glob("*.onnx")))
    assert near == pytest.approx(1, abs=0.01)
    assert far == pytest.approx(0, abs=0.01)


@pytest.fixture
def addon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Addon:
    """A stand-in in place of the file that insightface publishes, by whose hash it is known."""
    made = liveness_addon(tmp_path / "addon")
    published = dataclasses.replace(
        networks.ADDON_CATALOG["liveness"], sha256=_sha256(made / "liveness.onnx")
    )
    monkeypatch.setattr(networks, "ADDON_CATALOG", {"liveness": published})
    loaded = load(made)
    assert isinstance(loaded, Addon)
    return loaded


def _sha256(file: Path) -> str:
    return networks.hashlib.sha256(file.read_bytes()).hexdigest()


def test_insightface_s_addon_scores_upright_faces_only(addon: Addon) -> None:
    liveness_detector = NetworkLivenessDetector(addon, addon.threshold, blocks=False)
    assert liveness_detector.score(plain(BLUE), face()) == pytest.approx(1, abs=0.01)
    assert liveness_detector.score(plain(RED), face()) == pytest.approx(0, abs=0.01)
    assert liveness_detector.score(plain(BLUE), face(roll_deg=14)) is not None
    assert liveness_detector.score(plain(BLUE), face(roll_deg=16)) is None
    assert liveness_detector.score(plain(BLUE), face(roll_deg=-16)) is None


def test_an_addon_that_insightface_did_not_publish_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"liveness.onnx is not the file that insightface publishes \(SHA-256"
    ):
        load(liveness_addon(tmp_path / "addon"))


def test_what_is_no_liveness_network_is_refused_in_one_sentence(
    tmp_path: Path, folder: Path
) -> None:
    with pytest.raises(ModelError, match="holds no liveness network; expected"):
        load(tmp_path / "none")
    (folder / "2.7_80x80_MiniFASNetV2.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(folder)
    (pack_folder(tmp_path / "pack", dim=64) / "rec.onnx").replace(
        folder / "2.7_80x80_MiniFASNetV2.onnx"
    )
    with pytest.raises(ModelError, match=r"is no MiniFASNet: it has to take \(n, 3, 80, 80\)"):
        load(folder)
    (folder / "2.7_80x80_MiniFASNetV2.onnx").rename(folder / "big_80x80_MiniFASNet.onnx")
    with pytest.raises(ModelError, match="its name has to begin with the scale"):
        load(folder)


@pytest.mark.parametrize("name", ["2.7_80x80_MiniFASNetV2.onnx", "liveness.onnx"])
def test_a_network_that_is_a_device_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(ModelError, match=r"cannot be loaded: .*a device|no liveness network"):
        load(tmp_path)
