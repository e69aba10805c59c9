"""Forgets people, sightings, and what pending ones looked like: rows, then files, on every box."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from visitord.core.errors import NotFoundError
from visitord.store import (
    corrections,
    gallery_cache,
    gallery_changes,
    identities,
    likeness,
    spool,
    statements,
)
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.ids import ID_MIN
from visitord.store.people import Person

# Longer than a transaction lasts, and than the clocks of two boxes differ
OVERLAP = timedelta(minutes=5)
KEEP = timedelta(days=365)  # so long may a box be away, or a recording lie, and bring nobody back
TOLD_FOR = timedelta(days=1)  # galleries that did not hear of it by then are read anew
_SQL = statements.load("erasure")


@dataclass(frozen=True, slots=True)
class Erased:
    """What is no longer in the database.

    crops: names of pictures that nobody else needs.  sightings, identities: how many.  ids: of what
    was erased.  marks: ids of what was erased and has a picture on the box that asks.
    """

    crops: tuple[str, ...]
    sightings: int
    identities: int
    ids: tuple[UUID, ...] = ()
    marks: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """An identity that is one with a person.  name: the one that was given, if any."""

    identity_id: UUID
    label: str
    name: str | None

    @property
    def called(self) -> str:
        """The name with the label, or the label alone."""
        return self.label if self.name is None else f"{self.name} ({self.label})"


@dataclass(frozen=True, slots=True)
class _Forgotten:
    ids: list[UUID]
    crops: list[str]
    sightings: int
    identities: int


@dataclass(frozen=True, slots=True)
class _ErasedSince:
    ids: list[UUID]
    crops: list[str]
    marks: list[UUID]


# People


def whole(cursor: Cursor, person: Person) -> list[Part]:
    """Everyone who is one with a person, the one that stands for all first."""
    return statements.fetch_all(cursor, Part, _SQL["whole"], {"person": person.visitor_id})


def means_itself(cursor: Cursor, who: str, person: Person) -> bool:
    """Whether a text that names a person does not only name somebody merged into them."""
    text = " ".join(who.split())
    number = text.lower().removeprefix("visitor ")
    values = {"person": person.visitor_id, "text": text, "number": number}
    return bool(statements.fetch_value(cursor, _SQL["stands_for_itself"], values))


def forget(cursor: Cursor, person: Person) -> Erased:
    """Erase a person and everyone merged into them from the database; every gallery hears of it.

    With undecided sightings that are more like them than like anyone else.  `finish` must follow
    once that is committed.  The ids of the sightings stay for `KEEP`, as a mark of which reports
    come too late.  Raises NotFoundError when somebody else forgot or merged them meanwhile.
    """
    identities.freeze(cursor)
    values = {"person": person.visitor_id}
    cursor.execute(_SQL["hold"], values)
    ids = [part.identity_id for part in whole(cursor, person)]
    if not ids:
        raise NotFoundError(
            f"{person.name} was merged or forgotten by somebody else just now; look again."
        )

    alike = likeness.of_person(cursor, ids)
    found = {"alike": list(alike.theirs), "compared": list(alike.compared)}
    gone = statements.fetch_one(cursor, _Forgotten, _SQL["forget"], {**values, **found})
    assert gone  # noqa: S101 - a function returns one row
    gallery_changes.announce(cursor, ids)
    return _erased(gone)


# Sightings


def named(cursor: Cursor, texts: Sequence[str]) -> list[UUID]:
    """The sightings that these ids, or their first 8 characters or more, name.

    Raises NotFoundError for none, or several.
    """
    meant = []
    for text in texts:
        values = {"text": text, "least": ID_MIN}
        found = statements.fetch_column(cursor, _SQL["named"], values)
        if len(found) != 1:
            raise NotFoundError(
                f'No sighting has the id "{text}".',
                advice="visitorctl show and export sightings list them.",
            )
        meant += found
    return meant


def seen(
    cursor: Cursor, site: str, camera: str, since: datetime | None, until: datetime | None
) -> list[UUID]:
    """The sightings of a camera of a site that ended after `since` and began before `until`."""
    values = {"site": site, "camera": camera, "since": since, "until": until}
    return statements.fetch_column(cursor, _SQL["seen"], values)


def undecided(cursor: Cursor, site: str) -> list[UUID]:
    """The sightings of a site that nobody was found for and that have an embedding or a picture."""
    return statements.fetch_column(cursor, _SQL["undecided"], {"site": site})


def people_of(cursor: Cursor, sightings: Collection[UUID]) -> list[Person]:
    """Whose sightings these are, as far as they are anybody's."""
    return statements.fetch_all(cursor, Person, _SQL["people_of"], {"ids": list(sightings)})


def forget_sightings(cursor: Cursor, chosen: Collection[UUID]) -> tuple[Erased, list[Person]]:
    """Erase sightings with their pictures and templates; every gallery hears of it.

    What passes for pieces of their tracks goes along, and so do people of whom nothing is left.
    `finish` must follow once that is committed.

    Parameters
    ----------
    cursor : of an open transaction
    chosen : their ids

    Returns
    -------
    What is erased, and who went with it.
    """
    identities.freeze(cursor)
    people = people_of(cursor, chosen)
    ids = [person.visitor_id for person in people]
    parts = [part.identity_id for person in people for part in whole(cursor, person)]

    values = {"ids": list(chosen)}
    erased = statements.fetch_one(cursor, _Forgotten, _SQL["forget_sightings"], values)
    assert erased  # noqa: S101 - a function returns one row

    lost = set(statements.fetch_column(cursor, _SQL["gone"], {"ids": ids}))
    corrections.follow(cursor, [one for one in ids if one not in lost])
    gallery_changes.announce(cursor, parts)
    return _erased(erased), [person for person in people if person.visitor_id in lost]


def _erased(gone: _Forgotten) -> Erased:
    return Erased(tuple(gone.crops), gone.sightings, gone.identities, tuple(gone.ids))


# What is late, and what lies elsewhere


def forgotten_since(cursor: Cursor, moment: datetime) -> bool:
    """Whether anybody was forgotten then or later, on any box."""
    return bool(statements.fetch_value(cursor, _SQL["forgotten_since"], {"moment": moment}))


def since(
    cursor: Cursor,
    moment: datetime | None,
    box: str | None = None,
    waiting: Collection[UUID] = (),
) -> Erased:
    """What any box erased since then, for this box to finish.

    Parameters
    ----------
    cursor : of an open transaction
    moment : the time; None: as far as is known
    box : its name; None: there is no other
    waiting : the sightings that wait on its disk, whenever they were erased
    """
    values = {"since": moment, "box": box, "waiting": list(waiting)}
    (found,) = statements.fetch_all(cursor, _ErasedSince, _SQL["since"], values)
    ids = tuple(found.ids)
    return Erased(tuple(found.crops), len(ids), 0, ids, tuple(found.marks))


def finish_here(
    database: Database,
    moment: datetime | None,
    box: str | None,
    crops: Crops,
    spool_file: Path,
    gallery_file: Path | None = None,
) -> None:
    """Delete what this box has of what any box erased since then, and note that it is gone.

    Parameters
    ----------
    database : whose connection is in no transaction
    moment : the time; None: as far as is known
    box : this one's name; None: there is no other
    crops, spool_file, gallery_file : as for `finish`

    Raises
    ------
    DatabaseError, SpoolError, OSError
        the daemon of this box tries again
    """
    waiting = spool.ids(spool_file)
    with database.transaction() as cursor:
        erased = since(cursor, moment and moment - OVERLAP, box, waiting)
    finish(erased, crops, spool_file, gallery_file)
    if erased.marks:
        with database.transaction() as cursor:
            cursor.execute(_SQL["confirm"], {"marks": list(erased.marks)})


def finish(
    erased: Erased, crops: Crops, spool_file: Path, gallery_file: Path | None = None
) -> None:
    """Delete this box's pictures and waiting tracks of what was erased; doing it twice is harmless.

    Parameters
    ----------
    erased : as the database says
    crops : the pictures on this box
    spool_file : where its tracks wait
    gallery_file : deleted too, for a box whose daemon may not run: that writes it anew by itself

    Raises
    ------
    SpoolError, OSError
        the daemon of this box tries again
    """
    if gallery_file:
        gallery_cache.delete(gallery_file)
    crops.delete(erased.crops)
    if erased.ids:
        spool.erase(spool_file, erased.ids)


# In time


def unnamed(cursor: Cursor, crops: Collection[str]) -> list[str]:
    """Those of these pictures that no row names."""
    return statements.fetch_column(cursor, _SQL["unnamed"], {"crops": list(crops)})


def expire(cursor: Cursor, before: datetime, most: int) -> int:
    """Delete what sightings that ended before then and have no identity could be recognised by.

    They stay, and so do the visits they count for; the merge job has nothing left to compare.  The
    pictures go from each box as those of people who were forgotten do.

    Parameters
    ----------
    cursor : of an open transaction
    before : the time
    most : sightings at once, those that ended first

    Returns
    -------
    Of how many.
    """
    expired = statements.fetch_column(cursor, _SQL["expire"], {"before": before, "most": most})
    cursor.execute(_SQL["expire_reembeddings"], {"sightings": expired})
    return len(expired)


def sweep(cursor: Cursor, now: datetime) -> None:
    """Drop the marks of what was erased before `KEEP`, and what galleries were told of it."""
    cursor.execute(_SQL["sweep"], {"before": now - KEEP})
    gallery_changes.sweep(cursor, now - TOLD_FOR)
