"""A pack opened by the configuration: what it runs on, and what is said where that is another."""

import logging
from pathlib import Path

import onnxruntime
import pytest

from fixtures.devices import CUDA, listed
from fixtures.standins import pack_folder
from visitord.core.config import Config, ModelsConfig
from visitord.models import catalog
from visitord.models.device import CPU
from visitord.models.opening import open_pack


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
    recogniser = asked[-1]
    assert recogniser[0] == (CUDA, {"device_id": "0"})
    if name == catalog.DEFAULT:
        detector = asked[0]
        assert detector == [(CPU, {})], "made for windows of many sizes, each prepared for a GPU"
    else:
        assert asked == [recogniser] * len(asked)
    said = f"recogniser on onnxruntime ({CPU})"
    assert said in pack.runs_on, "what runs in fact, not what was asked for"
    (warning,) = caplog.messages
    assert "does not run" in warning and CUDA in warning
