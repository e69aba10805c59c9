"""Where model packs are, and whether their files are what they should be."""

import contextlib
import hashlib
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

from visitord.core import reading
from visitord.core.errors import ModelError
from visitord.core.paths import expanded

DEFAULT = "opencv-zoo"
DETECTOR_FILE = "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER_FILE = "face_recognition_sface_2021dec_int8bq.onnx"
ZOO_FILES = {
    DETECTOR_FILE: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    RECOGNISER_FILE: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
}
"""The default pack's files, with the SHA-256 of what was published."""
PREPARED_FILES = {
    DETECTOR_FILE: "face_detection_yunet_2023mar_f32.onnx",
    RECOGNISER_FILE: "face_recognition_sface_2021dec_f32.onnx",
}
"""What is kept beside each, made of it by `zoo_files`: made in another way, under another name."""
_SHA256 = ZOO_FILES | {
    PREPARED_FILES[DETECTOR_FILE]: (
        "e27424dbd7f9a101ed3aac62b23ef4f62ac27898b4d3a962da7c4dcdea81856b"
    ),
    PREPARED_FILES[RECOGNISER_FILE]: (
        "799957c7b2a974d0b5791f5194a3a8530daba7a483c4360ae47f70005708303f"
    ),
}
ZOO_LICENCE = "YuNet: MIT, SFace: Apache-2.0; commercial use allowed"
INSIGHT_PACKS = (
    *("buffalo_l", "buffalo_m", "buffalo_s", "buffalo_sc"),
    *("antelopev2", "raccoon_l", "raccoon_s"),
)
"""insightface's packs that it downloads by name."""
INSIGHT_LICENCE = "insightface's pretrained packs: non-commercial research only"

# Of a pack that visitord.models.mxnet made of a checkpoint: what it is, and the recogniser, for
# onnxruntime or for MXNet itself.
MANIFEST = "pack.toml"
ONNX_FILE = "recogniser.onnx"
SYMBOL_FILE = "model-symbol.json"
PARAMS_FILE = "model.params"
CHECKPOINT_FILES = (MANIFEST, ONNX_FILE, SYMBOL_FILE, PARAMS_FILE)

FILES_MAX = 100  # in a pack's folder; published ones have at most ten


def folder_of(pack: str, root: Path, base: Path) -> Path:
    """Where a pack's files are.

    Parameters
    ----------
    pack
        Its name, or the path of a folder of its own.
    root
        The folder of the packs that are known by name.
    base
        What a path is relative to: the configuration's folder.

    Raises
    ------
    ModelError
        For what can be no name of a folder.
    """
    try:
        given = base / expanded(pack)
    except ValueError as error:
        raise ModelError(f"The model pack {error}.") from None
    if pack != DEFAULT and ("/" in pack or given.is_dir()):
        return given
    return root / pack


def check(pack: str, folder: Path) -> str:
    """What is wrong with the pack's files, as a sentence; empty when nothing is."""
    advice = f"run: visitord models install {pack}"
    if not folder.is_dir():
        if "/" in pack:
            advice = "the folder does not exist"
        return f"The model pack {pack} is not installed in {folder}: {advice}."

    if pack == DEFAULT:
        kept = [name for name in PREPARED_FILES.values() if (folder / name).exists()]
        for name in (*ZOO_FILES, *kept):
            if problem := _file_problem(folder / name):
                return f"The model file {folder / name} {problem}; {advice}."
        return ""

    if not (folder / MANIFEST).is_file() and not any(folder.glob("*.onnx")):
        return f"The model pack folder {folder} holds no .onnx file."
    try:
        files_of(folder)
    except ModelError as error:
        return str(error)
    return ""


def files_of(folder: Path) -> list[str]:
    """All files in a pack's folder, by their paths in it, in order.

    Raises
    ------
    ModelError
        When there are too many, or one is no regular file, or is a link that leads out of it.
    """
    home = folder.resolve()
    inside = list(islice(folder.rglob("*"), FILES_MAX + 1))
    if len(inside) > FILES_MAX:
        raise ModelError(f"{folder} holds more than {FILES_MAX} files: it is no model pack.")

    found = []
    for path in sorted(inside):
        if not path.resolve().is_relative_to(home):
            raise ModelError(
                f"{path} is a link out of the model pack's folder: put the file there."
            )
        if path.is_dir():
            continue
        try:
            reading.require_regular(path)
        except OSError as error:
            raise ModelError(f"{path} cannot be part of a model pack: {error.strerror}.") from None
        found.append(str(path.relative_to(folder)))
    return found


def _file_problem(file: Path) -> str:
    """What is wrong with one of the default pack's files, as a predicate; empty when nothing is."""
    try:
        return damage(file.name, reading.read(file, reading.MODEL_MAX_BYTES))
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def damage(name: str, content: bytes) -> str:
    """How one of the default pack's files, or what is made of it, is not as known; or empty."""
    found = hashlib.sha256(content).hexdigest()
    expected = _SHA256[name]
    if found == expected:
        return ""
    return f"is damaged (SHA-256 {shortened(found)}, expected {shortened(expected)})"


def shortened(digest: str) -> str:
    """As much of a SHA-256 as people compare."""
    return f"{digest[:12]}…"


def licence_of(pack: str, folder: Path) -> str:
    """Under which terms the pack's models may be used."""
    with contextlib.suppress(OSError, ValueError, LookupError):
        return str(manifest(folder)["licence"])
    return ZOO_LICENCE if pack == DEFAULT else INSIGHT_LICENCE


def manifest(folder: Path) -> dict[str, Any]:
    """What the pack.toml in a folder says; raises OSError or ValueError."""
    content = reading.read(folder / MANIFEST, reading.TEXT_MAX_BYTES)
    try:
        return tomllib.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError(f"{MANIFEST} is nested too deeply") from None
