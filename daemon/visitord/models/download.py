"""insightface's packs by name, downloaded by insightface itself."""

import contextlib
import io
import tempfile
from pathlib import Path

from visitord.core.errors import ModelError


def fetch(pack: str, folder: Path) -> None:
    """Download one of insightface's packs into `folder`, which appears only once all of it is
    there.

    insightface shows the progress on stderr.  Raises ModelError.
    """
    from insightface.utils.storage import download

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent.parent, prefix=".models-") as scratch:
            with contextlib.redirect_stdout(io.StringIO()):
                unpacked = Path(download("models", pack, root=scratch))
            files = sorted(unpacked.rglob("manifest.json")) or sorted(unpacked.rglob("*.onnx"))
            if not files:
                raise ModelError(
                    f"The pack {pack}, as insightface publishes it, holds no .onnx file."
                )
            files[0].parent.rename(folder)  # antelopev2 has a folder of its own inside
    except ModelError:
        raise
    except Exception as error:
        reason = f"insightface could not download the pack {pack} ({type(error).__name__})"
        advice = (
            "check the name and the network, or unpack it by hand and set models.pack to its folder"
        )
        raise ModelError(f"{reason}; {advice}.") from None
