"""The networks that tell a face from a picture of one, from files the owner supplies."""

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from insightface.addons import ADDON_CATALOG, Liveness
from numpy.typing import NDArray

from visitord.core import reading
from visitord.core.errors import ModelError
from visitord.core.records import Detection, Image
from visitord.models.device import Device
from visitord.models.runtime import Network, Session, open_network
from visitord.models.sessions import session_options

# insightface 2.1 calls a scikit-image function that is deprecated but works.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"insightface\.")

THREADS = 1  # 4 ms a network: not worth a second core
ON_CPU = Device()

MINIFASNET_FILES = "*_80x80_MiniFASNet*.onnx"
SIDE_PX = 80
CLASSES = 3  # printed, real, shown on a screen
REAL = 1
# Of 28 faces in ordinary colour photographs the lowest scored 0.55, of the two pictures of pictures
# that come with the networks the higher one 0.27 (bench/liveness.py); the authors leave the
# threshold to the user.
MINIFASNET_THRESHOLD = 0.4

ADDON_FILE = ADDON_CATALOG["liveness"].filename
ADDON_THRESHOLD = 0.8  # insightface's own default
# Its crop is turned upright, which it takes for a fake when that was far.
ADDON_ROLL_DEG = 15.0


class Networks(Protocol):
    """One network or several together.

    name: of the files, for the log.
    threshold: the score below which a face counts as a picture, by default.
    """

    name: str
    threshold: float

    def score(self, image: Image, detection: Detection) -> float | None:
        """0 (a picture of a face) to 1 (a face) for a face in a BGR picture; None: cannot say."""
        ...


class MiniFasNets:
    """The networks of Silent-Face-Anti-Spoofing, as many as the folder holds; their scores' mean.

    A file's name begins with the scale of what it looks at, in face boxes:
    2.7_80x80_MiniFASNetV2.onnx.

    Input: (n, 3, 80, 80) float32, BGR 0..255.  Output: (n, 3), probabilities of printed, real,
    shown on a screen.  Licence: Apache-2.0.
    """

    threshold = MINIFASNET_THRESHOLD

    def __init__(self, files: Sequence[Path]) -> None:
        self._networks = [(_scale(file), _minifasnet(file)) for file in files]
        self.name = " and ".join(file.stem for file in files)

    def score(self, image: Image, detection: Detection) -> float | None:
        scores = [
            float(network(_planes(around(image, detection, scale)))[0, REAL])
            for scale, network in self._networks
        ]
        return float(np.mean(scores))


class Addon:
    """insightface's liveness addon, which takes the tightly aligned face.

    Input: a BGR picture and five landmarks.  Output: the probability of a face.  Licence: as
    insightface's packs, for non-commercial research only.
    """

    name = "insightface's liveness addon"
    threshold = ADDON_THRESHOLD

    def __init__(self, file: Path) -> None:
        # insightface looks at the network in a session that it opens, and runs it in ours.
        options = session_options(THREADS)
        self._network = Liveness(file, providers=ON_CPU.providers, sess_options=options)
        content = reading.read(file, reading.MODEL_MAX_BYTES)
        self._network.session = Session(open_network(content, ON_CPU, THREADS))

    def score(self, image: Image, detection: Detection) -> float | None:
        if detection.roll_deg > ADDON_ROLL_DEG:
            return None
        said = self._network.predict(image, detection.landmarks)
        score: float | None = said["live_score"]
        return score


def load(folder: Path) -> Networks:
    """The networks in a folder: MiniFASNet's, else insightface's addon.  Raises ModelError."""
    files = sorted(folder.glob(MINIFASNET_FILES))
    addon = folder / ADDON_FILE
    try:
        if files:
            return MiniFasNets(files)
        if addon.is_file():
            _require_published(addon)
            return Addon(addon)
    except ModelError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"The liveness networks in {folder} cannot be loaded: {reason}.") from None

    raise ModelError(
        f"models.liveness: {folder} holds no liveness network; expected MiniFASNet's "
        f"2.7_80x80_MiniFASNetV2.onnx and the like, or insightface's {ADDON_FILE}."
    )


def around(image: Image, detection: Detection, scale: float) -> Image:
    """The part of the picture that is `scale` times the face's box, as far as the picture goes."""
    height, width = image.shape[:2]
    left, top, right, bottom = (float(edge) for edge in detection.box)
    rows = _scaled(top, bottom, scale, height)
    columns = _scaled(left, right, scale, width)
    return image[rows, columns]


def _scaled(start: float, end: float, scale: float, length: int) -> slice:
    """A range of pixels `scale` times as long around its middle, cut where the picture ends."""
    middle = (start + end) / 2
    half = (end - start) * scale / 2
    return slice(max(0, round(middle - half)), min(length, round(middle + half)))


def _planes(seen: Image) -> NDArray[np.float32]:
    """A picture as MiniFASNet takes it, (1, 3, 80, 80).

    BGR, 0..255, as it is: with red and blue exchanged, pictures pass for faces.
    """
    small = cv2.resize(seen, (SIDE_PX, SIDE_PX))
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None], np.float32)


def _scale(file: Path) -> float:
    """How much of a picture a MiniFASNet looks at, in face boxes, by its file's name."""
    try:
        return float(file.name.split("_")[0])
    except ValueError:
        raise ModelError(
            f"{file}: its name has to begin with the scale, such as 2.7_80x80_MiniFASNetV2.onnx."
        ) from None


def _minifasnet(file: Path) -> Network:
    """The network in a file, when its shapes are a MiniFASNet's."""
    content = reading.read(file, reading.MODEL_MAX_BYTES)
    network = open_network(content, ON_CPU, THREADS)
    takes = network.input_shape[1:]
    gives = network.output_shape[1:]
    if takes != [3, SIDE_PX, SIDE_PX] or gives != [CLASSES]:
        raise ModelError(f"{file} is no MiniFASNet: it has to take (n, 3, 80, 80) and give (n, 3).")
    return network


def _require_published(addon: Path) -> None:
    """Refuse an addon whose file is not the one that insightface publishes."""
    content = reading.read(addon, reading.MODEL_MAX_BYTES)
    found = hashlib.sha256(content).hexdigest()
    expected = ADDON_CATALOG["liveness"].sha256
    if found != expected:
        sums = f"SHA-256 {found[:12]}…, expected {expected[:12]}…"
        raise ModelError(f"{addon} is not the file that insightface publishes ({sums}).")
