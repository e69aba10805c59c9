"""Whether a face is somebody's reflection: of one who is in the same picture, and looks like it.

Two faces in one picture are two people, so a face in a mirror would be a new one at every visit.

A face and its mirror image, half as large, dimmed and noisy, are alike at 0.83 or more in 19 of 20
of 46 photographs, with a median of 0.88; where it is blurred besides, at 0.67, with a median of
0.83.  Photographs of one person on different days reach 0.83 at most and mostly stay far below, and
twins are two people: they must not be taken for one another's reflection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from visitord.core.records import Embedding
from visitord.identity.centring import centred

# Far above what makes a match certain, and above whatever tells two people.
REFLECTION = 0.82


@dataclass(frozen=True, slots=True, eq=False)
class Companion:
    """Somebody who was seen in the same pictures as a track.

    Attributes
    ----------
    identity_id : UUID
        Who that is.
    embedding : float32 (d,)
        What they looked like there.
    mirrored : bool
        Whether a person said that two faces which that camera saw together are both theirs.
    """

    identity_id: UUID
    embedding: Embedding
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Reflection:
    """Whose reflection a face seems to be.

    Attributes
    ----------
    identity_id : UUID
        Who that is.
    similarity : float
        How alike the two are, a centred cosine.
    """

    identity_id: UUID
    similarity: float


def reflection(
    embedding: Embedding,
    companions: Iterable[Companion],
    centre: Embedding | None,
    match: float,
) -> Reflection | None:
    """The companion whose reflection a face seems to be, None where it is of none.

    Parameters
    ----------
    embedding
        What it looks like, (d,).
    companions
        Who was seen beside it.
    centre
        Of the pack, if it has one.
    match
        What is alike enough where a person said that there is a mirror.
    """
    face = centred(embedding, centre)
    found: list[Reflection] = []
    for companion in companions:
        similarity = float(face @ centred(companion.embedding, centre))
        if similarity >= (match if companion.mirrored else REFLECTION):
            found.append(Reflection(companion.identity_id, similarity))
    return max(found, key=lambda one: one.similarity, default=None)
