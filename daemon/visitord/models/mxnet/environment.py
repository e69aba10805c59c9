"""visitord models mxnet-env: an environment in which MXNet itself can run, beside visitord's."""

import shutil
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console

from visitord.cli.console import config
from visitord.core.errors import ModelError
from visitord.models.install import pip_reason

VERSIONS = ("3.11", "3.10", "3.9", "3.8")  # of Python, that MXNet 1.9.1 runs under
NUMPY = "numpy==1.23.5"  # the last that it and Python 3.11 agree on


@click.command("mxnet-env")
@click.option(
    "--cuda",
    is_flag=True,
    help="mxnet-cu101, for an NVIDIA card with CUDA 10.1, cuDNN 7 and NCCL 2.",
)
def mxnet_env(cuda: bool) -> None:
    """Install MXNet for import-mxnet --native, in STATE_DIR/mxnet.

    It needs an older numpy than visitord, so it gets an environment of its own.
    """
    folder = config().state / "mxnet"
    if folder.exists():
        raise ModelError(f"{folder} is there already; delete it to make it anew.")
    mxnet = "mxnet-cu101==1.9.1" if cuda else "mxnet==1.9.1"
    with Console(stderr=True).status(f"Installing {mxnet} into {folder}"):
        install(folder, mxnet)
    click.echo(f"{mxnet} is in {folder}; import-mxnet --native uses it.")


def install(folder: Path, *wanted: str) -> None:
    """Make the environment with these packages and the numpy they need; raises ModelError, and
    nothing is left then.
    """
    try:
        subprocess.run(
            [_python(), "-m", "venv", str(folder)], check=True, capture_output=True, text=True
        )
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted, NUMPY]
        subprocess.run(pip, check=True, capture_output=True, text=True)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if not isinstance(error, OSError | subprocess.CalledProcessError):
            raise
        reason = str(error) if isinstance(error, OSError) else pip_reason(error)
        raise ModelError(f"MXNet cannot be installed into {folder} ({reason}).") from None


def _python() -> str:
    """An interpreter old enough."""
    here = "{}.{}".format(*sys.version_info)
    others = filter(None, (shutil.which(f"python{version}") for version in VERSIONS))
    found = sys.executable if here in VERSIONS else next(others, None)
    if found is None:
        raise ModelError(
            "MXNet runs under Python 3.8 to 3.11, and none is here: apt-get install python3.11-venv."
        )
    return found
