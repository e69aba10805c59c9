"""The default pack's detector with an MXNet checkpoint as the recogniser.

Input: BGR pictures, as the default pack's; for the recogniser aligned faces (1, 3, 112, 112),
float32, RGB 0..255, which the network itself brings into its range.

Output: boxes, five landmarks and scores; embeddings of as many numbers as the checkpoint's node.

Licence: insightface's checkpoints for non-commercial research only, as the pack's own file says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.core import reading
from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.core.records import Detection, Embedding, Image
from visitord.models import catalog, thresholds
from visitord.models.catalog import ONNX_FILE, PARAMS_FILE, SYMBOL_FILE
from visitord.models.device import Device
from visitord.models.mxnet.native import Native
from visitord.models.opencv_zoo import ZooDetector
from visitord.models.pack import CROP_PX, NATIVE, unit
from visitord.models.runtime import Network, open_network

KEYS = {"source", "epoch", "fingerprint", "output", "input", "licence", "files"}
CONVERTED = {ONNX_FILE}
NATIVELY = {SYMBOL_FILE, PARAMS_FILE}

Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From RGB crops (n, 112, 112, 3) to embeddings (n · d,)."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What pack.toml says.

    output: the node that gives the embedding.
    native: whether MXNet itself runs the recogniser.
    """

    fingerprint: str
    licence: str
    output: str
    native: bool

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of the pack in a folder whose other files are as it says.

        Raises
        ------
        OSError, ValueError, LookupError, TypeError, AttributeError
            When a file is missing or damaged, or pack.toml is not one, or says what none may.
        """
        about = catalog.manifest(folder)
        if "python" in about:
            raise ValueError(
                "its pack.toml names a program, and a pack may only hold data: set "
                "models.mxnet_python in config.toml to it, and import the checkpoint again"
            )
        if strange := about.keys() - KEYS:
            raise ValueError(f"its pack.toml has an unknown key, {min(strange)}")

        files = about["files"]
        if files.keys() not in (CONVERTED, NATIVELY):
            raise ValueError("its pack.toml names other files than such packs have")
        for file, digest in files.items():
            if reading.sha256(folder / file, reading.MODEL_MAX_BYTES) != digest:
                raise ValueError(f"{file} is damaged, import it again")
        return cls(
            fingerprint=str(about["fingerprint"]),
            licence=str(about["licence"]),
            output=str(about["output"]),
            native=files.keys() == NATIVELY,
        )


class MxnetPack:
    """A converted recogniser or, where the pack has a checkpoint's files, MXNet itself.

    Which interpreter has MXNet, the configuration says alone: a pack is data.
    """

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
            What a converted recogniser is to run on, by default the CPU.

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
            if about.native:
                self._run = _native(folder, about.output, config)
                self.runs_on = NATIVE
            else:
                device = device or Device()
                content = reading.read(folder / ONNX_FILE, reading.MODEL_MAX_BYTES)
                network = open_network(content, device, config.models.threads)
                self._run = _one_by_one(network)
                detector = self._detector.runs_on
                self.runs_on = f"detector on {detector}, recogniser on {network.runs_on}"
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

    def refined(self, image: Image, detection: Detection) -> Detection:
        return self._detector.refined(image, detection)

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
    """Runs crops through the network, whatever number of them the checkpoint was made for."""

    def run(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = crops.transpose(0, 3, 1, 2).astype(np.float32)
        return np.concatenate([network(plane[None]).ravel() for plane in planes])

    return run


def _native(folder: Path, output: str, config: Config) -> Run:
    """MXNet under the interpreter that the configuration names, with the pack's checkpoint."""
    symbol = str(folder / SYMBOL_FILE)
    params = str(folder / PARAMS_FILE)
    arguments = [symbol, params, output, config.models.device]
    return Native(str(config.mxnet_python), arguments, config.models.threads).embed
