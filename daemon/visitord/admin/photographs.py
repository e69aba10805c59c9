"""Judges photographs that somebody is to be recognised by, and chooses among them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visitord.capture import photographs as files
from visitord.capture.encoding import jpeg
from visitord.capture.photographs import Kind, PhotographError
from visitord.core import reading
from visitord.core.errors import MediaError
from visitord.core.records import COVERED, Embedding, Image
from visitord.identity.centring import centred
from visitord.models.pack import Pack, filled, middle, portrait
from visitord.vision.quality import MIN_PX, assess
from visitord.vision.stills import find_sitter

# How wide a second face may be, compared with the first: people behind the one who is meant do not
# count.
BEHIND = 0.5
# Pictures more alike than this teach little: one picture of a face scaled, dimmed, mirrored and
# turned within the plane measures 0.82 to 0.98, photographs of one person taken on different days
# at most 0.83 (eight people, five each).
TOO_LIKE = 0.93
# Centred, below which a photograph looks like somebody else than others do: one pair of different
# people in a hundred reaches 0.25 with the default pack, one person's in twenty stay below 0.46.
UNLIKE = 0.3
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
    COVERED: "sunglasses or a mask seem to hide part of it: take them off",
    "cut off": "part of the face is outside the picture",
}


@dataclass(frozen=True, slots=True, eq=False)
class FacePhotograph:
    """A face in a photograph, good enough to be recognised by.

    digest: of the photograph's content.  portrait: makes the picture to be kept, JPEG; of 10,000
    photographs only a few are, so that they are not all held in memory.
    """

    name: str
    digest: str
    embedding: Embedding
    quality: float
    portrait: Callable[[], bytes]

    def similarity(self, other: "FacePhotograph") -> float:
        """The cosine similarity of the two faces."""
        return float(self.embedding @ other.embedding)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A picture that is of no use; reason: why, and what would be better, in words."""

    reason: str


def find_face(pack: Pack, image: Image, name: str, digest: str) -> FacePhotograph | Unusable:
    """The one face in a picture.

    Parameters
    ----------
    pack : Pack
        Finds and describes it.
    image : (h, w, 3) uint8
        BGR.
    name : str
        What people call the picture.
    digest : str
        Of its content, in hexadecimal.
    """
    faces = sorted(find_sitter(pack, image), key=lambda face: -face.width_px)
    if not faces:
        return Unusable("there is no face in it")
    if len(faces) > 1 and faces[1].width_px > BEHIND * faces[0].width_px:
        return Unusable(f"there are {len(faces)} faces in it: cut it to one")

    kept = portrait(image, faces[0])
    aligned = middle(kept)
    quality = assess(image, faces[0], aligned)
    if quality.flaws:
        return Unusable(ADVICE[quality.flaws[0]])
    (embedding,) = pack.embed([aligned])
    return FacePhotograph(
        name, digest, embedding, quality.score, lambda: jpeg(filled(kept, image, faces[0]))
    )


def read(pack: Pack, path: Path) -> FacePhotograph | Unusable:
    """The one face in a file; of the picture only the embedding stays in memory."""
    try:
        content = reading.read(path, reading.PICTURE_MAX_BYTES)
        if files.kind(content) is Kind.ANIMATION:
            return Unusable("it is an animation: save one picture of it as JPEG")
        image = files.decoded(content, path)
    except OSError as error:
        return Unusable(f"it cannot be read: {error.strerror or error}")
    except PhotographError as error:
        return Unusable(error.reason)

    found = find_face(pack, image, path.name, hashlib.sha256(content).hexdigest())
    if isinstance(found, Unusable):
        return found
    return replace(found, portrait=lambda: _portrait(pack, path))


def _portrait(pack: Pack, path: Path) -> bytes:
    """The picture to be kept of a photograph that was used; raises MediaError where it changed."""
    image = files.read(path)
    faces = find_sitter(pack, image)
    if not faces:
        raise MediaError(f"{path} was changed meanwhile; repeat.")
    sitter = max(faces, key=lambda face: face.width_px)
    return jpeg(filled(portrait(image, sitter), image, sitter))


def odd_ones_out(
    photographs: Sequence[FacePhotograph], centre: Embedding | None
) -> list[FacePhotograph]:
    """Those that look like none of the others; of fewer than three it cannot be said which.

    Parameters
    ----------
    photographs : sequence
        Of one person, as is said.
    centre : (d,) float32 or None
        Of the pack that describes them.
    """
    if len(photographs) < 3:
        return []

    faces = centred(np.stack([one.embedding for one in photographs]), centre)
    sum_of_all = faces.sum(0)
    odd = []
    for one, face in zip(photographs, faces, strict=True):
        others = sum_of_all - face
        similarity = float(face @ others) / max(float(np.linalg.norm(others)), 1e-6)
        if similarity < UNLIKE:
            odd.append(one)
    return odd


def choose(
    photographs: Sequence[FacePhotograph], most: int, held: NDArray[np.float32]
) -> list[FacePhotograph]:
    """Those that teach the most; what hardly differs from one of them is left out.

    The best one, then again and again the one least like those chosen and those held.

    Parameters
    ----------
    photographs : sequence
        Of one person.
    most : int
        How many to choose at most.
    held : (n, d) float32
        Embeddings of this person that are known already.
    """
    if not photographs or most <= 0:
        return []

    faces = np.stack([one.embedding for one in photographs])
    quality = np.array([one.quality for one in photographs])
    nearest = np.full(len(photographs), -1.0)  # similarity to what is chosen or held
    if len(held):
        nearest = (faces @ held.T).max(1)

    chosen: list[int] = []
    while len(chosen) < most:
        fresh = np.flatnonzero(nearest < TOO_LIKE)
        if not len(fresh):
            break
        is_first = not chosen and not len(held)
        order = -quality[fresh] if is_first else nearest[fresh]
        best = int(fresh[int(np.argmin(order))])
        chosen.append(best)
        nearest = np.maximum(nearest, faces @ faces[best])
        nearest[best] = 2.0  # also where rounding has it a little less like itself
    return [photographs[n] for n in chosen]
