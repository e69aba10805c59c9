"""visitord models import-mxnet: a pack of an old MXNet checkpoint."""

import hashlib
import json
import shutil
from pathlib import Path

import click

from visitord.cli.configuration import config
from visitord.cli.options import PATH
from visitord.core.errors import ModelError
from visitord.core.values import valid_name
from visitord.models import catalog
from visitord.models.install import place
from visitord.models.opening import open_pack

INPUT = "aligned faces 112×112, RGB 0..255; normalised inside the network"
LICENCE = "MXNet checkpoints of insightface: non-commercial research only"


@click.command("import-mxnet")
@click.argument("prefix", type=PATH)
@click.option(
    "--epoch", type=click.IntRange(0), required=True, help="Which of the PREFIX-0000.params."
)
@click.option(
    "--name", metavar="PACK", help="[default: PREFIX without folders; for model, its folder's name]"
)
@click.option(
    "--output",
    metavar="NODE",
    help="What gives the embedding [default: fc1, else the network's end].",
)
@click.option("--native", is_flag=True, help="Have MXNet itself run it, in a process of its own.")
@click.option(
    "--python",
    type=PATH,
    help="Which has MXNet, for --native [default: STATE_DIR/mxnet/bin/python].",
)
def import_mxnet(
    prefix: Path,
    epoch: int,
    name: str | None,
    output: str | None,
    native: bool,
    python: Path | None,
) -> None:
    """Make a pack of an old MXNet checkpoint, PREFIX-symbol.json and PREFIX-0000.params.

    It becomes the recogniser; faces are found by the default pack's detector.
    """
    settings, prefix = config(), prefix.absolute()
    name = name or (prefix.parent.name if prefix.name == "model" else prefix.name)
    folder, aside = settings.models_dir / name, settings.models_dir / f".{name}.part"
    own = valid_name(name) and not name.startswith(".") and name != catalog.DEFAULT
    if (
        not own
        or catalog.folder_of(name, settings.models_dir, settings.folder) != folder
        or folder.exists()
    ):
        raise ModelError(
            f"The pack cannot be called {name}: that is no name, or one in use; give it another --name."
        )
    python = python or (settings.state / "mxnet" / "bin" / "python" if native else None)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _write(aside, prefix, epoch, output, python)
        made = open_pack(settings, name, aside)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    click.echo(
        f'{name} is in {folder} ({made.dim} numbers a face; {LICENCE}).  To use it: models.pack = "{name}".'
    )


def _write(folder: Path, prefix: Path, epoch: int, output: str | None, python: Path | None) -> None:
    """Put the pack's files into the folder: for MXNet under the interpreter `python`, else for
    onnxruntime.
    """
    from visitord.models.mxnet import checkpoint, convert, pack

    network = checkpoint.read(prefix, epoch, output)
    output = list(network.nodes.values())[-1].name
    digest = hashlib.sha256(
        b"\0".join([output.encode(), network.symbol, network.content])
    ).hexdigest()
    about: dict[str, object] = {
        "source": str(prefix),
        "epoch": epoch,
        "fingerprint": f"mxnet-{digest[:12]}",
    }
    about |= {"output": output, "input": INPUT, "licence": LICENCE}
    if python:
        about["python"] = str(python.absolute())
        files = {pack.SYMBOL_FILE: network.symbol, pack.PARAMS_FILE: network.content}
    else:
        files = {pack.ONNX_FILE: convert.to_onnx(network.nodes, network.params).SerializeToString()}
    lines = [
        f"# Made by visitord models import-mxnet.  Faces are found by the detector of {catalog.DEFAULT}."
    ]
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
    lines += [
        "[files]",
        *(f'"{file}" = "{hashlib.sha256(content).hexdigest()}"' for file, content in files.items()),
    ]
    place({**files, catalog.MANIFEST: "\n".join([*lines, ""]).encode()}, folder)
