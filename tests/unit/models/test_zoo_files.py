"""What is made of the default pack's files is kept beside them, and known as well as they are."""

import shutil
import stat
from pathlib import Path

import pytest

from visitord.core.errors import ModelError
from visitord.models import catalog, yunet_graph, zoo_files
from visitord.models.catalog import DEFAULT, DETECTOR_FILE, PREPARED_FILES, RECOGNISER_FILE
from visitord.models.opencv_zoo import ZooPack


@pytest.fixture
def folder(models_dir: Path, tmp_path: Path) -> Path:
    """The published files alone."""
    for name in catalog.ZOO_FILES:
        shutil.copy(models_dir / DEFAULT / name, tmp_path)
    return tmp_path


def test_a_network_is_prepared_once_and_kept_for_all_to_read(folder: Path) -> None:
    assert catalog.check(DEFAULT, folder) == "", "what is not there yet is no damage"
    first = zoo_files.network(folder, DETECTOR_FILE)
    kept = folder / PREPARED_FILES[DETECTOR_FILE]
    assert kept.read_bytes() == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o644
    assert catalog.damage(kept.name, first) == "", "as it is everywhere"

    (folder / DETECTOR_FILE).unlink()
    assert zoo_files.network(folder, DETECTOR_FILE) == first


def test_installing_prepares_both(folder: Path) -> None:
    zoo_files.prepare(folder)
    for name in PREPARED_FILES.values():
        assert catalog.damage(name, (folder / name).read_bytes()) == ""


@pytest.mark.parametrize("name", [DETECTOR_FILE, RECOGNISER_FILE])
def test_a_prepared_network_that_was_changed_is_refused(folder: Path, name: str) -> None:
    zoo_files.prepare(folder)
    kept = folder / PREPARED_FILES[name]
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    said = f"{kept.name} is damaged (SHA-256 "
    assert said in catalog.check(DEFAULT, folder)
    with pytest.raises(ModelError, match="run: visitord models install opencv-zoo") as caught:
        ZooPack(folder, threads=1)
    assert said in str(caught.value)
    zoo_files.prepare(folder)
    assert catalog.check(DEFAULT, folder) == ""


def test_where_nothing_can_be_kept_a_network_is_prepared_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zoo_files, "replace_file", full)
    first = zoo_files.network(folder, DETECTOR_FILE)
    assert not (folder / PREPARED_FILES[DETECTOR_FILE]).exists()
    assert zoo_files.network(folder, DETECTOR_FILE) == first
    with pytest.raises(ModelError, match=r"cannot be written to: No space left on device\.$"):
        zoo_files.prepare(folder)


def test_what_other_libraries_make_of_a_file_is_used_but_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yunet_graph, "prepared", lambda content: b"another")
    assert zoo_files.network(folder, DETECTOR_FILE) == b"another"
    zoo_files.prepare(folder)
    assert not (folder / PREPARED_FILES[DETECTOR_FILE]).exists()
    assert (folder / PREPARED_FILES[RECOGNISER_FILE]).exists()


def test_a_file_that_is_none_is_named_with_what_to_do(folder: Path) -> None:
    (folder / DETECTOR_FILE).write_bytes(b"no network")
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        zoo_files.network(folder, DETECTOR_FILE)
    assert str(folder / DETECTOR_FILE) in str(caught.value)
    assert str(caught.value).endswith("run: visitord models install opencv-zoo.")
    (folder / DETECTOR_FILE).unlink()
    with pytest.raises(ModelError, match="No such file"):
        zoo_files.network(folder, DETECTOR_FILE)
    (folder / PREPARED_FILES[DETECTOR_FILE]).mkdir()
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        zoo_files.network(folder, DETECTOR_FILE)


def test_who_may_only_read_the_folder_installs_what_is_prepared_already(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoo_files.prepare(folder)

    def denied(*_: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(zoo_files, "replace_file", denied)
    zoo_files.prepare(folder)
    (folder / PREPARED_FILES[DETECTOR_FILE]).unlink()
    with pytest.raises(ModelError, match="cannot be written to: Permission denied"):
        zoo_files.prepare(folder)
