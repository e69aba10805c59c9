"""What model packs cost on this machine: python bench/models.py [PACK…], by default all that are
installed.

Milliseconds depend on what else the machine does; ratios are taken within one run, rounds of all
sizes in turn, and may be compared.  Reads the configuration as visitord does: models.device,
models.threads and models.detect_px count.
"""

import logging
import statistics
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from visitord.core.config import find, load
from visitord.core.errors import VisitordError
from visitord.core.records import Image
from visitord.demo.faces import portraits
from visitord.models import catalog
from visitord.models.opening import open_pack
from visitord.models.pack import CROP_PX, Pack

BATCHES = (1, 2, 4, 8)
ROUNDS = 7


def frame(faces: int) -> Image:
    """A 1280×720 picture with so many of the demo's faces, 120 px wide, in a plain room."""
    image = np.full((720, 1280, 3), 150, np.uint8)
    for n, portrait in enumerate(portraits()[:faces]):
        image[280:440, 40 + 300 * n : 200 + 300 * n] = cv2.resize(portrait.image, (160, 160))
    return image


def ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure(pack: Pack) -> tuple[float, list[float]]:
    """Milliseconds to find the faces of a frame, and to describe a face in batches of each size,
    medians of rounds.
    """
    image, rng = frame(4), np.random.default_rng(1)
    crops = list(rng.integers(0, 256, (max(BATCHES), CROP_PX, CROP_PX, 3), dtype=np.uint8))
    pack.detect(image), pack.embed(crops)
    found = statistics.median(ms(lambda: pack.detect(image)) for _ in range(ROUNDS))
    rounds = [[ms(lambda n=n: pack.embed(crops[:n])) / n for n in BATCHES] for _ in range(ROUNDS)]  # type: ignore[misc]
    return found, [statistics.median(column) for column in zip(*rounds, strict=True)]


def main() -> None:
    logging.basicConfig(format="%(message)s")
    config = load(find())
    installed = [p.name for p in sorted(config.models_dir.glob("*")) if p.is_dir()]
    table = Table("pack", "runs on", "ms a frame", "ms a face", *(f"×{n}" for n in BATCHES[1:]))
    for name in sys.argv[1:] or installed or [catalog.DEFAULT]:
        try:
            pack = open_pack(config, name)
        except VisitordError as error:
            print(error)
            continue
        found, faces = measure(pack)
        ratios = [f"{one / faces[0]:.2f}" for one in faces[1:]]
        table.add_row(pack.name, pack.runs_on, f"{found:.1f}", f"{faces[0]:.1f}", *ratios)
    Console(width=140).print(table)
    print("×n: a face described together with n - 1 others, in times of one described alone.")


if __name__ == "__main__":
    main()
