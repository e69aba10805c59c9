"""Photographs taken of one person before a camera: each is judged at once, before the next."""

import hashlib
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from visitord.admin.enrolment import Enroller
from visitord.admin.photographs import TOO_LIKE, UNLIKE, FacePhotograph, Unusable, find_face
from visitord.core.records import Image
from visitord.identity.centring import centred
from visitord.store import people


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Who of those known the face is most like."""

    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Taken:
    """A photograph to be learnt from."""

    photograph: FacePhotograph
    resembles: Resemblance | None


class Flaw(Enum):
    """Why a good photograph is not taken."""

    HARDLY_DIFFERS = auto()
    SOMEBODY_ELSE = auto()


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A good photograph that does not go with the ones before."""

    photograph: FacePhotograph
    flaw: Flaw


class PhotoSession:
    """Collects photographs of one person."""

    def __init__(self, enroller: Enroller) -> None:
        self.taken: list[FacePhotograph] = []
        self._enroller = enroller
        self._gallery = enroller.gallery()

    def judge(self, image: Image) -> Taken | NotTaken | Unusable:
        """Take a picture (h, w, 3), BGR, if it is of use."""
        digest = hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
        name = f"picture {len(self.taken) + 1}"
        found = find_face(self._enroller.pack, image, name, digest)
        if isinstance(found, Unusable):
            return found

        similar = [one.similarity(found) for one in self.taken]
        if similar and max(similar) >= TOO_LIKE:
            return NotTaken(found, Flaw.HARDLY_DIFFERS)
        if self.taken and self._likeness(found) < UNLIKE:
            return NotTaken(found, Flaw.SOMEBODY_ELSE)

        self.taken.append(found)
        return Taken(found, self._resemblance(found))

    def _likeness(self, photograph: FacePhotograph) -> float:
        """The centred cosine to that photograph taken which it is most like."""
        centre = self._enroller.pack.centre
        taken = centred(np.stack([one.embedding for one in self.taken]), centre)
        return float((taken @ centred(photograph.embedding, centre)).max())

    def _resemblance(self, photograph: FacePhotograph) -> Resemblance | None:
        best = next(iter(self._gallery.rank(photograph.embedding)), None)
        if best is None:
            return None
        identity_id, similarity = best
        if similarity < self._enroller.match(self._gallery):
            return None
        with self._enroller.database.transaction() as cursor:
            return Resemblance(people.find(cursor, str(identity_id)).name, similarity)
