"""How often liveness networks are wrong, and what they cost: bench/liveness.py NETWORKS PICTURE…

Each face in the pictures is scored as it is, and as three pictures of it made here: a sheet with a
white edge, a screen with a dark edge and a pattern of pixels, and a screen so close that no edge is
in view.  Real prints and screens differ: where a made one passes, a real one can; where it does
not, that proves little.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
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
ROOM_PX = (480, 640)
SIDE_PX = 260  # of a picture held up
EDGE_PX = 14
CLOSE_PX = 480
BLUR_PX = 0.7  # of a camera
SEEN = 2.2  # how much of the picture is printed or shown, in face boxes
AS_IT_IS = "as it is"
KINDS = (AS_IT_IS, "sheet", "screen", "close screen")
COLUMNS = ("faces", "scored", "unknown", "pass at {:g}", "lowest", "median", "highest")


def edged(held: Image, colour: tuple[int, int, int]) -> Image:
    """A picture with an edge of one colour."""
    widths = [EDGE_PX] * 4
    made = cv2.copyMakeBorder(held, *widths, cv2.BORDER_CONSTANT, value=colour)
    return np.asarray(made, np.uint8)


def sheet(seen: Image) -> Image:
    """A print, whose paper is neither black nor white."""
    held = cv2.resize(seen, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return edged(np.asarray(60 + held * 0.7, np.uint8), (225, 230, 232))


def screen(seen: Image) -> Image:
    """A screen: a pattern of pixels, and colder colours."""
    small = cv2.resize(seen, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    held = small.astype(np.float32)
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX]
    held *= (1 + 0.06 * np.sin(rows * 2.1) * np.sin(columns * 2.3))[..., None]
    coloured = np.clip(held * (1.12, 1.0, 0.94), 0, 255)
    return edged(np.asarray(coloured, np.uint8), (18, 18, 18))


def held_up(image: Image) -> Image:
    """A picture in the middle of a room, as a camera sees it."""
    height, width = ROOM_PX
    room = np.full((height, width, 3), ROOM, np.uint8)
    top = (height - image.shape[0]) // 2
    left = (width - image.shape[1]) // 2
    room[top : top + image.shape[0], left : left + image.shape[1]] = image

    noise = np.random.default_rng(1).integers(-3, 4, room.shape)
    blurred = cv2.GaussianBlur(room, (0, 0), BLUR_PX)
    return np.clip(blurred + noise, 0, 255).astype(np.uint8)


def close(seen: Image) -> Image:
    """A screen that fills the view."""
    shown = screen(seen)[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
    large = cv2.resize(shown, (CLOSE_PX, CLOSE_PX))
    return np.asarray(cv2.GaussianBlur(large, (0, 0), BLUR_PX), np.uint8)


@dataclass
class Tally:
    """The scores so far by kind of picture, None where none could be given, and what they took."""

    detector: NetworkLivenessDetector
    scores: dict[str, list[float | None]] = field(default_factory=lambda: {k: [] for k in KINDS})
    took_s: list[float] = field(default_factory=list)

    def add(self, kind: str, image: Image, face: Detection) -> float | None:
        """Score a face."""
        began_s = time.perf_counter()
        score = self.detector.score(image, face)
        if score is not None:
            self.took_s.append(time.perf_counter() - began_s)
        self.scores[kind].append(score)
        return score

    def table(self) -> Table:
        threshold = self.detector.threshold
        table = Table(*(column.format(threshold) for column in COLUMNS))

        for kind, given in self.scores.items():
            scores = np.array([score for score in given if score is not None])
            cells = [str(len(scores)), str(len(given) - len(scores))]
            if len(scores):
                passing = scores >= threshold
                cells.append(f"{passing.sum()} ({passing.mean():.0%})")
                spread = np.percentile(scores, (0, 50, 100))
                cells += [f"{value:.2f}" for value in spread]
            table.add_row(kind, *cells)
        return table


def faces(pack: ZooPack, files: list[Path]) -> Iterator[tuple[Image, Detection]]:
    """Every face in the files that are pictures."""
    for file in files:
        read = cv2.imread(str(file))
        if read is not None:
            image = np.asarray(read, np.uint8)
            yield from ((image, face) for face in pack.detect(image, still=True))


def main() -> None:
    folder, *files = map(Path, sys.argv[1:])
    networks = load(folder)
    tally = Tally(NetworkLivenessDetector(networks, networks.threshold, blocks=False))
    models = Path("state/models")
    if not models.is_dir():
        models = Path(".cache/models")
    pack = ZooPack(models / catalog.DEFAULT, threads=1)

    for image, face in faces(pack, files):
        if tally.add(AS_IT_IS, image, face) is None:
            continue
        seen = around(image, face, SEEN)
        pictures = (held_up(sheet(seen)), held_up(screen(seen)), close(seen))
        for kind, picture in zip(KINDS[1:], pictures, strict=True):
            if found := pack.detect(picture, still=True):
                tally.add(kind, picture, found[0])

    Console().print(tally.table())
    if tally.took_s:
        print(f"{np.median(tally.took_s) * 1000:.1f} ms a face, on one thread")


if __name__ == "__main__":
    main()
