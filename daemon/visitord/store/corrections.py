"""What people take back: merges undone, sightings split off, pairs rejected.

Each function is one transaction of its caller, says what is wrong with a VisitordError, and tells
every gallery. What a person said here no merge job undoes: the two sides are kept as a rejected
pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg2.extras import Json

from visitord.core.errors import NotFoundError, VisitordError
from visitord.store import (
    events,
    gallery_changes,
    groups,
    identities,
    statements,
    template_audit,
    templates,
    visits,
)
from visitord.store.database import Cursor
from visitord.store.ids import ID_MIN
from visitord.store.people import Person

_SQL = statements.load("corrections")


@dataclass(frozen=True, slots=True)
class Undone:
    """Two identities that are two again."""

    kept_id: UUID
    merged_id: UUID


@dataclass(frozen=True, slots=True)
class Rejection:
    """Two people of whom a person said that they are two; by: the account that did."""

    visitor_id: UUID
    name: str
    other_visitor_id: UUID
    other_name: str
    by: str
    reason: str
    rejected_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """That two people are two, as a person said it; by: the account that did."""

    by: str
    reason: str
    rejected_at: datetime


@dataclass(frozen=True, slots=True)
class SeenTogether:
    """How often two people were in one picture, and when and by which camera last."""

    times: int
    last: datetime | None
    camera: str | None


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks against two people being one."""

    said: tuple[Said, ...]
    seen: SeenTogether

    def __bool__(self) -> bool:
        return bool(self.said) or self.seen.times > 0


@dataclass(frozen=True, slots=True)
class _Merge:
    merge_id: UUID
    kept_id: UUID
    merged_id: UUID
    settled: dict[str, str]
    merged_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Sighting:
    sighting_id: UUID
    started_at: datetime


@dataclass(frozen=True, slots=True)
class _BestSighting:
    sighting_id: UUID
    root_id: UUID


def undo(cursor: Cursor, merge: str, by: str, why: str, now: datetime) -> Undone:
    """Take back one merge.

    The merged identity stands for itself again, with everyone merged into it before; what the job
    settled because of the two being one is pending again, unless it was split off since.

    Parameters
    ----------
    cursor : of an open transaction
    merge : its id, or the first 8 characters of it
    by, why, now : the account that says so, its reason, and when

    Raises
    ------
    NotFoundError
        for no merge, or more than one
    VisitordError
        for a merge that was undone before
    """
    identities.freeze(cursor)
    wanted = {"id": merge, "least": ID_MIN}
    found = statements.fetch_all(cursor, _Merge, _SQL["find_merge"], wanted)
    if len(found) != 1:
        raise NotFoundError(
            f'No merge has the id "{merge}".', advice="visitorctl undo lists those in force."
        )
    (noted,) = found
    if noted.undone_at is not None:
        raise VisitordError("This merge was undone before; nothing to do.")

    merged = noted.merged_id
    root: UUID = statements.fetch_value(cursor, _SQL["root_of"], {"id": merged})
    cursor.execute(_SQL["stand_alone"], {"merged": merged})
    groups.give_back(cursor, merged, noted.merged_at)
    cursor.execute(_SQL["unsettle"], {"reasons": Json(noted.settled), "root": root})
    cursor.execute(
        _SQL["undo_merge"], {"merge": noted.merge_id, "by": by, "reason": why, "now": now}
    )
    events.merged(cursor, noted.merge_id, root, merged, undone=True)

    _keep_apart(cursor, noted.kept_id, merged, by, f"a merge was undone: {why}", now)
    follow(cursor, [root, merged], [UUID(sighting) for sighting in noted.settled])
    return Undone(root, merged)


def split(
    cursor: Cursor, person: Person, sightings: Sequence[str], by: str, why: str, now: datetime
) -> UUID:
    """Move some of a person's sightings, and what was learnt from them, to a new identity.

    Parameters
    ----------
    cursor : of an open transaction
    person : whose they are so far
    sightings : ids, or their first 8 characters or more
    by, why, now : the account that says so, its reason, and when

    Returns
    -------
    The new identity.

    Raises
    ------
    NotFoundError
        for a sighting that is not theirs
    VisitordError
        if all of them are to go
    """
    identities.freeze(cursor)
    theirs = statements.fetch_all(
        cursor, _Sighting, _SQL["sightings_of"], {"person": person.visitor_id}
    )
    moved = _meant(person, theirs, sightings)
    if len(moved) == len(theirs):
        raise VisitordError(
            f"These are all sightings of {person.name}: there would be nobody left to split from."
        )

    new = uuid4()
    ids = [one.sighting_id for one in moved]
    identities.enrol(cursor, new, moved[0].started_at)
    cursor.execute(_SQL["move_sightings"], {"to": new, "sightings": ids})
    cursor.execute(_SQL["move_templates"], {"to": new, "sightings": ids})

    note = {
        "split_id": uuid4(),
        "from": person.visitor_id,
        "to": new,
        "sightings": ids,
        "by": by,
        "reason": why,
        "now": now,
    }
    cursor.execute(_SQL["note_split"], note)

    _keep_apart(cursor, person.visitor_id, new, by, f"they were split: {why}", now)
    follow(cursor, [person.visitor_id, new])
    return new


def _meant(person: Person, theirs: Sequence[_Sighting], texts: Sequence[str]) -> list[_Sighting]:
    """The sightings that these ids or beginnings of ids name, oldest first.

    Raises NotFoundError.
    """
    meant = set()
    for text in texts:
        fitting = [s for s in theirs if str(s.sighting_id).startswith(text.lower())]
        if len(fitting) != 1 or len(text) < ID_MIN:
            raise NotFoundError(
                f'{person.name} has no sighting "{text}".', advice="visitorctl show lists them."
            )
        meant.add(fitting[0].sighting_id)
    return [s for s in theirs if s.sighting_id in meant]


def reject(cursor: Cursor, one: Person, other: Person, by: str, why: str, now: datetime) -> None:
    """Two people are two: no job merges them from now on.

    Parameters
    ----------
    cursor : of an open transaction
    one, other : the two
    by, why, now : the account that says so, its reason, and when

    Raises
    ------
    VisitordError
        if they are one person here
    """
    if one.visitor_id == other.visitor_id:
        raise VisitordError(
            f"{one.name} is one person here.",
            advice="take that apart with visitorctl undo or split.",
        )
    _keep_apart(cursor, one.visitor_id, other.visitor_id, by, why, now)


def against(cursor: Cursor, one: Person, other: Person) -> Against:
    """What speaks against two people being one: what a person said, and pictures of both."""
    values = {"one": one.visitor_id, "other": other.visitor_id}
    said = statements.fetch_all(cursor, Said, _SQL["rejections_between"], values)
    (seen,) = statements.fetch_all(cursor, SeenTogether, _SQL["in_one_picture"], values)
    return Against(tuple(said), seen)


def rejections(cursor: Cursor, limit: int) -> list[Rejection]:
    """The pairs that a person said are two people, the newest first, at most `limit`."""
    return statements.fetch_all(cursor, Rejection, _SQL["rejections"], {"limit": limit})


def withdraw(cursor: Cursor, one: Person, other: Person) -> None:
    """Take back that two people are two: jobs may merge them again.

    Raises
    ------
    VisitordError
        if nobody said so
    """
    cursor.execute(_SQL["withdraw"], {"one": one.visitor_id, "other": other.visitor_id})
    if not cursor.rowcount:
        raise VisitordError(
            f"Nobody said that {one.name} and {other.name} are two people.",
            advice="visitorctl reject --list shows of whom it was said.",
        )


def _keep_apart(cursor: Cursor, one: UUID, other: UUID, by: str, why: str, now: datetime) -> None:
    lower, higher = sorted((one, other))
    values = {"one": lower, "other": higher, "by": by, "reason": why, "now": now}
    cursor.execute(_SQL["reject"], values)


def follow(cursor: Cursor, roots: Sequence[UUID], unsettled: Sequence[UUID] = ()) -> None:
    """Visits, templates and galleries follow what changed for some people.

    A sighting that a recorder is writing for one of these people is waited for.

    Parameters
    ----------
    cursor : of an open transaction
    roots : identities that stand for themselves
    unsettled : sightings that may have no identity any more
    """
    identities.hold(cursor, roots)

    # Whoever is left without a template gets one: that which was set aside first.
    template_audit.revive(cursor, roots)
    for person in roots:
        best = statements.fetch_one(
            cursor, _BestSighting, _SQL["best_sighting"], {"person": person}
        )
        if best:
            templates.learn(cursor, best.root_id, best.sighting_id)

    visits.rebuild(cursor, roots, unsettled)
    gallery_changes.announce(cursor, roots)
