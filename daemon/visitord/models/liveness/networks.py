"""The networks that tell a face from a picture of one, from files the owner supplies."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import onnxruntime
from insightface.addons import ADDON_CATALOG, Liveness

from visitord.core.errors import ModelError
from visitord.core.records import Detection, Image
from visitord.models.device import CPU

SIDE_PX = 80
REAL = 1  # of MiniFASNet's three classes: printed, real, shown on a screen
# Of 28 faces in ordinary colour photographs the lowest scored 0.55, of the two pictures of pictures
# that come with the networks the higher one 0.27 (bench/liveness.py); the authors leave the
# threshold to the user.
MINIFASNET_THRESHOLD = 0.4
ADDON_FILE = ADDON_CATALOG["liveness"].filename
ADDON_THRESHOLD = 0.8  # insightface's own default
ADDON_ROLL_DEG = 15.0  # its crop is turned upright, which it takes for a fake when that was far


class Networks(Protocol):
    """threshold: the score below which a face counts as a picture, by default."""

    name: str
    threshold: float

    def score(self, image: Image, detection: Detection) -> float | None:
        """0 (a picture of a face) to 1 (a face) for a face in a BGR picture; None where they cannot
        say.
        """
        ...


class MiniFasNets:
    """The networks of Silent-Face-Anti-Spoofing (Apache-2.0), as many as the folder holds; their
    scores' mean.

    A file's name begins with the scale of what it looks at, in face boxes:
    2.7_80x80_MiniFASNetV2.onnx.
    """

    threshold = MINIFASNET_THRESHOLD

    def __init__(self, files: Sequence[Path]) -> None:
        self._networks = [(_scale(file), _session(file)) for file in files]
        self.name = " and ".join(file.stem for file in files)
        for file, (_, session) in zip(files, self._networks, strict=True):
            shapes = [
                list(session.get_inputs()[0].shape[1:]),
                list(session.get_outputs()[0].shape[1:]),
            ]
            if shapes != [[3, SIDE_PX, SIDE_PX], [3]]:
                raise ModelError(
                    f"{file} is no MiniFASNet: it has to take (n, 3, 80, 80) and give (n, 3)."
                )

    def score(self, image: Image, detection: Detection) -> float | None:
        scores = []
        for scale, session in self._networks:
            seen = cv2.resize(around(image, detection, scale), (SIDE_PX, SIDE_PX))
            # BGR, 0..255, as it is: with red and blue exchanged, pictures pass for faces.
            given = np.ascontiguousarray(seen.transpose(2, 0, 1)[None], np.float32)
            scores.append(
                float(session.run(None, {session.get_inputs()[0].name: given})[0][0, REAL])
            )
        return float(np.mean(scores))


class Addon:
    """insightface's liveness addon, which takes the tightly aligned face."""

    name = "insightface's liveness addon"
    threshold = ADDON_THRESHOLD

    def __init__(self, file: Path) -> None:
        self._network = Liveness(file, providers=[CPU])

    def score(self, image: Image, detection: Detection) -> float | None:
        if detection.roll_deg > ADDON_ROLL_DEG:
            return None
        score: float | None = self._network.predict(image, detection.landmarks)["live_score"]
        return score


def load(folder: Path) -> Networks:
    """The networks in a folder: MiniFASNet's files, else insightface's addon.  Raises ModelError."""
    files, addon = sorted(folder.glob("*_80x80_MiniFASNet*.onnx")), folder / ADDON_FILE
    try:
        if files:
            return MiniFasNets(files)
        if addon.is_file():
            found, expected = (
                hashlib.sha256(addon.read_bytes()).hexdigest(),
                ADDON_CATALOG["liveness"].sha256,
            )
            if found != expected:
                sums = f"SHA-256 {found[:12]}…, expected {expected[:12]}…"
                raise ModelError(f"{addon} is not the file that insightface publishes ({sums}).")
            return Addon(addon)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"The liveness networks in {folder} cannot be loaded: {' '.join(str(error).split())}."
        ) from None
    wanted = f"expected MiniFASNet's 2.7_80x80_MiniFASNetV2.onnx and the like, or insightface's {ADDON_FILE}"
    raise ModelError(f"models.liveness: {folder} holds no liveness network; {wanted}.")


def around(image: Image, detection: Detection, scale: float) -> Image:
    """The part of the picture that is `scale` times the face's box, as far as the picture goes."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in detection.box)
    x, y, right, down = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * scale / 2, (y1 - y0) * scale / 2
    rows = slice(max(0, round(y - down)), min(height, round(y + down)))
    columns = slice(max(0, round(x - right)), min(width, round(x + right)))
    return image[rows, columns]


def _scale(file: Path) -> float:
    try:
        return float(file.name.split("_")[0])
    except ValueError:
        raise ModelError(
            f"{file}: its name has to begin with the scale, such as 2.7_80x80_MiniFASNetV2.onnx."
        ) from None


def _session(file: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # 4 ms each: not worth a second core
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=[CPU])
