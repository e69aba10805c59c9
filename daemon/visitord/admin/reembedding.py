"""Lets another model pack look at what was kept, and learn from it what others learnt.

The old pack goes on serving meanwhile.  Each function may be stopped at any time; repeated, it does
what is left.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import cv2
import numpy as np

from visitord.core.records import Image
from visitord.identity.decision import template_id
from visitord.models.pack import PORTRAIT_PX, Pack, middle
from visitord.store import gallery_changes, identities
from visitord.store import reembedding as stored
from visitord.store.crops import Crops
from visitord.store.database import Database, unhurried
from visitord.store.reembedding import KeptPicture

BATCH = 16  # sightings in a transaction: what a crash costs


@dataclass(frozen=True, slots=True, eq=False)
class _AlignedFace:
    """The face of a sighting or a photograph, (112, 112, 3), BGR."""

    id: UUID
    image: Image


def reembed_sightings(
    database: Database, pack: Pack, crops: Crops, advance: Callable[[int], object]
) -> None:
    """Look at every sighting whose picture is here, those that were learnt from first.

    Parameters
    ----------
    database : Database
        Changed in a transaction for each batch.
    pack : Pack
        Looks at them.
    crops : Crops
        The pictures on this box.
    advance : callable
        Told how many sightings more are done with, whether or not their picture was there.
    """
    for learnt in (True, False):
        after = UUID(int=0)
        while True:
            with database.transaction() as cursor:
                batch = stored.sightings(
                    cursor, pack.fingerprint, after, learnt=learnt, limit=BATCH
                )
            if not batch:
                break

            _reembed(database, pack, list(_faces(batch, crops)))
            after = batch[-1].id
            advance(len(batch))


def _reembed(database: Database, pack: Pack, faces: Sequence[_AlignedFace]) -> None:
    """Write what the pack sees in these faces."""
    embeddings = pack.embed([face.image for face in faces]).tolist()
    with database.transaction() as cursor:
        for face, embedding in zip(faces, embeddings, strict=True):
            made = template_id(face.id, pack.fingerprint)
            stored.write(cursor, face.id, pack.fingerprint, made, embedding)


def learn(database: Database, fingerprint: str) -> None:
    """What other packs have learnt, this one learns too, as far as it looked at it."""
    with database.transaction() as cursor:
        unhurried(cursor)
        identities.freeze(cursor)  # nobody is forgotten, split or merged meanwhile
        owners = stored.learn(cursor, fingerprint)
        if owners:
            gallery_changes.announce(cursor, owners)


def reembed_photographs(database: Database, pack: Pack, crops: Crops) -> None:
    """Learn from the photographs that another pack learnt from."""
    with database.transaction() as cursor:
        found = stored.photographs(cursor, pack.fingerprint)
    for face in _faces(found, crops):
        (embedding,) = pack.embed([face.image]).tolist()
        made = template_id(face.id, pack.fingerprint)
        with database.transaction() as cursor:
            owners = stored.learn_photograph(cursor, face.id, pack.fingerprint, made, embedding)
            if owners:
                gallery_changes.announce(cursor, owners)


def _faces(found: Sequence[KeptPicture], crops: Crops) -> Iterator[_AlignedFace]:
    """The faces of those whose picture is on this box and whole."""
    for kept in found:
        jpeg = crops.read(kept.crop)
        if not jpeg:
            continue
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is not None and image.shape == (PORTRAIT_PX, PORTRAIT_PX, 3):
            yield _AlignedFace(kept.id, middle(np.asarray(image, np.uint8)))
