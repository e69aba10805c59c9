"""Forgets people, and what pending sightings looked like: rows, then files, on every box."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from visitord.core.errors import NotFoundError
from visitord.store import gallery_cache, gallery_changes, identities, spool, statements
from visitord.store.crops import Crops
from visitord.store.database import Cursor
from visitord.store.people import Person

KEEP = timedelta(days=365)  # so long may a box be away, or a recording lie, and bring nobody back
TOLD_FOR = timedelta(days=1)  # galleries that did not hear of it by then are read anew
_SQL = statements.load("erasure")


@dataclass(frozen=True, slots=True)
class Erased:
    """What is no longer in the database.

    crops: names of pictures that nobody else needs.  sightings, identities: how many.  ids: of what
    was erased.
    """

    crops: tuple[str, ...]
    sightings: int
    identities: int
    ids: tuple[UUID, ...] = ()


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


def forget(cursor: Cursor, person: Person) -> Erased:
    """Erase a person and everyone merged into them from the database; every gallery hears of it.

    `finish` must follow once that is committed.  The ids of the sightings stay for `KEEP`, as a
    mark of which reports come too late.  Raises NotFoundError when somebody else forgot or merged
    them meanwhile.
    """
    identities.freeze(cursor)
    values = {"person": person.visitor_id}
    whole = statements.fetch_column(cursor, _SQL["whole"], values)
    gone = statements.fetch_one(cursor, _Forgotten, _SQL["forget"], values)
    if gone is None or not gone.identities:
        raise NotFoundError(
            f"{person.name} was merged or forgotten by somebody else just now; look again."
        )

    gallery_changes.announce(cursor, whole)
    return Erased(tuple(gone.crops), gone.sightings, gone.identities, tuple(gone.ids))


def since(cursor: Cursor, moment: datetime | None) -> Erased:
    """What any box erased since then (None: as far as is known), for this box to finish."""
    (found,) = statements.fetch_all(cursor, _ErasedSince, _SQL["since"], {"since": moment})
    return Erased(tuple(found.crops), len(found.ids), 0, tuple(found.ids))


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
