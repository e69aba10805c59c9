"""What model packs cost on this machine: python bench/models.py [PACK…], by default all there are.

Milliseconds depend on what else the machine does; ratios are taken within one run, rounds of all
sizes in turn, and may be compared.  Reads the configuration as visitord does: models.device,
models.threads and models.detect_px count.
"""

import logging
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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
FACES = 4
PORTRAIT_PX = 160
EVERY_PX = 300  # from one face to the next
LEFT_PX = 40
TOP_PX = 280


@dataclass(frozen=True)
class Cost:
    """Medians of rounds.

    frame_ms: to find the faces of a frame.
    face_ms: to describe a face, in batches of each size.
    """

    frame_ms: float
    face_ms: dict[int, float]


def frame(faces: int) -> Image:
    """A 1280×720 picture with so many of the demo's faces, 120 px wide, in a plain room."""
    image = np.full((720, 1280, 3), 150, np.uint8)
    for n, portrait in enumerate(portraits()[:faces]):
        left = LEFT_PX + EVERY_PX * n
        spot = image[TOP_PX : TOP_PX + PORTRAIT_PX, left : left + PORTRAIT_PX]
        spot[:] = cv2.resize(portrait.image, (PORTRAIT_PX, PORTRAIT_PX))
    return image


def took_ms(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1000


def measure(pack: Pack) -> Cost:
    """What a pack costs, once it is warm."""
    image = frame(FACES)
    rng = np.random.default_rng(1)
    shape = (max(BATCHES), CROP_PX, CROP_PX, 3)
    crops = list(rng.integers(0, 256, shape, dtype=np.uint8))
    pack.detect(image)
    pack.embed(crops)

    frames_ms = [took_ms(lambda: pack.detect(image)) for _ in range(ROUNDS)]
    faces_ms: dict[int, list[float]] = {size: [] for size in BATCHES}
    for _ in range(ROUNDS):
        for size in BATCHES:
            took = took_ms(partial(pack.embed, crops[:size]))
            faces_ms[size].append(took / size)
    return Cost(
        statistics.median(frames_ms),
        {size: statistics.median(rounds) for size, rounds in faces_ms.items()},
    )


def main() -> None:
    logging.basicConfig(format="%(message)s")
    config = load(find())
    folders = sorted(config.models_dir.glob("*"))
    installed = [path.name for path in folders if path.is_dir()]

    sizes = [f"×{size}" for size in BATCHES[1:]]
    table = Table("pack", "runs on", "ms a frame", "ms a face", *sizes)
    for name in sys.argv[1:] or installed or [catalog.DEFAULT]:
        try:
            pack = open_pack(config, name)
        except VisitordError as error:
            print(error)
            continue
        cost = measure(pack)
        alone_ms = cost.face_ms[1]
        costs = [f"{cost.frame_ms:.1f}", f"{alone_ms:.1f}"]
        costs += [f"{cost.face_ms[size] / alone_ms:.2f}" for size in BATCHES[1:]]
        table.add_row(pack.name, pack.runs_on, *costs)

    Console(width=140).print(table)
    print("×n: a face described together with n - 1 others, in times of one described alone.")


if __name__ == "__main__":
    main()
