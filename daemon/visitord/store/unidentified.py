"""Sightings nobody was found for: listed, and filed under whom a person says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from visitord.core.errors import NotFoundError, VisitordError
from visitord.identity.decision import new_identity_id
from visitord.store import gallery_changes, identities, people, statements, templates, visits
from visitord.store.database import Cursor
from visitord.store.ids import ID_MIN
from visitord.store.people import Person
from visitord.store.window import Window

_SQL = statements.load("unidentified")


@dataclass(frozen=True, slots=True)
class Unidentified:
    """A sighting nobody was found for, with the reason why.

    candidate, score: the known person it was most like when it was decided, and how much.
    comparable: what it looks like is still kept.
    """

    sighting_id: UUID
    site: str
    camera: str
    started_at: datetime
    ended_at: datetime
    candidate: str | None
    score: float | None
    good_samples: int
    quality: float
    face_px: float
    reason: str
    comparable: bool
    timezone: str


@dataclass(frozen=True, slots=True)
class _Best:
    sighting_id: UUID
    started_at: datetime


def waiting(cursor: Cursor, window: Window, limit: int) -> list[Unidentified]:
    """Those within a window, the newest first, at most `limit`."""
    values = {**asdict(window), "limit": limit}
    return statements.fetch_all(cursor, Unidentified, _SQL["waiting"], values)


def meant(cursor: Cursor, texts: Sequence[str]) -> list[UUID]:
    """The sightings that ids, or the first 8 characters of them, name.

    Raises NotFoundError for one that is none of those nobody was found for.
    """
    ids = []
    for text in texts:
        found = statements.fetch_column(cursor, _SQL["meant"], {"id": text})
        if len(found) != 1 or len(text) < ID_MIN:
            raise NotFoundError(
                f'No sighting that is unidentified has the id "{text}".',
                advice="visitorctl unidentified lists them.",
            )
        ids += found
    return list(dict.fromkeys(ids))


def seen_with(cursor: Cursor, sightings: Sequence[UUID], person: Person) -> int:
    """How many sightings of a person were in one picture with any of these."""
    values = {"sightings": list(sightings), "person": person.visitor_id}
    return int(statements.fetch_value(cursor, _SQL["in_picture_with"], values))


def assign(cursor: Cursor, sightings: Sequence[UUID], person: Person, by: str, why: str) -> None:
    """File sightings under a person, whose visits follow.

    They teach nothing: what could not be recognised by itself is no look to recognise others by.

    Parameters
    ----------
    cursor : of an open transaction
    sightings : of those nobody was found for
    person : whose they are
    by, why : the account that says so, and its reason

    Raises
    ------
    VisitordError
        if somebody was found for one of them meanwhile, or the person was merged away
    """
    identities.freeze(cursor)
    identities.hold(cursor, [person.visitor_id])
    _file(cursor, sightings, person.visitor_id, by, why)


def enrol(cursor: Cursor, sightings: Sequence[UUID], by: str, why: str) -> Person:
    """Make a new person of sightings, recognised from now on by the best look among them.

    Parameters
    ----------
    cursor : of an open transaction
    sightings : of those nobody was found for
    by, why : the account that says so, and its reason

    Raises
    ------
    VisitordError
        if what they look like is no longer kept, or somebody was found for one meanwhile
    """
    identities.freeze(cursor)
    best = statements.fetch_one(cursor, _Best, _SQL["best"], {"sightings": list(sightings)})
    if best is None:
        raise VisitordError(
            "What they look like is no longer kept (visit.settle_within): nobody could be "
            "recognised by it; assign them to somebody known instead."
        )

    new = new_identity_id(best.sighting_id)
    identities.enrol(cursor, new, best.started_at)
    identities.hold(cursor, [new])
    templates.learn(cursor, new, best.sighting_id)
    _file(cursor, sightings, new, by, why)
    return people.find(cursor, str(new))


def _file(cursor: Cursor, sightings: Sequence[UUID], person: UUID, by: str, why: str) -> None:
    values = {
        "sightings": list(sightings),
        "person": person,
        "reason": f"{by} said so: {why}",
    }
    cursor.execute(_SQL["file"], values)
    if cursor.rowcount != len(sightings):
        raise VisitordError("Somebody was found for one of them just now; look again and repeat.")

    visits.rebuild(cursor, [person], sightings)
    gallery_changes.announce(cursor, [person])
