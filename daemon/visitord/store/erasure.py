"""Forgets people: every row about them at once, then their pictures and what waits on disk, on
every box.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from visitord.core.errors import NotFoundError
from visitord.store import merges, spool, templates
from visitord.store.crops import Crops
from visitord.store.database import SQL, Cursor
from visitord.store.people import Person

KEEP = timedelta(days=365)  # so long may a box be away, or a recording lie, and bring nobody back


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


def forget(cursor: Cursor, person: Person) -> Erased:
    """Erase a person and everyone merged into them from the database; every gallery hears of it.

    `finish` must follow once that is committed.  The ids of the sightings stay for `KEEP`, as a
    mark of which reports come too late.  Raises NotFoundError when somebody else forgot or merged
    them meanwhile.
    """
    merges.freeze(cursor)
    cursor.execute("select identity_id from identity where root_id = %s", (person.visitor_id,))
    whole = [row[0] for row in cursor]
    cursor.execute("select ids, crops, sightings, identities from forget(%s)", (person.visitor_id,))
    ids, crops, sightings, identities = cursor.fetchone() or ([], [], 0, 0)
    if not identities:
        raise NotFoundError(
            f"{person.name} was merged or forgotten by somebody else just now; look again."
        )
    templates.changed(cursor, whole)
    return Erased(tuple(crops), sightings, identities, tuple(ids))


def since(cursor: Cursor, moment: datetime | None) -> Erased:
    """What any box erased since then (None: as far as is known), for this box to finish."""
    cursor.execute(SQL["erased_since"], {"since": moment or "-infinity"})
    ids, crops = cursor.fetchone() or ([], [])
    return Erased(tuple(crops), len(ids), 0, tuple(ids))


def finish(
    erased: Erased, crops: Crops, spool_file: Path, gallery_file: Path | None = None
) -> None:
    """Delete this box's pictures and waiting tracks of what was erased; doing it twice is harmless.

    gallery_file: deleted too, for a box whose daemon may not run: that writes it anew by itself.

    Raises SpoolError, OSError; the daemon of this box tries again.
    """
    if gallery_file:
        gallery_file.unlink(missing_ok=True)
    crops.delete(erased.crops)
    if erased.ids:
        spool.erase(spool_file, erased.ids)


def sweep(cursor: Cursor, now: datetime) -> None:
    """Drop the marks of what was erased more than `KEEP` ago, and what galleries were told of it, a
    day ago.
    """
    cursor.execute("delete from erased where erased_at < %s", (now - KEEP,))
    cursor.execute(SQL["sweep_changes"], (now - timedelta(days=1),))
