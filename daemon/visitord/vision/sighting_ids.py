"""Ids of sightings, made from what was seen."""

from uuid import UUID, uuid5

from visitord.core.records import Detection, Frame

_NAMESPACE = UUID("6f6c5a3e-6d0b-5c55-9d0c-6a3f5a1b7d11")


def sighting_id_of(site: str, frame: Frame, detection: Detection) -> UUID:
    """The id of the track that begins there.

    The same footage gives the same id, so that replaying it changes nothing; hence site, camera,
    time and box are spelt as they always were.
    """
    box = ",".join(f"{edge:.2f}" for edge in detection.box)
    return uuid5(_NAMESPACE, "\n".join((site, frame.camera, frame.at.isoformat(), box)))
