"""Where a pack's files are, and what is wrong with them."""

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
    (tmp_path / catalog.MANIFEST).write_text("no TOML")
    assert catalog.licence_of("own", tmp_path) == catalog.INSIGHT_LICENCE
