"""visitord models import-mxnet: a pack of an MXNet checkpoint."""

import hashlib
import json
import shutil
from pathlib import Path

import click

from visitord import box
from visitord.cli.common import PATH, config
from visitord.errors import ModelError
from visitord.vision import model_store

INPUT = "aligned faces 112×112, RGB 0..255; normalised inside the network"
LICENCE = "MXNet checkpoints of insightface: non-commercial research only"


@click.command("import-mxnet")
@click.argument("prefix", type=PATH)
@click.option("--epoch", type=click.IntRange(0), required=True, help="Which of the PREFIX-0000.params.")
@click.option("--name", metavar="PACK", help="[default: PREFIX without folders; for model, its folder's name]")
@click.option("--output", metavar="NODE", help="What gives the embedding [default: fc1, else the network's end].")
@click.option("--native", is_flag=True, help="Have MXNet itself run it, in a process of its own.")
@click.option("--python", type=PATH, help="Which has MXNet, for --native [default: STATE_DIR/mxnet/bin/python].")
def import_mxnet(
    prefix: Path, epoch: int, name: str | None, output: str | None, native: bool, python: Path | None
) -> None:
    """Make a pack of an old MXNet checkpoint, PREFIX-symbol.json and PREFIX-0000.params.

    It becomes the recogniser; faces are found by the default pack's detector.
    """
    from visitord_mxnet import checkpoint, convert, pack

    settings, prefix = config(), prefix.absolute()
    name = name or (prefix.parent.name if prefix.name == "model" else prefix.name)
    folder, aside = settings.models_dir / name, settings.models_dir / f".{name}.part"
    if "/" in name or name.startswith(".") or name == model_store.DEFAULT or folder.exists():
        raise ModelError(f"{folder} is there already, or is no place for a pack; choose another --name.")
    network = checkpoint.read(prefix, epoch, output)
    fingerprint = f"mxnet-{hashlib.sha256(network.symbol + network.content).hexdigest()[:12]}"
    about: dict[str, object] = {"source": str(prefix), "epoch": epoch, "fingerprint": fingerprint}
    about |= {"output": list(network.nodes.values())[-1].name, "input": INPUT, "licence": LICENCE}
    if native or python:
        about["python"] = str((python or settings.state / "mxnet" / "bin" / "python").absolute())
        files = {pack.SYMBOL_FILE: network.symbol, pack.PARAMS_FILE: network.content}
    else:
        files = {pack.ONNX_FILE: convert.to_onnx(network.nodes, network.params).SerializeToString()}
    shutil.rmtree(aside, ignore_errors=True)
    try:
        model_store.place({**files, model_store.MANIFEST: _manifest(about, files)}, aside)
        made = box.open_pack(settings, name, aside)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    click.echo(f'{name} is in {folder} ({made.dim} numbers a face; {LICENCE}).  To use it: models.pack = "{name}".')


def _manifest(about: dict[str, object], files: dict[str, bytes]) -> bytes:
    lines = [f"# Made by visitord models import-mxnet.  Faces are found by the detector of {model_store.DEFAULT}."]
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
    lines += ["[files]", *(f'"{file}" = "{hashlib.sha256(content).hexdigest()}"' for file, content in files.items())]
    return "\n".join([*lines, ""]).encode()
