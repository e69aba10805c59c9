"""insightface's packs by name, fetched from a stand-in of the place where they are published."""

import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from insightface.utils import storage

from fixtures.standins import pack_folder
from visitord.core.errors import ModelError
from visitord.models.download import fetch
from visitord.models.insightface_pack import InsightPack


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that insightface takes for the place where its packs are published."""
    folder = tmp_path / "published"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(
        storage, "MODEL_ZOO_RELEASE_DOWNLOAD_URL", f"http://127.0.0.1:{server.server_port}/"
    )
    yield folder
    server.shutdown()
    server.server_close()


def _publish(published: Path, name: str, inside: str, tmp_path: Path) -> Path:
    """A pack as a ZIP file whose files lie in the folder `inside`."""
    folder, file = pack_folder(tmp_path / f"{name}-files", dim=64), published / f"{name}.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"{inside}{path.name}")
    return file


@pytest.mark.parametrize("inside", ["", "antelopev2/"])
def test_a_pack_is_fetched_by_name_with_visible_progress(
    published: Path, tmp_path: Path, inside: str, capfd: pytest.CaptureFixture[str]
) -> None:
    _publish(published, "antelopev2", inside, tmp_path)
    folder = tmp_path / "state" / "models" / "antelopev2"
    fetch("antelopev2", folder)
    assert "KB/s" in capfd.readouterr().err
    assert InsightPack("antelopev2", folder).dim == 64
    assert sorted(path.name for path in (tmp_path / "state").rglob("*")) == [
        "antelopev2",
        "det.onnx",
        "models",
        "rec.onnx",
    ]


@pytest.mark.parametrize("spoil", ["cut", "empty", "missing"])
def test_a_pack_that_did_not_arrive_whole_is_not_installed(
    published: Path, tmp_path: Path, spoil: str
) -> None:
    file = _publish(published, "buffalo_s", "", tmp_path)
    if spoil == "cut":
        file.write_bytes(file.read_bytes()[:-2000])
    elif spoil == "empty":
        zipfile.ZipFile(file, "w").close()
    else:
        file.unlink()
    with pytest.raises(ModelError, match=r"^[^.]*pack buffalo_s.*\.$"):
        fetch("buffalo_s", tmp_path / "state" / "models" / "buffalo_s")
    assert [path.name for path in (tmp_path / "state").rglob("*")] == ["models"]
