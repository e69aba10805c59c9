"""A pack made of an MXNet checkpoint: its files, and pack.toml, which says what they are."""

import hashlib
import json
from pathlib import Path

from visitord.models import catalog
from visitord.models.catalog import ONNX_FILE, PARAMS_FILE, SYMBOL_FILE
from visitord.models.install import place
from visitord.models.mxnet import checkpoint, convert
from visitord.models.mxnet.checkpoint import Checkpoint

INPUT = "aligned faces 112×112, RGB 0..255; normalised inside the network"
LICENCE = "MXNet checkpoints of insightface: non-commercial research only"


def write_pack(folder: Path, prefix: Path, epoch: int, output: str | None, native: bool) -> None:
    """Put a pack's files into a folder.

    Parameters
    ----------
    folder
        Made where there is none.
    prefix, epoch, output
        Which checkpoint, and which of its nodes: as for `checkpoint.read`.
    native
        Whether MXNet itself is to run it; else it is converted for onnxruntime.

    Raises
    ------
    ModelError
        When the checkpoint cannot be read or converted, or the files cannot be written.
    """
    network = checkpoint.read(prefix, epoch, output)
    about: dict[str, object] = {
        "source": str(prefix),
        "epoch": epoch,
        "fingerprint": _fingerprint(network),
        "output": network.output,
        "input": INPUT,
        "licence": LICENCE,
    }

    if native:
        files = {SYMBOL_FILE: network.symbol, PARAMS_FILE: network.content}
    else:
        converted = convert.to_onnx(network.nodes, network.params)
        files = {ONNX_FILE: bytes(converted.SerializeToString())}

    place({**files, catalog.MANIFEST: _manifest(about, files)}, folder)


def _fingerprint(network: Checkpoint) -> str:
    """That of the embeddings, the same however the network is run."""
    parts = [network.output.encode(), network.symbol, network.content]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    return f"mxnet-{digest[:12]}"


def _manifest(about: dict[str, object], files: dict[str, bytes]) -> bytes:
    """pack.toml: what the pack is, and the SHA-256 of each of its other files."""
    made = "# Made by visitord models import-mxnet."
    lines = [f"{made}  Faces are found by the detector of {catalog.DEFAULT}."]
    for key, value in about.items():
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")

    lines.append("[files]")
    for name, content in files.items():
        lines.append(f'"{name}" = "{hashlib.sha256(content).hexdigest()}"')
    return "\n".join([*lines, ""]).encode()
