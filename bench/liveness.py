"""How often liveness networks are mistaken, and what they cost: python bench/liveness.py NETWORKS
PICTURE…

Each face in the pictures is judged as it is, and as three pictures of it made here: a sheet with a
white edge, a screen with a dark edge and a pattern of pixels, and a screen so close that no edge is
in view.  Real prints and screens differ: where a made one passes, a real one can; where it does
not, that proves little.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from visitord.core.records import Detection, Image
from visitord.models import catalog
from visitord.models.liveness.detector import NetworkLivenessDetector
from visitord.models.liveness.networks import around, load
from visitord.models.opencv_zoo import ZooPack

ROOM = (125, 140, 150)
SIDE_PX = 260  # of a picture held up
EDGE_PX = 14


def sheet(seen: Image) -> Image:
    held = cv2.resize(seen, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    held = np.asarray(60 + held * 0.7, np.uint8)  # paper is neither black nor white
    return cv2.copyMakeBorder(held, *[EDGE_PX] * 4, cv2.BORDER_CONSTANT, value=(225, 230, 232))


def screen(seen: Image) -> Image:
    held = cv2.resize(seen, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX]
    held *= (1 + 0.06 * np.sin(rows * 2.1) * np.sin(columns * 2.3))[..., None]
    held = np.asarray(np.clip(held * (1.12, 1.0, 0.94), 0, 255), np.uint8)
    return cv2.copyMakeBorder(held, *[EDGE_PX] * 4, cv2.BORDER_CONSTANT, value=(18, 18, 18))


def held_up(image: Image) -> Image:
    room = np.full((480, 640, 3), ROOM, np.uint8)
    y, x = (480 - image.shape[0]) // 2, (640 - image.shape[1]) // 2
    room[y : y + image.shape[0], x : x + image.shape[1]] = image
    noise = np.random.default_rng(1).integers(-3, 4, room.shape)
    return np.clip(cv2.GaussianBlur(room, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)


def close(seen: Image) -> Image:
    shown = screen(seen)[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
    return np.asarray(cv2.GaussianBlur(cv2.resize(shown, (480, 480)), (0, 0), 0.7), np.uint8)


def main() -> None:
    folder, *files = map(Path, sys.argv[1:])
    networks = load(folder)
    liveness_detector = NetworkLivenessDetector(networks, networks.threshold, blocks=False)
    models = Path("state/models") if Path("state/models").is_dir() else Path(".cache/models")
    pack = ZooPack(models / catalog.DEFAULT, threads=1)
    scores: dict[str, list[float | None]] = {
        name: [] for name in ("as it is", "sheet", "screen", "close screen")
    }
    took_s: list[float] = []

    def judged(image: Image, face: Detection) -> float | None:
        began = time.perf_counter()
        score = liveness_detector.score(image, face)
        took_s.extend([time.perf_counter() - began] if score is not None else [])
        return score

    for file in files:
        image = cv2.imread(str(file))
        if image is None:
            continue
        for face in pack.detect(np.asarray(image, np.uint8), still=True):
            score = judged(image, face)
            scores["as it is"].append(score)
            if score is None:
                continue
            seen = around(image, face, 2.2)
            made = {
                "sheet": held_up(sheet(seen)),
                "screen": held_up(screen(seen)),
                "close screen": close(seen),
            }
            for name, picture in made.items():
                if found := pack.detect(picture, still=True):
                    scores[name].append(judged(picture, found[0]))
    table = Table(
        "faces",
        "judged",
        "unknown",
        f"pass at {liveness_detector.threshold:g}",
        "lowest",
        "median",
        "highest",
    )
    for name, given in scores.items():
        said = np.array([s for s in given if s is not None])
        passing = (
            f"{(said >= liveness_detector.threshold).sum()} ({(said >= liveness_detector.threshold).mean():.0%})"
            if len(said)
            else ""
        )
        spread = [f"{v:.2f}" for v in np.percentile(said, (0, 50, 100))] if len(said) else [""] * 3
        table.add_row(name, str(len(said)), str(len(given) - len(said)), passing, *spread)
    Console().print(table)
    if took_s:
        print(f"{np.median(took_s) * 1000:.1f} ms a look, on one thread")


if __name__ == "__main__":
    main()
