"""An environment in which MXNet itself can run, beside visitord's: it needs an older numpy."""

import shutil
import subprocess
import sys
from pathlib import Path

from visitord.core.errors import ModelError
from visitord.models.install import pip_reason

VERSIONS = ("3.11", "3.10", "3.9", "3.8")  # of Python, that MXNet 1.9.1 runs under
NUMPY = "numpy==1.23.5"  # the last that it and Python 3.11 agree on
ON_CPU = "mxnet==1.9.1"
ON_CUDA = "mxnet-cu101==1.9.1"


def install(folder: Path, *wanted: str) -> None:
    """Make the environment with these packages and the numpy they need, or nothing at all.

    They come as wheels alone: of a source distribution pip would run what builds it.  Raises
    ModelError.
    """
    python = str(folder / "bin" / "python")
    install_wheels = ["-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    # -I: not the pip that may lie in the folder this is run in.
    pip = [python, "-I", *install_wheels, *wanted, NUMPY]

    try:
        venv = [_python(), "-I", "-m", "venv", str(folder)]
        for command in (venv, pip):
            subprocess.run(command, check=True, capture_output=True, text=True)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            reason = str(error)
        elif isinstance(error, subprocess.CalledProcessError):
            reason = pip_reason(error)
        else:
            raise
        raise ModelError(f"MXNet cannot be installed into {folder} ({reason}).") from None


def _python() -> str:
    """An interpreter old enough."""
    if "{}.{}".format(*sys.version_info) in VERSIONS:
        return sys.executable
    for version in VERSIONS:
        if found := shutil.which(f"python{version}"):
            return found
    raise ModelError(
        "MXNet runs under Python 3.8 to 3.11, and none is here: apt-get install python3.11-venv."
    )
