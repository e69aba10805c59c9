"""visitord models mxnet-env: MXNet itself, for packs of old checkpoints that it has to run."""

import click
from rich.console import Console

from visitord.cli.configuration import config
from visitord.core.errors import ModelError
from visitord.models.mxnet import environment


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

    mxnet = environment.ON_CUDA if cuda else environment.ON_CPU
    with Console(stderr=True).status(f"Installing {mxnet} into {folder}"):
        environment.install(folder, mxnet)
    click.echo(f"{mxnet} is in {folder}; import-mxnet --native uses it.")
