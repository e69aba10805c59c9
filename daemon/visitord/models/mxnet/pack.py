"""The default pack's detector with an MXNet checkpoint as the recogniser.

Input: BGR pictures, as the default pack's; for the recogniser aligned faces (1, 3, 112, 112),
float32, RGB 0..255, which the network itself brings into its range.

Output: boxes, five landmarks and scores; embeddings of as many numbers as the checkpoint's node.

Licence: insightface's checkpoints for non-commercial research only, as the pack's own file says.
"""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.core.records import Detection, Embedding, Image
from visitord.models import catalog, thresholds
from visitord.models.device import Device
from visitord.models.mxnet.native import Native
from visitord.models.opencv_zoo import ZooDetector
from visitord.models.pack import CROP_PX, NATIVE, unit
from visitord.models.sessions import Network, open_network

ONNX_FILE = "recogniser.onnx"
SYMBOL_FILE = "model-symbol.json"
PARAMS_FILE = "model.params"

Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From RGB crops (n, 112, 112, 3) to embeddings (n · d,)."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What pack.toml says.

    output: the node that gives the embedding.
    python: the interpreter that has MXNet; None: onnxruntime runs the recogniser.
    """

    fingerprint: str
    licence: str
    output: str
    python: str | None

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of the pack in a folder whose other files are as it says.

        Raises
        ------
        OSError, ValueError, LookupError, TypeError, AttributeError
            When a file is missing or damaged, or pack.toml is not one.
        """
        about = tomllib.loads((folder / catalog.MANIFEST).read_text("utf-8"))
        for file, digest in about["files"].items():
            if hashlib.sha256((folder / file).read_bytes()).hexdigest() != digest:
                raise ValueError(f"{file} is damaged, import it again")
        return cls(
            fingerprint=str(about["fingerprint"]),
            licence=str(about["licence"]),
            output=about["output"],
            python=about.get("python") or None,
        )


class MxnetPack:
    """A recogniser for onnxruntime or, where pack.toml names an interpreter, for MXNet itself."""

    def __init__(
        self, name: str, folder: Path, config: Config, device: Device | None = None
    ) -> None:
        """Load both networks.

        Parameters
        ----------
        name
            By which is known how well it tells people apart.
        folder
            Where pack.toml and the recogniser are.
        config
            Says where the default pack is, whose detector it takes, and how networks run.
        device
            What onnxruntime is to run on, by default the CPU.

        Raises
        ------
        ModelError
            When one of the two is not there or not usable.
        """
        zoo = catalog.folder_of(catalog.DEFAULT, config.models_dir, config.folder)
        if problem := catalog.check(catalog.DEFAULT, zoo):
            raise ModelError(problem)
        self._detector = ZooDetector(zoo)
        self.name = name
        self.separation = thresholds.of(name)
        self.centre: Embedding | None = None

        try:
            about = Manifest.read(folder)
            self.fingerprint = about.fingerprint
            self.licence = about.licence
            if about.python is None:
                device = device or Device()
                network = open_network(
                    str(folder / ONNX_FILE), device.providers, config.models.threads
                )
                self._run = _one_by_one(network)
                self.runs_on = f"recogniser on {network.runs_on}"
            else:
                self._run = _native(about.python, folder, about.output, config).embed
                self.runs_on = NATIVE
            self.dim = self._run(np.zeros((1, CROP_PX, CROP_PX, 3), np.uint8)).size
        except ModelError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ModelError(
                f"The model pack {name} in {folder} cannot be used: {reason}."
            ) from None

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        return self._detector.detect(image, still=still)

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.dim), np.float32)
        rows = self._run(np.stack(crops)[..., ::-1])
        if rows.size != len(crops) * self.dim or not np.isfinite(rows).all():
            raise ModelError(
                f"The recogniser of the pack {self.name} answers with what are no embeddings."
            )
        return unit(rows.reshape(len(crops), self.dim))


def _one_by_one(network: Network) -> Run:
    """Runs crops through onnxruntime, whatever number of them the checkpoint was made for."""

    def run(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = crops.transpose(0, 3, 1, 2).astype(np.float32)
        return np.concatenate([network(plane[None]).ravel() for plane in planes])

    return run


def _native(python: str, folder: Path, output: str, config: Config) -> Native:
    """MXNet under an interpreter that has it, with the pack's checkpoint."""
    symbol = str(folder / SYMBOL_FILE)
    params = str(folder / PARAMS_FILE)
    arguments = [symbol, params, output, config.models.device]
    return Native(python, arguments, config.models.threads)
