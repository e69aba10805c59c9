"""Opens a model pack of either kind."""

from pathlib import Path

from visitord.errors import ModelError
from visitord.vision import model_store
from visitord.vision.insight import InsightPack
from visitord.vision.pack import Pack
from visitord.vision.zoo import ZooPack


def open_pack(pack: str, folder: Path, threads: int = 0) -> Pack:
    """The pack in `folder`, loaded and ready; raises ModelError saying how to install it."""
    if problem := model_store.check(pack, folder):
        raise ModelError(problem)
    return ZooPack(folder, threads) if pack == model_store.DEFAULT else InsightPack(pack, folder)
