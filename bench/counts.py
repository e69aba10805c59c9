"""What the analysis of footage does, counted: it does not depend on what else the machine does.

    python bench/counts.py CLIP… [--fps 8]

Counts the pictures that are analysed, what the detector is shown of them, and the faces whose
landmarks are refined and that are described, also for each track.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from visitord.capture import recordings
from visitord.capture.inspection import Inspector
from visitord.core.config import find, load
from visitord.core.records import Detection, Frame, Image
from visitord.models.opening import open_pack
from visitord.models.pack import Pack
from visitord.models.yunet import DETECT_WIDTH_PX
from visitord.vision.pipeline import Pipeline

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass
class Counts:
    """Of one clip.

    detector_px: of all pictures that the detector was shown, scaled as it scales them.
    cpu_s: of this process, without the decoder's threads.
    """

    pictures: int = 0
    analysed: int = 0
    searches: int = 0
    detector_px: float = 0.0
    refined: int = 0
    described: int = 0
    tracks: int = 0
    cpu_s: float = 0.0


class CountingPack:
    """A pack that counts what it is asked."""

    def __init__(self, pack: Pack, counts: Counts) -> None:
        self._pack = pack
        self._counts = counts
        self.name = pack.name
        self.fingerprint = pack.fingerprint
        self.dim = pack.dim
        self.separation = pack.separation
        self.centre = pack.centre
        self.licence = pack.licence
        self.runs_on = pack.runs_on

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        height, width = image.shape[:2]
        scale = min(1.0, DETECT_WIDTH_PX / max(height, width))
        self._counts.searches += 1
        self._counts.detector_px += height * width * scale**2
        return self._pack.detect(image, still=still)

    def refined(self, image: Image, detection: Detection) -> Detection:
        self._counts.refined += 1
        return self._pack.refined(image, detection)

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        self._counts.described += len(crops)
        return self._pack.embed(crops)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    options.add_argument(
        "--fps", type=float, default=8.0, help="pictures a second that are analysed"
    )
    given = options.parse_args()

    pack = open_pack(load(find()))
    table = Table(
        "clip", "pictures", "analysed", "searches", "Mpx shown", "refined", "described", "tracks",
        "described a track", "CPU s",
    )  # fmt: skip
    for clip in given.clips:
        one = counted(clip, pack, given.fps)
        numbers = (one.pictures, one.analysed, one.searches, round(one.detector_px / 1e6))
        faces = (one.refined, one.described, one.tracks)
        a_track = f"{one.described / max(1, one.tracks):.1f}"
        row = [*map(str, (*numbers, *faces)), a_track, f"{one.cpu_s:.1f}"]
        table.add_row(f"{clip.parent.name}/{clip.name}", *row)
    Console(width=140).print(table)


def counted(clip: Path, pack: Pack, fps: float) -> Counts:
    """What it takes to analyse a clip."""
    counts = Counts()
    pipeline = Pipeline(CountingPack(pack, counts), "main")
    inspector = Inspector()
    began_s = time.process_time()

    for picture in recordings.read(clip, fps):
        if inspector.flaw(picture):
            continue
        searches = counts.searches
        frame = Frame("clip", picture, START + timedelta(seconds=picture.t), picture.t)
        counts.tracks += sum(report.final for report in pipeline.process(frame))
        counts.pictures += 1
        counts.analysed += counts.searches > searches
    counts.tracks += len(pipeline.flush())

    counts.cpu_s = time.process_time() - began_s
    return counts


if __name__ == "__main__":
    main()
