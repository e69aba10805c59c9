"""Packs in insightface's layout, with small stand-ins for the networks."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from fixtures.faces import align
from fixtures.standins import pack_folder, picture_with_squares
from visitord.models.insightface_pack import BATCH, InsightPack


def test_a_folder_in_insightfaces_layout_detects_and_embeds(tmp_path: Path) -> None:
    pack = InsightPack("own", pack_folder(tmp_path / "own", dim=512))
    image, boxes = picture_with_squares()
    found = pack.detect(image)
    assert len(found) == len(boxes)
    for detection, box in zip(sorted(found, key=lambda d: d.box[0]), boxes, strict=True):
        assert detection.box == pytest.approx(box, abs=40)
        assert detection.landmarks.shape == (5, 2)
    rows = pack.embed([align(image, d) for d in found])
    assert rows.shape == (2, 512)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_on_a_cpu_its_recogniser_runs_in_openvino_with_the_same_output(tmp_path: Path) -> None:
    folder = pack_folder(tmp_path / "own", dim=64)
    pack = InsightPack("own", folder)
    assert pack.runs_on == (
        "detector on onnxruntime (CPUExecutionProvider), recogniser on OpenVINO (CPU)"
    )
    crops = list(np.random.default_rng(4).integers(0, 255, (3, 112, 112, 3), dtype=np.uint8))
    found = pack.embed(crops)
    session = onnxruntime.InferenceSession(str(folder / "rec.onnx"))
    pack._recogniser.session = session
    assert found == pytest.approx(pack.embed(crops), abs=1e-5)


def test_two_recognisers_have_two_fingerprints(tmp_path: Path) -> None:
    one = InsightPack("one", pack_folder(tmp_path / "one", dim=512, seed=1))
    again = InsightPack("again", pack_folder(tmp_path / "again", dim=512, seed=1))
    other = InsightPack("other", pack_folder(tmp_path / "other", dim=512, seed=2))
    assert one.fingerprint == again.fingerprint != other.fingerprint


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


def test_detect_px_is_the_side_that_faces_are_looked_for_at(tmp_path: Path) -> None:
    image, boxes = picture_with_squares()
    pack = InsightPack("own", pack_folder(tmp_path / "own", dim=64), detect_px=320)
    assert pack._detector.input_sizes == [(320, 320)]
    assert len(InsightPack("own", tmp_path / "own").detect(image)) == len(boxes)
