"""Judges photographs that somebody is to be recognised by, and chooses among them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.capture import photographs
from visitord.capture.photographs import jpeg
from visitord.core.errors import MediaError
from visitord.core.file_types import is_heif, may_be_animated
from visitord.core.records import Embedding, Image
from visitord.models.pack import Pack, middle, portrait
from visitord.vision.quality import MIN_PX, assess

# How wide a second face may be, compared with the first: people behind the one who is meant do not
# count.
BEHIND = 0.5
# Pictures more alike than this teach little: one picture of a face scaled, dimmed, mirrored and
# turned within the plane measures 0.82 to 0.98, photographs of one person taken on different days
# at most 0.83 (eight people, five each).
TOO_LIKE = 0.93
ADVICE = {
    "small": f"the face is less than {MIN_PX:.0f} pixels wide: come closer",
    "unsure": "it is hardly recognisable as a face",
    "blurred": "it is blurred: hold still",
    "dark": "it is too dark: put light on the face",
    "overexposed": "it is overexposed: take away light",
    "flat": "it has too little contrast: change the light",
    "profile": "the face is turned away: look at the camera",
    "tilted": "the head is tilted: hold it straight",
    "landmarks": "eyes, nose and mouth cannot be made out",
    "cut off": "part of the face is outside the picture",
}


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A face in a photograph, good enough to be recognised by.

    digest: of the photograph's content.  portrait: makes the picture to be kept, JPEG; of 10,000
    photographs only a few are, so that they are not all held in memory.
    """

    name: str
    digest: str
    embedding: Embedding
    quality: float
    portrait: Callable[[], bytes]


def look(pack: Pack, image: Image, name: str, digest: str) -> Look | str:
    """The face in a picture, or in words why it is of no use."""
    faces = sorted(pack.detect(image, still=True), key=lambda face: -face.width_px)
    if not faces:
        return "there is no face in it"
    if len(faces) > 1 and faces[1].width_px > BEHIND * faces[0].width_px:
        return f"there are {len(faces)} faces in it: cut it to one"
    kept = portrait(image, faces[0])
    quality = assess(image, faces[0], middle(kept))
    if quality.flaws:
        return ADVICE[quality.flaws[0]]
    return Look(name, digest, pack.embed([middle(kept)])[0], quality.score, lambda: jpeg(kept))


def read(pack: Pack, path: Path) -> Look | str:
    """The face in a file, or in words why it is of no use; of the picture only the embedding stays
    in memory.
    """
    try:
        content = path.read_bytes()
        if is_heif(content):
            return "it is a HEIC picture: convert it to JPEG first, as with heif-convert"
        if may_be_animated(path) and cv2.imcount(str(path)) > 1:
            return "it is an animation: save one picture of it as JPEG"
        found = look(pack, photographs.read(path), path.name, hashlib.sha256(content).hexdigest())
    except (OSError, MediaError) as error:
        return f"it cannot be read: {getattr(error, 'strerror', None) or 'it is no picture, or it is damaged'}"
    if isinstance(found, str):
        return found
    return Look(
        found.name, found.digest, found.embedding, found.quality, lambda: _portrait(pack, path)
    )


def _portrait(pack: Pack, path: Path) -> bytes:
    image = photographs.read(path)
    faces = pack.detect(image, still=True)
    if not faces:
        raise MediaError(f"{path} was changed meanwhile; repeat.")
    return jpeg(portrait(image, max(faces, key=lambda face: face.width_px)))


def strangers(looks: Sequence[Look], new: float) -> list[Look]:
    """Those that look like none of the others; with fewer than three nobody can say which one that
    is.

    new: the similarity below which two faces are two people.
    """
    if len(looks) < 3:
        return []
    faces = np.stack([one.embedding for one in looks])
    centre = faces.sum(0)
    alike = []
    for one in faces:
        rest = centre - one
        alike.append(float(one @ rest / max(float(np.linalg.norm(rest)), 1e-6)))
    return [one for one, similarity in zip(looks, alike, strict=True) if similarity < new]


def choose(looks: Sequence[Look], most: int, held: NDArray[np.float32]) -> list[Look]:
    """At most so many: the best one, then again and again the one least like those chosen and those
    held (n, d).

    What hardly differs from one of those is left out.
    """
    if not looks or most <= 0:
        return []
    faces = np.stack([one.embedding for one in looks])
    nearest = (faces @ held.T).max(1) if len(held) else np.full(len(looks), -1.0)
    quality = np.array([one.quality for one in looks])
    chosen: list[int] = []
    while len(chosen) < most:
        fresh = np.flatnonzero(nearest < TOO_LIKE)
        if not len(fresh):
            break
        order = nearest[fresh] if chosen or len(held) else -quality[fresh]
        best = int(fresh[int(np.argmin(order))])
        chosen.append(best)
        nearest = np.maximum(nearest, faces @ faces[best])
        nearest[best] = 2.0  # also where rounding has it a little less like itself
    return [looks[n] for n in chosen]
