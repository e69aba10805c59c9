"""The default pack: YuNet finds faces, SFace describes them (both from the OpenCV model zoo).

Input: BGR pictures of any size, looked at with their longer side at 640 px, or as configured, and
never above 1,024; for SFace aligned faces (1, 3, 112, 112), float32, RGB 0..255.

Output: boxes, five landmarks and scores; embeddings of 128 numbers.

Licence: YuNet MIT; SFace Apache-2.0, as its publisher says, while what it was trained on was never
documented.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.core import reading
from visitord.core.errors import ModelError
from visitord.core.records import Detection, Embedding, Image
from visitord.models import sface, thresholds, zoo_files
from visitord.models.catalog import DEFAULT, DETECTOR_FILE, RECOGNISER_FILE, ZOO_LICENCE
from visitord.models.device import Device
from visitord.models.refinement import Refinement
from visitord.models.sface import Sface
from visitord.models.yunet import DETECT_WIDTH_PX, Yunet, YunetNetwork


class ZooDetector:
    """YuNet, with its landmarks refined; also where another recogniser takes SFace's place."""

    def __init__(self, folder: Path, detect_px: int = DETECT_WIDTH_PX) -> None:
        """Load the network, on the CPU wherever the recogniser runs.

        Parameters
        ----------
        folder
            Where the default pack's files are.
        detect_px
            The longer side of the picture that faces are looked for in.

        Raises
        ------
        ModelError
            When its file is not as it should be.
        Exception
            Whatever onnxruntime raises for a model that it cannot load, of many types.
        """
        network = YunetNetwork(zoo_files.network(folder, DETECTOR_FILE))
        self._yunet = Yunet(network, detect_px)
        self._refinement = Refinement(network)
        self.detect_px = self._yunet.detect_px
        self.runs_on = network.runs_on

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        """As a pack's."""
        found = self._yunet.detect(image, still=still)
        if not still:
            return found
        return [self.refined(image, detection) for detection in found]

    def refined(self, image: Image, detection: Detection) -> Detection:
        """As a pack's."""
        return self._refinement.refined(image, detection)


class ZooPack:
    """The default pack in a folder that holds its two files."""

    name = DEFAULT
    dim = sface.DIM
    separation = thresholds.ZOO
    centre: Embedding | None = sface.CENTRE
    licence = ZOO_LICENCE

    def __init__(
        self,
        folder: Path,
        threads: int = 0,
        device: Device | None = None,
        detect_px: int = DETECT_WIDTH_PX,
        compiled: Path | None = None,
    ) -> None:
        """Load both networks.

        Parameters
        ----------
        folder
            Where the two files are.
        threads
            Cores that SFace may use; 0: all of them.
        device
            What SFace is to run on, by default the CPU; YuNet always runs there.
        detect_px
            The longer side of the picture that faces are looked for in.
        compiled
            A folder for what SFace is compiled into, if that is to be kept.

        Raises
        ------
        ModelError
            When a file is no such network.
        """
        try:
            given = reading.sha256(folder / RECOGNISER_FILE, reading.MODEL_MAX_BYTES)
            self.detector = ZooDetector(folder, detect_px)
            network = zoo_files.network(folder, RECOGNISER_FILE)
            self._sface = Sface(network, device or Device(), threads, compiled)
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"The models in {folder} cannot be loaded ({error}); "
                f"run: visitord models install {DEFAULT}."
            ) from None

        # Of the file as it was published, whatever it was made into for the runtime.
        self.fingerprint = f"sface-{given[:12]}"
        self.runs_on = f"detector on {self.detector.runs_on}, recogniser on {self._sface.runs_on}"

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        return self.detector.detect(image, still=still)

    def refined(self, image: Image, detection: Detection) -> Detection:
        return self.detector.refined(image, detection)

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        return self._sface.embed(crops)
