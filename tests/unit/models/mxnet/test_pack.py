"""A pack of a checkpoint is data: what runs it, the configuration says alone."""

import hashlib
import json
from pathlib import Path

import onnx
import pytest
from onnx.external_data_helper import set_external_data

from fixtures.checkpoints import Network
from fixtures.configs import loaded
from fixtures.mxnet_workers import stand_in
from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.models import catalog
from visitord.models.mxnet.pack import Manifest
from visitord.models.mxnet.writing import write_pack
from visitord.models.opening import open_pack

EMBEDDING = """
out, read = sys.stdout.buffer, sys.stdin.buffer.read
open(os.path.join(os.path.dirname(sys.argv[0]), "ran"), "w")
out.write(b"R" + bytes(4))
out.flush()
while True:
    read(struct.unpack("<cI", read(5))[1])
    out.write(struct.pack("<cIff", b"E", 8, 1, 2))
    out.flush()
"""


@pytest.fixture
def config(tmp_path: Path, models_dir: Path) -> Config:
    (tmp_path / "box/state").mkdir(parents=True)
    (tmp_path / "box/state/models").mkdir()
    (tmp_path / "box/state/models/opencv-zoo").symlink_to(models_dir / "opencv-zoo")
    return loaded(tmp_path / "box", "")


@pytest.fixture
def folder(config: Config, tmp_path: Path) -> Path:
    """A pack that MXNet itself is to run."""
    network = Network()
    network.add("FullyConnected", network.data, name="fc1", num_hidden=2, no_bias=True)
    prefix = network.save(tmp_path / "x")
    write_pack(config.models_dir / "x", prefix, 0, None, native=True)
    return config.models_dir / "x"


def test_the_interpreter_is_the_configurations(
    config: Config, folder: Path, tmp_path: Path
) -> None:
    python = stand_in(tmp_path, EMBEDDING)
    named = loaded(config.folder, f'[models]\nmxnet_python = "{python}"\n')
    assert open_pack(named, "x").dim == 2
    assert (tmp_path / "ran").exists()
    with pytest.raises(ModelError, match=r"state/mxnet/bin/python does not start"):
        open_pack(config, "x")


def test_a_pack_that_names_a_program_is_refused_and_the_program_never_run(
    config: Config, folder: Path, tmp_path: Path
) -> None:
    manifest = folder / catalog.MANIFEST
    python = stand_in(tmp_path, EMBEDDING)
    text = manifest.read_text()
    manifest.write_text(f"python = {json.dumps(python)}\n{text}")
    with pytest.raises(ModelError) as caught:
        open_pack(config, "x")
    assert str(caught.value) == (
        f"The model pack x in {folder} cannot be used: its pack.toml names a program, and a pack "
        "may only hold data: set models.mxnet_python in config.toml to it, and import the "
        "checkpoint again."
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('worker = "x"', "has an unknown key, worker"),
        ('files = { "../../secret" = "00" }', "names other files than such packs have"),
        ('files = { "recogniser.onnx" = "00", "model.params" = "00" }', "names other files"),
    ],
)
def test_a_manifest_says_nothing_but_what_packs_say(tmp_path: Path, line: str, words: str) -> None:
    keys = 'source = ""\nepoch = 0\nfingerprint = ""\noutput = "fc1"\ninput = ""\nlicence = ""\n'
    (tmp_path / catalog.MANIFEST).write_text(f"{keys}{line}\n")
    with pytest.raises(ValueError, match=words):
        Manifest.read(tmp_path)


def test_a_converted_recogniser_cannot_take_weights_from_another_file(
    config: Config, tmp_path: Path
) -> None:
    folder = config.models_dir / "x"
    network = Network()
    network.add(
        "FullyConnected",
        network.data,
        network.param("w", [[0.0] * 37632] * 2),
        name="fc1",
        num_hidden=2,
        no_bias=True,
    )
    write_pack(folder, network.save(tmp_path / "x"), 0, None, native=False)
    assert open_pack(config, "x").dim == 2
    _move_weights_out(folder, tmp_path / "secret")
    with pytest.raises(ModelError, match=r"The model pack x in .* cannot be used"):
        open_pack(config, "x")


def _move_weights_out(folder: Path, place: Path) -> None:
    """Have the recogniser's weights in a file elsewhere, as ONNX allows."""
    file = folder / catalog.ONNX_FILE
    model = onnx.load(str(file))
    (weight,) = (one for one in model.graph.initializer if len(one.raw_data) > 1000)
    place.write_bytes(weight.raw_data)
    set_external_data(weight, location=f"../../../../{place.name}")
    weight.ClearField("raw_data")
    content = model.SerializeToString()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(content)
    manifest = folder / catalog.MANIFEST
    now = hashlib.sha256(content).hexdigest()
    manifest.write_text(manifest.read_text().replace(digest, now))
