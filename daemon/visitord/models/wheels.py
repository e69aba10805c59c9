"""Leaves exactly one OpenCV and one ONNX Runtime that work here: python -m visitord.models.wheels.

Both come in several wheels that install into the same folder and overwrite each other, so there may
be only one of each.  insightface asks for opencv-python, which needs the libraries of a desktop
(libGL, X11); on a server without them `import cv2` fails, and opencv-python-headless is the same
without windows.  It also asks for onnxruntime, which knows no GPU and must go where the extra `gpu`
brought onnxruntime-gpu.
"""

import importlib.metadata
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheels:
    """The wheels that bring one module.

    variants: their names; of several that are there, the first is kept.
    fallback: what takes the place of a single one that fails.
    about_fallback: what its user has to know.
    """

    module: str
    variants: tuple[str, ...]
    fallback: str
    about_fallback: str = ""


HEADLESS = "opencv-python-headless"
OPENCV = Wheels(
    "cv2",
    (HEADLESS, "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python"),
    HEADLESS,
    "This OpenCV opens no windows. Where you want them: apt-get install libgl1 libglib2.0-0, then "
    f"pip uninstall {HEADLESS} && pip install opencv-python.",
)
ONNXRUNTIME = Wheels(
    "onnxruntime", ("onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime"), "onnxruntime"
)
# The one that was kept of several may fail by itself, and then the fallback comes.
ATTEMPTS = 2


def settle(wheels: Wheels) -> None:
    """Replace what is there if it does not import or is not alone; ends the program on failure."""
    for _ in range(ATTEMPTS):
        present = _present(wheels)
        reason = failure(wheels.module)
        if len(present) == 1 and not reason:
            return

        name = _to_keep(wheels, present)
        version = present.get(name) or next(iter(present.values()), None)
        wanted = f"{name}=={version}" if version else name
        why = reason or f"{' and '.join(present)} overwrite each other"
        print(f"Installing {wanted}: {why}.")  # noqa: T201
        _replace(present or wheels.variants, wanted)
        if name == wheels.fallback and wheels.about_fallback:
            print(wheels.about_fallback)  # noqa: T201

    if reason := failure(wheels.module):
        raise SystemExit(f"Error: {wheels.module} does not work on this machine: {reason}")


def failure(module: str) -> str:
    """Why a module does not import here, tried in a fresh process; empty when it does."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import {module}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    return done.stderr.strip().splitlines()[-1]


def _present(wheels: Wheels) -> dict[str, str]:
    """The versions of the variants that are installed, by name."""
    installed = importlib.metadata.distributions()
    ours = (wheel for wheel in installed if wheel.name in wheels.variants)
    return {wheel.name: wheel.version for wheel in ours}


def _to_keep(wheels: Wheels, present: dict[str, str]) -> str:
    """The best of several that are there; a single one failed, so its fallback."""
    if len(present) < 2:
        return wheels.fallback
    return next(name for name in wheels.variants if name in present)


def _replace(present: Iterable[str], wanted: str) -> None:
    """Take the present wheels away and put the wanted one in; ends the program on failure."""
    with tempfile.TemporaryDirectory() as folder:
        # Downloaded first: without a network all stays as it was.  Wheels only: of a source
        # distribution pip would run what builds it.
        only = ["--no-deps", "--only-binary=:all:"]
        _pip(wanted, "download", *only, "--dest", folder, wanted)
        (file,) = Path(folder).iterdir()
        _pip(wanted, "uninstall", "--yes", *present)
        _pip(wanted, "install", *only, "--no-index", str(file))


def _pip(wanted: str, *step: str) -> None:
    """Have pip do a step; ends the program on failure."""
    # -P: not the pip that may lie in the folder this is run in.
    command = [sys.executable, "-P", "-m", "pip", "--quiet", *step]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"Error: {wanted} could not be installed; try: {' '.join(command)}")


if __name__ == "__main__":
    settle(OPENCV)
    settle(ONNXRUNTIME)
