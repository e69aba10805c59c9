"""The default pack's detector with an MXNet checkpoint as the recogniser."""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.core.records import Image
from visitord.models import catalog, thresholds
from visitord.models.device import Device
from visitord.models.mxnet.checkpoint import INPUT
from visitord.models.mxnet.native import Native
from visitord.models.opencv_zoo import Yunet, session
from visitord.models.pack import CROP_PX, unit

ONNX_FILE, SYMBOL_FILE, PARAMS_FILE = "recogniser.onnx", "model-symbol.json", "model.params"
NATIVE = "recogniser by MXNet"
Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From RGB crops (n, 112, 112, 3) to embeddings (n · d,)."""


class MxnetPack(Yunet):
    """What pack.toml in `folder` tells: a recogniser for onnxruntime, or for MXNet where it names
    an interpreter.
    """

    def __init__(
        self, name: str, folder: Path, config: Config, device: Device | None = None
    ) -> None:
        detector = catalog.folder_of(catalog.DEFAULT, config.models_dir, config.folder)
        if problem := catalog.check(catalog.DEFAULT, detector):
            raise ModelError(problem)
        super().__init__(detector)
        self.name, self.thresholds = name, thresholds.of(name)
        try:
            about = tomllib.loads((folder / catalog.MANIFEST).read_text("utf-8"))
            for file, digest in about["files"].items():
                if hashlib.sha256((folder / file).read_bytes()).hexdigest() != digest:
                    raise ValueError(f"{file} is damaged, import it again")
            self.fingerprint, self.licence = str(about["fingerprint"]), str(about["licence"])
            self._run = _runner(
                folder, about.get("python"), about["output"], config, device or Device()
            )
            self.runs_on = (
                NATIVE if about.get("python") else f"recogniser on {(device or Device()).provider}"
            )
            self.dim = self._run(np.zeros((1, CROP_PX, CROP_PX, 3), np.uint8)).size
        except ModelError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ModelError(
                f"The model pack {name} in {folder} cannot be used: {reason}."
            ) from None

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.dim), np.float32)
        rows = self._run(np.stack(crops)[..., ::-1])
        if rows.size != len(crops) * self.dim or not np.isfinite(rows).all():
            raise ModelError(
                f"The recogniser of the pack {self.name} answers with what are no embeddings."
            )
        return unit(rows.reshape(len(crops), self.dim))


def _runner(folder: Path, python: str | None, output: str, config: Config, device: Device) -> Run:
    if python:
        arguments = [
            str(folder / SYMBOL_FILE),
            str(folder / PARAMS_FILE),
            output,
            config.models.device,
        ]
        return Native(python, arguments, config.models.threads).embed
    network = session(str(folder / ONNX_FILE), config.models.threads, device)

    def run(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = crops.transpose(0, 3, 1, 2).astype(np.float32)
        return np.concatenate(
            [network.run(None, {INPUT: plane[None]})[0].ravel() for plane in planes]
        )

    return run
