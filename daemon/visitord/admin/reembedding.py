"""Lets another model pack look at what was kept of each sighting, and learn from it what the old
one learnt.
"""

from collections.abc import Callable, Iterator, Sequence
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


def carry(database: Database, pack: Pack, crops: Crops, advance: Callable[[int], object]) -> None:
    """Look at every sighting whose picture is here, what was learnt from first.

    advance: told how many are done with, whether or not their picture was there.  Repeated, only
    does what is left.
    """
    for learnt in (True, False):
        after = UUID(int=0)
        while True:
            with database.transaction() as cursor:
                found = stored.sightings(
                    cursor, pack.fingerprint, after, learnt=learnt, limit=BATCH
                )
            if not found:
                break
            after = found[-1].id
            looks = list(_looks(found, crops))
            embeddings = pack.embed([image for _, image in looks])
            with database.transaction() as cursor:
                for (sighting_id, _), embedding in zip(looks, embeddings.tolist(), strict=True):
                    made = template_id(sighting_id, pack.fingerprint)
                    stored.write(cursor, sighting_id, pack.fingerprint, made, embedding)
            advance(len(found))


def learn(database: Database, fingerprint: str) -> None:
    """What other packs have learnt, this one learns too, as far as it was carried over."""
    with database.transaction() as cursor:
        unhurried(cursor)
        identities.freeze(cursor)  # nobody is forgotten, split or merged meanwhile
        if owners := stored.learn(cursor, fingerprint):
            gallery_changes.announce(cursor, owners)


def carry_photographs(database: Database, pack: Pack, crops: Crops) -> None:
    """Learn from the photographs that another pack learnt from."""
    with database.transaction() as cursor:
        found = stored.photographs(cursor, pack.fingerprint)
    for template, image in _looks(found, crops):
        (embedding,) = pack.embed([image]).tolist()
        made = template_id(template, pack.fingerprint)
        with database.transaction() as cursor:
            owners = stored.learn_photograph(
                cursor, template, pack.fingerprint, made, embedding
            )
            if owners:
                gallery_changes.announce(cursor, owners)


def _looks(found: Sequence[KeptPicture], crops: Crops) -> Iterator[tuple[UUID, Image]]:
    """The aligned faces of those whose picture is on this box and whole."""
    for kept in found:
        jpeg = crops.read(kept.crop)
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
        if image is not None and image.shape == (PORTRAIT_PX, PORTRAIT_PX, 3):
            yield kept.id, middle(np.asarray(image, np.uint8))
