"""The real service with so many file cameras, for so long, and what was noted of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from speed.rounds import percentile
from speed.setting import ROOT
from visitord.core.config import CameraConfig
from visitord.store import migrate
from visitord.store.database import Database

CORES = 2
SETTLES_S = 4.0  # after the last camera's first picture: motion gates know their rooms by then
STARTS_WITHIN_S = 120.0
ENDS_WITHIN_S = 60.0
FPS = CameraConfig.model_fields["fps"].default
CONFIG = '[visit]\ngap = "10s"\n[models]\nthreads = 1\n'
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(ROOT / "bench"), str(ROOT / "daemon")])}


class Analysed(NamedTuple):
    """A picture: when its analysis was done, its age then, and the process's CPU seconds."""

    camera: str
    t: float
    age_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one camera's pictures, once all cameras were there.

    per_s: analysed a second.  ages_s: of each when its analysis was done.
    """

    per_s: float
    ages_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """What was noted of a run.

    Attributes
    ----------
    start_s, start_cpu_s
        From the program's start to the end of its first picture's analysis.
    resident_mb
        Of the service's process at the end.
    cpu_per_s
        CPU seconds a second, once all cameras were there.
    cameras
        By name.
    told_s, told_new_s
        From the first good look to the arrival that is told, of people known and of new ones.
    rows_s
        From the end of a track to its row.
    """

    start_s: float
    start_cpu_s: float
    resident_mb: float
    cpu_per_s: float
    cameras: dict[str, Seen]
    told_s: tuple[float, ...]
    told_new_s: tuple[float, ...]
    rows_s: tuple[float, ...]

    @property
    def slowest_per_s(self) -> float:
        """Pictures a second of the camera that has the fewest."""
        return min(seen.per_s for seen in self.cameras.values())

    @property
    def age_p95_s(self) -> float:
        """Of all cameras' pictures together, infinite where there are none."""
        ages = [age for seen in self.cameras.values() for age in seen.ages_s]
        return percentile(ages, 0.95) if ages else float("inf")


class Box:
    """A folder with a configuration and an embedded database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, clips: Sequence[Path], seconds: float, settles_s: float = SETTLES_S) -> Ran:
        """Run the service with a camera for each clip.

        Parameters
        ----------
        clips
            Files, each played once in its own time.
        seconds
            For so long is counted.
        settles_s
            That is not counted, once all cameras are there.
        """
        text = CONFIG
        for n, clip in enumerate(clips):
            text += f'[[camera]]\nname = "camera-{n}"\nsource = "{clip}"\n'
        (self.folder / "config.toml").write_text(text)
        notes = self.folder / "notes.json"
        notes.unlink(missing_ok=True)
        log = self.folder / "log"

        lasts_s = settles_s + seconds
        began_t = time.monotonic()
        with log.open("w") as output:
            done = subprocess.run(
                [
                    *_pinned(),
                    sys.executable,
                    "-m",
                    "speed.probe",
                    notes,
                    str(len(clips)),
                    str(lasts_s),
                ],
                cwd=self.folder,
                env={**os.environ, **ENVIRONMENT},
                stderr=output,
                timeout=STARTS_WITHIN_S + lasts_s + ENDS_WITHIN_S,
            )
        if done.returncode or not notes.exists():
            raise RuntimeError(f"The service failed: {log.read_text()}")
        return ran(json.loads(notes.read_text()), began_t, settles_s)


@contextmanager
def open_box(models: Path) -> Iterator[Box]:
    """A box whose database is ready and warm, with these model packs."""
    with tempfile.TemporaryDirectory(prefix="visitord-") as name:
        state = Path(name) / "state"
        state.mkdir()
        (state / "models").symlink_to(models)
        database = Database.at("embedded", state)
        migrate.migrate(database)
        database.close()
        yield Box(Path(name))


def _pinned() -> list[str]:
    """What keeps a program on two cores where there are more."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) <= CORES:
        return []
    return ["taskset", "--cpu-list", ",".join(map(str, cores[:CORES]))]


def ran(notes: dict[str, Any], began_t: float, settles_s: float = SETTLES_S) -> Ran:
    """What the notes of a run say that began then, on the steady clock."""
    pictures = [Analysed(*noted) for noted in notes["pictures"]]
    first_of: dict[str, float] = {}
    for picture in pictures:
        first_of.setdefault(picture.camera, picture.t)
    counts_from_t = max(first_of.values()) + settles_s
    counted = [picture for picture in pictures if picture.t >= counts_from_t]
    seconds = counted[-1].t - counted[0].t

    seen = {}
    for camera in first_of:
        ages = [picture.age_s for picture in counted if picture.camera == camera]
        seen[camera] = Seen(len(ages) / seconds, (*ages,))
    return Ran(
        start_s=pictures[0].t - began_t,
        start_cpu_s=pictures[0].cpu_s,
        resident_mb=notes["resident_mb"],
        cpu_per_s=(counted[-1].cpu_s - counted[0].cpu_s) / seconds,
        cameras=seen,
        told_s=(*notes["told"],),
        told_new_s=(*notes["told_new"],),
        rows_s=(*notes["rows"],),
    )
