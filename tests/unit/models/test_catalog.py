"""Where a pack's files are, and what is wrong with them."""

import os
from pathlib import Path

import pytest

from visitord.models import catalog


@pytest.mark.parametrize(
    ("pack", "folder"),
    [
        (catalog.DEFAULT, "models/opencv-zoo"),
        ("buffalo_l", "models/buffalo_l"),
        ("own", "base/own"),
        ("packs/own", "base/packs/own"),
        ("/srv/own", "/srv/own"),
    ],
)
def test_a_pack_is_known_by_name_or_is_a_folder(tmp_path: Path, pack: str, folder: str) -> None:
    (tmp_path / "base" / "own").mkdir(parents=True)
    (tmp_path / "base" / catalog.DEFAULT).mkdir()
    found = catalog.folder_of(pack, tmp_path / "models", tmp_path / "base")
    assert found == tmp_path / folder


def test_a_pack_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert catalog.check("buffalo_l", absent).endswith("run: visitord models install buffalo_l.")
    assert catalog.check("packs/own", absent).endswith(": the folder does not exist.")


def test_any_network_will_do_but_in_the_default_pack(tmp_path: Path) -> None:
    assert "holds no .onnx file" in catalog.check("own", tmp_path)
    (tmp_path / "some.onnx").write_bytes(b"")
    assert catalog.check("own", tmp_path) == ""
    assert "cannot be read (No such file" in catalog.check(catalog.DEFAULT, tmp_path)
    for name in catalog.ZOO_FILES:
        (tmp_path / name).write_bytes(b"")
    assert "is damaged (SHA-256 e3b0c44298fc…" in catalog.check(catalog.DEFAULT, tmp_path)


def test_a_licence_is_the_manifest_s_or_by_the_kind_of_pack(tmp_path: Path) -> None:
    assert catalog.licence_of(catalog.DEFAULT, tmp_path) == catalog.ZOO_LICENCE
    assert catalog.licence_of("own", tmp_path) == catalog.INSIGHT_LICENCE
    (tmp_path / catalog.MANIFEST).write_text('licence = "ours"')
    assert catalog.licence_of("own", tmp_path) == "ours"
    for text in ("no TOML", "licence = " + "[" * 100_000):
        (tmp_path / catalog.MANIFEST).write_text(text)
        assert catalog.licence_of("own", tmp_path) == catalog.INSIGHT_LICENCE


def test_a_pack_holds_regular_files_of_its_own_alone(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    (folder / "inside").mkdir(parents=True)
    (folder / "some.onnx").write_bytes(b"")
    (folder / "inside/link.onnx").symlink_to("../some.onnx")
    assert catalog.check("own", folder) == ""
    assert catalog.files_of(folder) == ["inside/link.onnx", "some.onnx"]

    (tmp_path / "secret").write_bytes(b"")
    for place in ("../../secret", str(tmp_path), "/dev/zero"):
        link = folder / "inside/out.onnx"
        link.symlink_to(place)
        assert catalog.check("own", folder).startswith(f"{link} is a link out of the model pack's")
        link.unlink()
    os.mkfifo(folder / "pipe.onnx")
    assert catalog.check("own", folder).endswith("of a model pack: it is a pipe, not a file.")


def test_a_folder_of_too_many_files_is_no_pack(tmp_path: Path) -> None:
    for number in range(catalog.FILES_MAX + 1):
        (tmp_path / f"{number}.onnx").write_bytes(b"")
    assert catalog.check("own", tmp_path).endswith("more than 100 files: it is no model pack.")


def test_a_default_model_that_is_a_device_is_refused_at_once(tmp_path: Path) -> None:
    for name in catalog.ZOO_FILES:
        (tmp_path / name).symlink_to("/dev/zero")
    said = catalog.check(catalog.DEFAULT, tmp_path)
    assert "cannot be read (it is a device, not a file)" in said
