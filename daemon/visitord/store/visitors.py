"""Lists people with what was counted of them, and their faces."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.errors import NotFoundError
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.window import Window

_SQL = statements.load("visitors")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person, as the view `visitor` shows them; seen: None while only photographs are known.

    site, timezone: where they were seen last; None where that is nowhere.  groups: by their names.
    """

    visitor_id: UUID
    name: str
    label: str
    status: str
    first_seen: datetime | None
    last_seen: datetime | None
    visits: int
    sightings: int
    site: str | None
    timezone: str | None
    groups: list[str]


@dataclass(frozen=True, slots=True)
class FrequentVisitor:
    """A person who came more than once within 30 days; median_gap: between their visits.

    site, timezone: where they were seen last.
    """

    visitor_id: UUID
    name: str
    label: str
    status: str
    visits_30d: int
    days_30d: int
    median_gap: timedelta | None
    last_seen: datetime | None
    site: str | None
    timezone: str | None
    groups: list[str]


@dataclass(frozen=True, slots=True)
class WallVisitor(Visitor):
    """One of `total` people.

    apart: they were said not to be the one they are shown beside.  likeness: to what they are
    sorted by, None where that is not known.
    """

    total: int
    apart: bool
    likeness: float | None


@dataclass(frozen=True, slots=True)
class PersonDetail(Visitor):
    """A person; also: the labels merged into it.

    templates: how many it is matched against.  set_aside: how many it is not any more.
    """

    also: list[str]
    templates: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class FaceOf:
    """What a person or a sighting is called; best and kept: names of crops, if there are.

    best: shows them best, but may be deleted for its age.  kept: a template was made from it.
    box: the one that took them, None where that was not noted.
    """

    id: UUID
    name: str
    best: str | None
    kept: str | None
    box: str | None

    @property
    def crop(self) -> str | None:
        """The crop to show, where it does not matter whether this box still has it."""
        return self.best or self.kept


def visitors(
    cursor: Cursor,
    window: Window | None = None,
    status: str | None = None,
    unnamed: bool = False,
) -> list[Visitor]:
    """People, those seen last first.

    Parameters
    ----------
    cursor : of an open transaction
    window : those seen within it; None: everyone
    status : only these; None: any
    unnamed : only those without a name
    """
    values = {**asdict(window or Window()), "status": status, "unnamed": unnamed}
    return statements.fetch_all(cursor, Visitor, _SQL["visitors"], values)


def frequent(
    cursor: Cursor,
    window: Window | None = None,
    status: str | None = None,
    unnamed: bool = False,
) -> list[FrequentVisitor]:
    """Who came more than once within 30 days, most often first.

    Parameters
    ----------
    cursor : of an open transaction
    window : those who have been at its site, of its groups; None: anyone, anywhere
    status, unnamed : as for `visitors`
    """
    values = {**asdict(window or Window()), "status": status, "unnamed": unnamed}
    return statements.fetch_all(cursor, FrequentVisitor, _SQL["frequent"], values)


def wall(
    cursor: Cursor,
    statuses: Sequence[str],
    text: str,
    limit: int,
    offset: int,
    other: UUID | None = None,
    alike: Mapping[UUID, float] | None = None,
) -> list[WallVisitor]:
    """A page of people, by the day seen last, the most frequent first.

    Parameters
    ----------
    cursor : of an open transaction
    statuses : people of any of these
    text : part of the name or the label, whatever case
    limit, offset : how many people, and how many before them are left out
    other : the person they are shown beside, if any, who is left out
    alike : how alike people are to what they are sorted by first, the most alike first
    """
    likeness = alike or {}
    values = {
        "statuses": list(statuses),
        "text": text,
        "limit": limit,
        "offset": offset,
        "other": other,
        "alike": list(likeness),
        "scores": list(likeness.values()),
    }
    return statements.fetch_all(cursor, WallVisitor, _SQL["wall"], values)


def detail(cursor: Cursor, visitor_id: UUID) -> PersonDetail:
    """One person; raises NotFoundError where they were forgotten or merged meanwhile."""
    found = statements.fetch_one(cursor, PersonDetail, _SQL["detail"], {"id": visitor_id})
    if found is None:
        raise NotFoundError(
            "This person was merged or forgotten by somebody else just now; look again."
        )
    return found


def faces(cursor: Cursor, ids: Sequence[UUID]) -> dict[UUID, FaceOf]:
    """What people and sightings are called, and the crops that show them, as far as they exist."""
    found = statements.fetch_all(cursor, FaceOf, _SQL["faces"], {"ids": list(ids)})
    return {face.id: face for face in found}
