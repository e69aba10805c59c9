"""What a network was compiled into is kept for the next start, and never trusted when damaged."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from visitord.core.config import Config
from visitord.models import compiled, openvino_networks, zoo_files
from visitord.models.catalog import DEFAULT, RECOGNISER_FILE
from visitord.models.opening import open_pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "compiled"


@pytest.fixture(scope="module")
def sface(models_dir: Path) -> bytes:
    return zoo_files.network(models_dir / DEFAULT, RECOGNISER_FILE)


def test_a_network_is_compiled_once_and_gives_the_same_from_what_is_kept(
    sface: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = np.random.default_rng(1).uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)
    first = openvino_networks.open_network(sface, 1, folder)(planes)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def refuse(*_: object) -> None:
        raise AssertionError("it is compiled again")

    with monkeypatch.context() as patched:
        patched.setattr(type(openvino_networks._core()), "compile_model", refuse)
        again = openvino_networks.open_network(sface, 1, folder)
    assert (again(planes) == first).all()
    assert again.input_shape == [1, 3, 112, 112]

    # Sound by its name, but of no use to OpenVINO.
    file.unlink()
    of = file.name.split("-")[0]
    compiled.keep(folder, of, b"made by another")
    assert (openvino_networks.open_network(sface, 1, folder)(planes) == first).all()


def test_what_is_damaged_or_no_file_counts_as_none(folder: Path) -> None:
    assert compiled.kept(folder, "a") is None
    compiled.keep(folder, "a", b"content")
    assert compiled.kept(folder, "a") == b"content"
    assert compiled.kept(folder, "b") is None
    (file,) = folder.iterdir()
    file.write_bytes(b"conten_")
    assert compiled.kept(folder, "a") is None
    file.unlink()
    file.symlink_to("/dev/zero")
    assert compiled.kept(folder, "a") is None


def test_the_oldest_gives_way(folder: Path) -> None:
    for number in range(compiled.KEPT_MAX + 2):
        compiled.keep(folder, str(number), b"content")
        (file,) = folder.glob(f"{number}-*")
        os.utime(file, (number, number))
    kept = [compiled.kept(folder, str(number)) for number in range(compiled.KEPT_MAX + 2)]
    assert kept == [None] * 2 + [b"content"] * compiled.KEPT_MAX


def test_nothing_is_kept_for_another_account_or_where_there_is_no_room(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: folder.parent.stat().st_uid + 1)
        compiled.keep(folder, "a", b"content")
    assert not folder.exists()
    folder.write_text("a file where the folder should be")
    compiled.keep(folder, "a", b"content")
    assert compiled.kept(folder, "a") is None


def test_the_default_pack_is_kept_in_the_state_folder(models_dir: Path, tmp_path: Path) -> None:
    config = Config(state_dir=tmp_path)
    open_pack(config, DEFAULT, models_dir / DEFAULT)
    assert [file.suffix for file in config.compiled_dir.iterdir()] == [compiled.SUFFIX]
