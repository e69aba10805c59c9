"""Packs of MXNet checkpoints: MXNet itself writes and runs one, and onnxruntime does the same.

The weights are random: nothing here says how well anyone is recognised.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from fixtures.checkpoints import Network, params_file
from fixtures.databases import copied
from fixtures.faces import align, people
from fixtures.films import Walk, film
from fixtures.installation import Box
from fixtures.mxnet_workers import READY, stand_in
from fixtures.paths import ROOT
from fixtures.reports import START
from visitord.core import config
from visitord.core.errors import ModelError
from visitord.models import thresholds
from visitord.models.mxnet import environment
from visitord.models.mxnet.native import Native
from visitord.models.opening import open_pack

EPOCH = 3
CROPS = np.random.default_rng(2).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def mxnet_python() -> Path:
    """An interpreter with MXNet, installed once per checkout as users install it."""
    folder = ROOT / ".cache" / "mxnet"
    if not folder.is_dir():
        place = Box(ROOT / ".cache")
        place.folder.mkdir(exist_ok=True)
        (place.folder / "config.toml").write_text('state_dir = "."\n')
        assert "is in" in place.ok("visitord", "models", "mxnet-env", timeout_s=230)
    return folder / "bin" / "python"


def test_an_environment_that_is_there_is_left_alone(mxnet_python: Path, tmp_path: Path) -> None:
    (tmp_path / "state" / "mxnet").mkdir(parents=True)
    Box(tmp_path).run("visitord", "models", "mxnet-env").fails_with("is there already", "delete it")


def test_an_environment_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "VERSIONS", ())
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ModelError, match=r"Python 3\.8 to 3\.11.*apt-get install python3\.11-venv"):
        environment.install(tmp_path / "mxnet", "mxnet==1.9.1")
    monkeypatch.undo()
    with pytest.raises(ModelError, match="No matching distribution"):
        environment.install(tmp_path / "mxnet", "mxnet==0.0.1")
    assert not (tmp_path / "mxnet").exists()


@pytest.fixture(scope="module")
def checkpoint(mxnet_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of what MXNet wrote."""
    prefix = tmp_path_factory.mktemp("trained") / "small"
    subprocess.run(
        [mxnet_python, ROOT / "tests" / "fixtures" / "mxnet_network.py", prefix, str(EPOCH)],
        check=True,
    )
    return prefix


@pytest.fixture
def by_hand(tmp_path: Path) -> Network:
    """A network of one layer, made without MXNet."""
    network = Network()
    weight = network.param("fc1_weight", np.random.default_rng(1).normal(size=(8, 37632)) / 200)
    network.add("FullyConnected", network.data, weight, name="fc1", num_hidden=8, no_bias=True)
    return network


def installation(folder: Path, models_dir: Path, url: str = "embedded") -> Box:
    """A box with a models folder of its own, in which the default pack is."""
    box = Box.at(folder, None, url)
    (folder / "state" / "models").mkdir()
    (folder / "state" / "models" / "opencv-zoo").symlink_to(models_dir / "opencv-zoo")
    return box


@pytest.fixture
def bare(tmp_path: Path, models_dir: Path) -> Box:
    return installation(tmp_path / "bare", models_dir)


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, checkpoint: Path, mxnet_python: Path
) -> Box:
    """A box with the checkpoint in both ways: the packs small and small-native."""
    box = installation(tmp_path_factory.mktemp("both") / "box", models_dir)
    arguments = ("models", "import-mxnet", str(checkpoint), "--epoch", str(EPOCH))
    box.ok("visitord", *arguments)
    (box.folder / "state" / "mxnet").symlink_to(mxnet_python.parents[1])
    box.ok("visitord", *arguments, "--native", "--name", "small-native")
    return box


def configured(box: Box, python: str) -> None:
    """Have the configuration name the interpreter that has MXNet."""
    box.configure(f'[database]\nurl = "embedded"\n[models]\nmxnet_python = "{python}"\n')


def models(box: Box) -> list[str]:
    return sorted(p.name for p in (box.folder / "state" / "models").iterdir())


# Both ways


def test_onnxruntime_and_mxnet_give_the_same_embeddings_of_real_faces(both: Box) -> None:
    settings = config.load(both.folder / "config.toml")
    converted, native_ = (open_pack(settings, name) for name in ("small", "small-native"))
    assert converted.fingerprint == native_.fingerprint, (
        "who was enrolled in one way is known in the other"
    )
    assert (converted.dim, native_.dim) == (64, 64)
    assert converted.separation == native_.separation == thresholds.UNMEASURED
    crops = []
    for portrait in people().values():
        (face,) = converted.detect(portrait.image, still=True)
        assert face.box.tolist() == native_.detect(portrait.image, still=True)[0].box.tolist()
        crops.append(align(portrait.image, face))
    one, other = converted.embed(crops), native_.embed(crops)
    assert np.linalg.norm(one, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(one - other).max() < 1e-3
    assert (one * other).sum(axis=1).min() > 1 - 1e-3
    assert np.abs(one @ one.T - np.eye(len(one))).max() < 0.999, (
        "different faces do not look the same to it"
    )
    for pack in (converted, native_):
        assert pack.embed([]).shape == (0, 64)


def test_both_packs_are_listed_and_verified_with_their_licence(both: Box) -> None:
    listed = both.ok("visitord", "models", "list")
    rows = {row.split()[0]: row for row in listed.splitlines()}
    assert list(rows)[:4] == ["pack", "opencv-zoo", "small", "small-native"]
    assert all("research only" in rows[name] for name in ("small", "small-native"))
    for name in ("small", "small-native"):
        assert "every file is as it should be" in both.ok("visitord", "models", "verify", name)
    about = tomllib.loads((both.folder / "state" / "models" / "small" / "pack.toml").read_text())
    assert set(about) == {"source", "epoch", "fingerprint", "output", "input", "licence", "files"}
    assert (about["epoch"], about["output"]) == (EPOCH, "fc1")
    assert "RGB" in about["input"]


def test_footage_replayed_either_way_gives_the_same_sightings(
    both: Box, models_dir: Path, server_url: str, tmp_path: Path
) -> None:
    walks = [Walk("astronaut", 0.5, 3), Walk("hanks", 2, 4.5, 1.0), Walk("astronaut", 4.5, 7)]
    clip = film(tmp_path / "clip.mp4", walks, 7.5)
    found = []
    python = both.folder / "state" / "mxnet" / "bin" / "python"
    for name in ("small", "small-native"):
        with copied(server_url) as url:
            box = Box.at(tmp_path / name, both.folder / "state" / "models", url)
            box.configure(
                (box.folder / "config.toml")
                .read_text()
                .replace("[models]", f'[models]\npack = "{name}"\nmxnet_python = "{python}"')
            )
            box.ok(
                "visitord", "replay", str(clip), "--camera", "door", "--start", START.isoformat()
            )
            columns = "started_at, ended_at, decision, score, second_score, quality"
            found.append(box.rows(f"select {columns} from visitord.sighting_log order by 1, 2"))
    assert len(found[0]) >= 3
    assert [row["decision"] for row in found[0] if row["decision"] != "enrolled"], (
        "some were compared with somebody"
    )
    for one, other in zip(*found, strict=True):
        for key in ("score", "second_score", "quality"):
            assert one.pop(key) == pytest.approx(other.pop(key), abs=1e-3)
        assert one == other


def test_the_network_gets_red_green_and_blue_from_0_to_255(bare: Box, tmp_path: Path) -> None:
    network = Network()
    pooled = network.add("Pooling", network.data, global_pool=True, pool_type="avg")
    network.add("Flatten", network.add("_plus_scalar", pooled, scalar=1))
    bare.ok(
        "visitord", "models", "import-mxnet", str(network.save(tmp_path / "mean")), "--epoch", "0"
    )
    pack = open_pack(config.load(bare.folder / "config.toml"), "mean")
    crop = np.empty((112, 112, 3), np.uint8)
    crop[:] = (29, 59, 119)  # blue, green, red
    assert pack.embed([crop])[0] == pytest.approx(
        np.array([120, 60, 30]) / np.linalg.norm([120, 60, 30]), abs=1e-5
    )


# Importing


def test_a_pack_is_named_after_its_checkpoint_or_the_folder_of_one_called_model(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    (tmp_path / "arcface_r100_v1").mkdir()
    prefix = by_hand.save(tmp_path / "arcface_r100_v1" / "model")
    out = bare.ok("visitord", "models", "import-mxnet", str(prefix), "--epoch", "0")
    assert 'models.pack = "arcface_r100_v1"' in out
    assert "8 numbers a face" in out
    bare.ok(
        "visitord", "models", "import-mxnet", str(by_hand.save(tmp_path / "other")), "--epoch", "0"
    )
    assert models(bare) == ["arcface_r100_v1", "opencv-zoo", "other"]


def test_the_node_that_gives_the_embedding_can_be_named_and_is_part_of_the_fingerprint(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    by_hand.add("L2Normalization", len(by_hand.nodes) - 1, name="unit")
    prefix = str(by_hand.save(tmp_path / "x"))
    for name, more in (("default", ()), ("named", ("--output", "unit"))):
        bare.ok("visitord", "models", "import-mxnet", prefix, "--epoch", "0", "--name", name, *more)
    texts = [
        (bare.folder / "state" / "models" / n / "pack.toml").read_text()
        for n in ("default", "named")
    ]
    one, other = map(tomllib.loads, texts)
    assert (one["output"], other["output"]) == ("fc1", "unit")
    assert one["fingerprint"] != other["fingerprint"]


@pytest.mark.parametrize("name", ["opencv-zoo", "a/b", ".hidden", "taken", "n" * 300, ""])
def test_a_name_that_cannot_be_one_or_is_taken_is_refused(
    bare: Box, by_hand: Network, tmp_path: Path, name: str
) -> None:
    prefix = by_hand.save(tmp_path / "taken")
    arguments = ("visitord", "models", "import-mxnet", str(prefix), "--epoch", "0", "--name", name)
    bare.ok(*arguments[:6])
    bare.run(*arguments).fails_with("cannot be called", "--name")
    assert models(bare) == ["opencv-zoo", "taken"]


def test_a_name_that_means_a_folder_beside_the_configuration_is_refused(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    """models.pack would then mean that folder, not the pack."""
    (bare.folder / "old").mkdir()
    prefix = by_hand.save(bare.folder / "old" / "model")
    bare.run("visitord", "models", "import-mxnet", str(prefix), "--epoch", "0").fails_with(
        "cannot be called old"
    )


def test_what_is_wrong_with_a_checkpoint_is_one_sentence_and_leaves_nothing_behind(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    prefix = by_hand.save(tmp_path / "x")
    symbol, params = Path(f"{prefix}-symbol.json"), Path(f"{prefix}-0000.params")

    def fails_with(*parts: str, epoch: int = 0) -> None:
        done = bare.run("visitord", "models", "import-mxnet", str(prefix), "--epoch", str(epoch))
        done.fails_with(*parts)
        assert models(bare) == ["opencv-zoo"]

    fails_with("x-0007.params", "epochs there: x-0000.params", epoch=7)
    params.write_bytes(params.read_bytes()[:5000])
    fails_with("x-0000.params is cut off")
    params.write_bytes(params_file({"arg:fc1_weight": np.ones((8, 99), np.float32)}))
    fails_with("The model pack x in", "cannot be used", "fc1")
    params.write_bytes(params_file({}))
    fails_with("has no values for fc1_weight, which the node fc1 needs")
    by_hand.add("Correlation", 2, name="strange")
    by_hand.nodes[2]["name"] = "inner"
    by_hand.save(prefix)
    fails_with("operator Correlation of the node strange", "--native")
    symbol.unlink()
    fails_with("There is no", "x-symbol.json")


def test_an_import_that_was_killed_is_no_obstacle(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    left = bare.folder / "state" / "models" / ".x.part"
    left.mkdir()
    (left / "recogniser.onnx").write_bytes(b"half")
    bare.ok("visitord", "models", "import-mxnet", str(by_hand.save(tmp_path / "x")), "--epoch", "0")
    assert models(bare) == ["opencv-zoo", "x"]


def test_without_the_default_packs_detector_one_sentence_says_how_to_get_it(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    (bare.folder / "state" / "models" / "opencv-zoo").unlink()
    done = bare.run(
        "visitord", "models", "import-mxnet", str(by_hand.save(tmp_path / "x")), "--epoch", "0"
    )
    done.fails_with("opencv-zoo is not installed", "visitord models install opencv-zoo")
    assert models(bare) == []


def test_a_pack_that_was_damaged_is_found(bare: Box, by_hand: Network, tmp_path: Path) -> None:
    bare.ok("visitord", "models", "import-mxnet", str(by_hand.save(tmp_path / "x")), "--epoch", "0")
    folder = bare.folder / "state" / "models" / "x"
    (folder / "recogniser.onnx").write_bytes(b"cut")
    bare.run("visitord", "models", "verify", "x").fails_with("recogniser.onnx is damaged")
    bare.run("visitord", "models", "verify", str(folder.rename(tmp_path / "y"))).fails_with(
        "recogniser.onnx is damaged, import it again"
    )
    (tmp_path / "y").rename(folder)
    (bare.folder / "state" / "packs.json").unlink()
    (folder / "recogniser.onnx").unlink()
    bare.run("visitord", "models", "verify", "x").fails_with("recogniser.onnx")
    for text in ("no TOML", "licence = 3", 'files = 7\nfingerprint = "x"'):
        (folder / "pack.toml").write_text(text)
        bare.run("visitord", "models", "verify", "x").fails_with(
            "The model pack x in", "cannot be used"
        )
        assert "x " in bare.ok("visitord", "models", "list")


def test_a_pack_is_carried_to_another_box_as_a_folder(
    bare: Box, by_hand: Network, tmp_path: Path, models_dir: Path
) -> None:
    bare.ok("visitord", "models", "import-mxnet", str(by_hand.save(tmp_path / "x")), "--epoch", "0")
    other = installation(tmp_path / "other", models_dir)
    folder = bare.folder / "state" / "models" / "x"
    assert "research only" in other.ok("visitord", "models", "install", "x", "--from", str(folder))
    other.ok("visitord", "models", "verify", "x")
    other.ok("visitord", "models", "verify", str(folder))


def test_a_checkpoint_that_never_ends_or_is_a_pipe_is_one_sentence(
    bare: Box, tmp_path: Path
) -> None:
    Path(tmp_path / "x-symbol.json").symlink_to("/dev/zero")
    arguments = ("visitord", "models", "import-mxnet", str(tmp_path / "x"), "--epoch", "0")
    bare.run(*arguments).fails_with("x-symbol.json cannot be read: it is a device, not a file")
    (tmp_path / "x-symbol.json").unlink()
    os.mkfifo(tmp_path / "x-symbol.json")
    bare.run(*arguments).fails_with("x-symbol.json cannot be read: it is a pipe, not a file")


# The process that runs MXNet


def test_an_interpreter_without_mxnet_and_one_that_is_not_there_say_so(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    arguments = ("models", "import-mxnet", str(by_hand.save(tmp_path / "x")), "--epoch", "0")
    configured(bare, sys.executable)
    done = bare.run("visitord", *arguments, "--native")
    done.fails_with(
        "No module named 'mxnet'", "it needs mxnet 1.9.1 with numpy 1.23.5", "docs/mxnet.md"
    )
    configured(bare, "state/mxnet/bin/python")
    done = bare.run("visitord", *arguments, "--native")
    done.fails_with(
        "state/mxnet/bin/python does not start (No such file or directory)", "docs/mxnet.md"
    )
    assert models(bare) == ["opencv-zoo"]


def test_embeddings_of_another_length_are_refused(
    bare: Box, by_hand: Network, tmp_path: Path
) -> None:
    answers = 'n = 2\nwhile True:\n  read(struct.unpack("<cI", read(5))[1])\n'
    answers += '  out.write(struct.pack("<cI", b"E", 4 * n) + bytes(4 * n)); out.flush(); n += 1'
    python = stand_in(tmp_path, READY + answers)
    arguments = ("models", "import-mxnet", str(by_hand.save(tmp_path / "x")), "--epoch", "0")
    configured(bare, python)
    bare.ok("visitord", *arguments, "--native")
    pack = open_pack(config.load(bare.folder / "config.toml"), "x")
    with pytest.raises(ModelError, match="pack x answers with what are no embeddings"):
        pack.embed([CROPS[0]])


@pytest.fixture
def arguments(checkpoint: Path) -> list[str]:
    return [f"{checkpoint}-symbol.json", f"{checkpoint}-{EPOCH:04d}.params", "fc1", "auto"]


def test_the_real_worker_survives_signals_meant_for_the_daemon_and_its_own_death(
    mxnet_python: Path, arguments: list[str]
) -> None:
    worker = Native(str(mxnet_python), arguments, threads=1)
    first = worker.embed(CROPS)
    for number in (signal.SIGINT, signal.SIGTERM):
        worker._process.send_signal(number)
    process = worker._process
    assert worker.embed(CROPS).tolist() == first.tolist()
    assert worker._process is process
    process.kill()
    assert worker.embed(CROPS).tolist() == first.tolist()
    assert worker._process is not process
    worker.close()


PARENT = """
import sys, time
from visitord.models.mxnet.native import Native
worker = Native(sys.argv[1], sys.argv[2:])
print(worker._process.pid, flush=True)
time.sleep(100)
"""


def test_the_real_worker_ends_with_a_process_that_is_killed(
    mxnet_python: Path, arguments: list[str]
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, mxnet_python, *arguments], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
    until_s = time.monotonic() + 30
    while (
        Path(f"/proc/{worker}").exists()
        and "Z" not in Path(f"/proc/{worker}/stat").read_text().split()[2]
    ):
        assert time.monotonic() < until_s
        time.sleep(0.05)


def test_a_graphics_card_that_mxnet_was_not_built_for_is_one_sentence(
    mxnet_python: Path, arguments: list[str]
) -> None:
    with pytest.raises(ModelError, match=r"failed: .*USE_CUDA=1.*; it needs"):
        Native(str(mxnet_python), [*arguments[:3], "cuda:0"])


def test_parameters_that_do_not_fit_are_told_by_mxnet_too(
    mxnet_python: Path, by_hand: Network, tmp_path: Path
) -> None:
    by_hand.params["arg:fc1_weight"] = np.ones((8, 99), np.float32)
    prefix = by_hand.save(tmp_path / "x")
    with pytest.raises(ModelError, match=r"failed: .*shape"):
        Native(str(mxnet_python), [f"{prefix}-symbol.json", f"{prefix}-0000.params", "fc1", "cpu"])
