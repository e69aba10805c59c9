"""The pictures that this box has of people and sightings, for templates."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from visitord.store import visitors
from visitord.store.database import Cursor
from visitord.store.opening import box_of
from visitord.store.sighting_log import SightingDetail
from visitord.store.unidentified import Unidentified
from visitord.store.visitors import FaceOf, Visitor
from visitord.web.resources import resources

Shown = dict[str, Any]
"""The fields of a record, and `picture`: a `Picture`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """crop: the name of a picture, None where this box has none.  why: it has none, in words."""

    crop: str | None
    why: str = ""


NEVER_KEPT = Picture(None, "no picture was kept")


def people_with_faces(cursor: Cursor, people: Sequence[Visitor]) -> list[Shown]:
    """People, each with the picture that shows them best."""
    found = pictures(cursor, [person.visitor_id for person in people])
    return [{**asdict(person), "picture": found[person.visitor_id]} for person in people]


def sightings_with_faces(
    cursor: Cursor, sightings: Sequence[SightingDetail | Unidentified]
) -> list[Shown]:
    """Sightings, each with its picture."""
    found = pictures(cursor, [sighting.sighting_id for sighting in sightings])
    return [{**asdict(one), "picture": found[one.sighting_id]} for one in sightings]


def pictures(cursor: Cursor, ids: Sequence[UUID]) -> dict[UUID, Picture]:
    """For each person or sighting the best picture that this box still has."""
    known = visitors.faces(cursor, ids)
    return {i: _picture(known[i]) if i in known else NEVER_KEPT for i in ids}


def _picture(face: FaceOf) -> Picture:
    """The best picture, or what made the person known, which outlives the others."""
    for crop in (face.best, face.kept):
        if resources().crops.has(crop):
            return Picture(crop)
    if face.crop is None:
        return NEVER_KEPT

    here = box_of(resources().config)
    if here is None or face.box == here:
        return Picture(None, "the picture is no longer kept")
    if face.box is None:
        return Picture(None, "the picture is on another box")
    return Picture(None, f"the picture is on box {face.box}")
