"""What all measures are given: how much to run, and where things are."""

import functools
from dataclasses import dataclass
from pathlib import Path

from speed.footage import Footage, footage
from visitord.models.catalog import DEFAULT
from visitord.models.install import install

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"


@dataclass(frozen=True)
class Setting:
    """How much is run.

    Attributes
    ----------
    rounds
        Of alternating runs.
    clip_s
        Length of the clips, None for all there is.
    live_s
        For so long do cameras run in each trial of many.
    delay_s
        For so long do cameras run to measure delays.
    starts
        How often the service is started.
    templates
        In the gallery.
    cameras_max
        The most that are tried.
    kit
        The evaluation kit's folder; without it the demo's people walk.
    cache
        Where clips and models are kept.
    """

    rounds: int = 3
    clip_s: float | None = None
    live_s: float = 10.0
    delay_s: float = 45.0
    starts: int = 3
    templates: int = 100_000
    cameras_max: int = 64
    kit: Path = ROOT.parent / "shared" / "eval"
    cache: Path = CACHE

    def footage(self, kind: str) -> Footage:
        """The `busy` or the `empty` clip."""
        return footage(self.cache / "bench", self.kit / "faces", kind, self.clip_s)

    @functools.cached_property
    def models(self) -> Path:
        """The folder of model packs, with the default pack in it."""
        folder = self.cache / "models"
        install(DEFAULT, folder, self.cache)
        return folder
