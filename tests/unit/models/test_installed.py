"""What a pack's files should be is known from a list outside of all packs."""

import stat
from pathlib import Path

import pytest

from fixtures.configs import loaded
from fixtures.standins import pack_folder
from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.models import catalog, installed
from visitord.models.opening import open_pack


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "box/state").mkdir(parents=True)
    return loaded(tmp_path / "box", '[models]\npack = "own"\n')


@pytest.fixture
def folder(config: Config) -> Path:
    """A pack that was installed."""
    made = pack_folder(config.models_dir / "own", dim=64)
    installed.note(config, made)
    return made


def test_an_installed_pack_opens_and_its_list_is_its_owners_alone(
    config: Config, folder: Path
) -> None:
    assert open_pack(config).dim == 64
    assert installed.is_noted(config, "own", folder)
    assert stat.S_IMODE(config.packs_file.stat().st_mode) == 0o600
    assert folder not in config.packs_file.parents, "whoever can write to the pack cannot change it"


def test_a_file_that_was_changed_after_it_was_installed_is_refused(
    config: Config, folder: Path
) -> None:
    pack_folder(config.folder / "other", dim=64, seed=7)
    (config.folder / "other/rec.onnx").replace(folder / "rec.onnx")
    said = installed.check(config, "own", folder)
    assert "rec.onnx is damaged, or was changed after it was installed (SHA-256 " in said
    assert said.endswith("; if you changed it yourself, run: visitord models install own.")
    with pytest.raises(ModelError, match="was changed after it was installed"):
        open_pack(config)
    installed.note(config, folder)
    assert open_pack(config).dim == 64


def test_a_file_that_came_or_went_after_it_was_installed_is_refused(
    config: Config, folder: Path
) -> None:
    (folder / "pack.toml").write_text("")
    assert "pack.toml came to the pack own after" in installed.check(config, "own", folder)
    (folder / "pack.toml").unlink()
    (folder / "det.onnx").unlink()
    assert "det.onnx is gone since the pack own" in installed.check(config, "own", folder)
    with pytest.raises(ModelError, match=r"det\.onnx is gone since"):
        open_pack(config)


def test_a_pack_elsewhere_is_known_by_its_path_and_others_by_their_name(
    config: Config, folder: Path
) -> None:
    elsewhere = pack_folder(config.folder / "own", dim=64, seed=2)
    assert not installed.is_noted(config, "./own", elsewhere)
    assert installed.check(config, "./own", elsewhere) == "", "nobody knows what it should be"
    installed.note(config, elsewhere)
    assert installed.check(config, "./own", elsewhere) == ""
    assert installed.check(config, "own", folder) == ""
    assert installed.is_noted(config, catalog.DEFAULT, config.models_dir / catalog.DEFAULT)


def test_a_list_that_cannot_be_read_is_told_and_no_pack_opened(
    config: Config, folder: Path
) -> None:
    config.packs_file.write_text("no list")
    with pytest.raises(ModelError, match=r"packs\.json is damaged; delete it, and install"):
        open_pack(config)
    config.packs_file.unlink()
    config.packs_file.symlink_to("/dev/zero")
    with pytest.raises(ModelError, match=r"packs\.json cannot be read: it is a device, not a file"):
        open_pack(config)
