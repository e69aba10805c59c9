"""Where model packs are, and whether their files are what they should be."""

import contextlib
import hashlib
import tomllib
from pathlib import Path

DEFAULT = "opencv-zoo"
DETECTOR_FILE = "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER_FILE = "face_recognition_sface_2021dec_int8bq.onnx"
ZOO_FILES = {
    DETECTOR_FILE: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    RECOGNISER_FILE: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
}
"""The default pack's files, with the SHA-256 of what was published."""
ZOO_LICENCE = "YuNet: MIT, SFace: Apache-2.0; commercial use allowed"
INSIGHT_LICENCE = "insightface's pretrained packs: non-commercial research only"
MANIFEST = "pack.toml"  # in a pack that visitord.models.mxnet made of a checkpoint


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
    """
    given = base / Path(pack).expanduser()
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
        for name in ZOO_FILES:
            if problem := _file_problem(folder / name):
                return f"The model file {folder / name} {problem}; {advice}."
        return ""

    if not (folder / MANIFEST).is_file() and not any(folder.glob("*.onnx")):
        return f"The model pack folder {folder} holds no .onnx file."
    return ""


def _file_problem(file: Path) -> str:
    """What is wrong with one of the default pack's files, as a predicate; empty when nothing is."""
    try:
        return damage(file.name, file.read_bytes())
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def damage(name: str, content: bytes) -> str:
    """How a default model's file differs from the published one, as a predicate, or empty."""
    found = hashlib.sha256(content).hexdigest()
    expected = ZOO_FILES[name]
    if found == expected:
        return ""
    return f"is damaged (SHA-256 {found[:12]}…, expected {expected[:12]}…)"


def licence_of(pack: str, folder: Path) -> str:
    """Under which terms the pack's models may be used."""
    with contextlib.suppress(OSError, ValueError, LookupError):
        return str(tomllib.loads((folder / MANIFEST).read_text("utf-8"))["licence"])
    return ZOO_LICENCE if pack == DEFAULT else INSIGHT_LICENCE
