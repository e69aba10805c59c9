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
from visitord.models import sface, thresholds
from visitord.models.catalog import DEFAULT, DETECTOR_FILE, RECOGNISER_FILE, ZOO_LICENCE
from visitord.models.device import Device
from visitord.models.refinement import Refinement
from visitord.models.sface import Sface
from visitord.models.yunet import DETECT_WIDTH_PX, Yunet


class ZooDetector:
    """YuNet, with its landmarks refined; also where another recogniser takes SFace's place."""

    def __init__(self, folder: Path, detect_px: int = DETECT_WIDTH_PX) -> None:
        self._yunet = Yunet(folder / DETECTOR_FILE, detect_px)
        self._refinement = Refinement(folder / DETECTOR_FILE)
        self.detect_px = self._yunet.detect_px

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        """As a pack's."""
        found = self._yunet.detect(image, still=still)
        return [self._refinement.refined(image, detection) for detection in found]


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

        Raises
        ------
        ModelError
            When a file is no such network.
        """
        try:
            content = reading.read(folder / RECOGNISER_FILE, reading.MODEL_MAX_BYTES)
            self.detector = ZooDetector(folder, detect_px)
            self._sface = Sface(content, device or Device(), threads)
        except Exception as error:
            raise ModelError(
                f"The models in {folder} cannot be loaded ({error}); "
                f"run: visitord models install {DEFAULT}."
            ) from None

        self.fingerprint = self._sface.fingerprint
        recogniser = self._sface.runs_on
        self.runs_on = f"detector on the CPU (OpenCV), recogniser on {recogniser}"

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        return self.detector.detect(image, still=still)

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        return self._sface.embed(crops)
