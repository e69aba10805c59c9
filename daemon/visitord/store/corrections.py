"""What people take back: merges undone, sightings split off, pairs rejected, suggestions answered.

Each function is one transaction of its caller, says what is wrong with a VisitordError, and tells
every gallery. What a person said here no merge job undoes: the two sides are kept as a rejected
pair.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from uuid import UUID, uuid4

from psycopg2.extras import Json

from visitord.core.errors import NotFoundError, VisitordError
from visitord.store import merges, templates
from visitord.store.database import SQL, Cursor, value
from visitord.store.people import Person
from visitord.store.reports import rows

ID_MIN = 8  # so many characters of an id name it


def suggested(cursor: Cursor, number: int) -> tuple[Person, Person]:
    """The two of an open suggestion, the one to keep first: the named or ignored one, else the one
    known longer.
    """
    if number not in {row["number"] for row in rows(cursor, "suggestions")}:
        raise NotFoundError(
            f"There is no open suggestion {number}.", advice="visitorctl suggestions lists them."
        )
    cursor.execute(SQL["suggested_people"], (number,))
    (*one, _), (*other, status) = cursor.fetchall()
    if status != "provisional":
        raise VisitordError(
            f"{one[1]} and {other[1]} both have names or are ignored.",
            advice="say who stays with visitorctl merge KEEP OTHER.",
            joint=": ",
        )
    return Person(*one), Person(*other)


def undo(cursor: Cursor, merge: str, by: str, why: str, now: datetime) -> tuple[UUID, UUID]:
    """Take back one merge, named by its id or the first 8 characters; returns the kept and the
    merged identity.

    The merged one stands for itself again, with everyone merged into it before; what the job
    settled because of the two being one is pending again, unless it was split off since.
    """
    merges.freeze(cursor)
    cursor.execute(SQL["find_merge"], {"id": merge, "least": ID_MIN})
    found = cursor.fetchall()
    if len(found) != 1:
        raise NotFoundError(
            f'No merge has the id "{merge}".', advice="visitorctl undo lists those in force."
        )
    merge_id, kept, merged, settled, undone_at = found[0]
    if undone_at is not None:
        raise VisitordError("This merge was undone before; nothing to do.")
    root: UUID = value(cursor, "select root_id from identity where identity_id = %s", (merged,))
    cursor.execute(SQL["stand_alone"], {"merged": merged})
    cursor.execute(SQL["unsettle"], (Json(settled), root))
    cursor.execute(SQL["undo_merge"], (now, by, why, merge_id))
    _keep_apart(cursor, kept, merged, by, f"a merge was undone: {why}", now)
    _changed(cursor, [root, merged])
    return root, merged


def split(
    cursor: Cursor, person: Person, sightings: Sequence[str], by: str, why: str, now: datetime
) -> UUID:
    """Move some of a person's sightings, and what was learnt from them, to a new identity; returns
    that.

    sightings: ids, or their first 8 characters or more.
    """
    merges.freeze(cursor)
    cursor.execute(SQL["sightings_of"], (person.visitor_id,))
    theirs = cursor.fetchall()
    wanted = {
        text: [row for row in theirs if str(row[0]).startswith(text.lower())] for text in sightings
    }
    for text, meant in wanted.items():
        if len(meant) != 1 or len(text) < ID_MIN:
            raise NotFoundError(
                f'{person.name} has no sighting "{text}".', advice="visitorctl show lists them."
            )
    moved = sorted({meant[0] for meant in wanted.values()}, key=itemgetter(1))
    if len(moved) == len(theirs):
        raise VisitordError(
            f"These are all sightings of {person.name}: there would be nobody left to split from."
        )
    new, ids = uuid4(), [row[0] for row in moved]
    templates.enrol(cursor, new, moved[0][1])
    cursor.execute("update sighting set identity_id = %s where sighting_id = any(%s)", (new, ids))
    cursor.execute("update template set identity_id = %s where sighting_id = any(%s)", (new, ids))
    cursor.execute(SQL["note_split"], ((uuid4(), person.visitor_id, new, ids, by, why, now),))
    _keep_apart(cursor, person.visitor_id, new, by, f"they were split: {why}", now)
    _changed(cursor, [person.visitor_id, new])
    return new


def reject(cursor: Cursor, one: Person, other: Person, by: str, why: str, now: datetime) -> None:
    """Two people are two: no job merges them from now on."""
    if one.visitor_id == other.visitor_id:
        raise VisitordError(
            f"{one.name} is one person here.",
            advice="take that apart with visitorctl undo or split.",
        )
    _keep_apart(cursor, one.visitor_id, other.visitor_id, by, why, now)


def _keep_apart(cursor: Cursor, one: UUID, other: UUID, by: str, why: str, now: datetime) -> None:
    cursor.execute(SQL["reject"], ((*sorted((one, other)), by, why, now),))


def _changed(cursor: Cursor, roots: Sequence[UUID]) -> None:
    """Visits, templates and galleries follow; a sighting that a recorder is writing for one of them
    is waited for.
    """
    merges.hold(cursor, roots)
    for identity_id in roots:  # whoever is left without a template gets one
        cursor.execute(SQL["best_template_update"], {"id": identity_id})
        for sighting_id, owner in cursor.fetchall():
            templates.learn(cursor, owner, sighting_id)
    cursor.execute(SQL["rebuild_visits"], (list(roots),))
    templates.changed(cursor, roots)
