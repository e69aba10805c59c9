"""The pictures that this box has of people and sightings, for templates."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from visitord.store import visitors
from visitord.store.database import Cursor
from visitord.store.sighting_log import SightingDetail
from visitord.store.visitors import FaceOf, Visitor
from visitord.web.resources import resources

Shown = dict[str, Any]
"""The fields of a record, and `crop`: the name of its picture, None where this box has none."""


def people_with_faces(cursor: Cursor, people: Sequence[Visitor]) -> list[Shown]:
    """People, each with the picture that shows them best."""
    found = crops(cursor, [person.visitor_id for person in people])
    return [{**asdict(person), "crop": found.get(person.visitor_id)} for person in people]


def sightings_with_faces(cursor: Cursor, sightings: Sequence[SightingDetail]) -> list[Shown]:
    """Sightings, each with its picture."""
    found = crops(cursor, [sighting.sighting_id for sighting in sightings])
    return [{**asdict(one), "crop": found.get(one.sighting_id)} for one in sightings]


def crops(cursor: Cursor, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """For each person or sighting the best picture that this box still has."""
    return {face.id: _still_here(face) for face in visitors.faces(cursor, ids).values()}


def _still_here(face: FaceOf) -> str | None:
    """The best picture, or what made the person known, which outlives the others."""
    for crop in (face.best, face.kept):
        if resources().crops.has(crop):
            return crop
    return None
