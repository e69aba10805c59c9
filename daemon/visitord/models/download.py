"""insightface's packs by name, downloaded by insightface itself."""

import contextlib
import io
import tempfile
from pathlib import Path

from visitord.core.errors import ModelError
from visitord.core.files import make_private_folder


def fetch(pack: str, folder: Path) -> None:
    """Download one of insightface's packs into a folder that appears once all of it is there.

    insightface shows the progress on stderr.  Raises ModelError.
    """
    beside = folder.parent.parent
    try:
        make_private_folder(folder.parent)
        with tempfile.TemporaryDirectory(dir=beside, prefix=".models-") as scratch:
            _unpacked(pack, Path(scratch)).rename(folder)
    except (ModelError, ImportError):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise ModelError(
            f"insightface could not download the pack {pack} ({kind}); check the name "
            "and the network, or unpack it by hand and set models.pack to its folder."
        ) from None


def _unpacked(pack: str, scratch: Path) -> Path:
    """The folder in `scratch` that the pack's files came into."""
    from insightface.utils.storage import download

    with contextlib.redirect_stdout(io.StringIO()):
        top = Path(download("models", pack, root=str(scratch)))
    files = sorted(top.rglob("manifest.json")) or sorted(top.rglob("*.onnx"))
    if not files:
        raise ModelError(f"The pack {pack}, as insightface publishes it, holds no .onnx file.")
    return files[0].parent  # antelopev2 has a folder of its own inside
