"""Finds people by what a person types, and changes what is known of them."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category
from uuid import UUID

from visitord.core.errors import NotFoundError, VisitordError
from visitord.store import templates
from visitord.store.database import SQL, Cursor

NEAR_MAX = 3
NAME_MAX = 200
_BIDI = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # would turn the rest of a line around
)


@dataclass(frozen=True, slots=True)
class Person:
    """An identity that stands for itself.  `name` is the given one or the label."""

    visitor_id: UUID
    name: str
    label: str


def find(cursor: Cursor, who: str) -> Person:
    """The person meant by an id, an id's beginning (8 characters or more), a label, its number, or
    a name.

    Old ids and labels of merged identities lead to the person that stands for them.  Raises
    NotFoundError for nobody or for more than one, listing the near ones.
    """
    text = " ".join(who.split())
    number = text.lower().removeprefix("visitor ")
    cursor.execute(SQL["find_person"], {"text": text, "number": number})
    found = [Person(*row) for row in cursor.fetchall()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = "; ".join(f"{p.name} ({p.label}, {str(p.visitor_id)[:8]})" for p in found)
        raise NotFoundError(f'"{who}" may be any of: {listed}; use the label or the id.')
    raise _unknown(cursor, who, text)


def faces(cursor: Cursor, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """What people and sightings are called, and the crop that shows them best, if any."""
    cursor.execute(SQL["faces"], {"ids": list(ids)})
    return {row[0]: (row[1], row[2] or row[3]) for row in cursor.fetchall()}


def names(cursor: Cursor) -> list[str]:
    """The names and labels of those enrolled last."""
    cursor.execute(SQL["known_names"])
    return [value for row in cursor.fetchall() for value in row if value]


def _unknown(cursor: Cursor, who: str, text: str) -> NotFoundError:
    fact = f'Nobody is known as "{who}"'
    known = names(cursor)
    if not known:
        return NotFoundError(f"{fact}; no person has been enrolled yet.")

    near = difflib.get_close_matches(text, known, n=NEAR_MAX, cutoff=0.5)
    if near:
        return NotFoundError(f"{fact}; near: {', '.join(near)}.")
    return NotFoundError(f"{fact}.", advice="visitorctl list shows everyone.")


def called(cursor: Cursor, name: str) -> list[Person]:
    """Everyone of exactly this name, whatever case; a name that was merged away leads to who stands
    for it.
    """
    cursor.execute(SQL["called"], (name,))
    return [Person(*row) for row in cursor.fetchall()]


def proper(name: str) -> str:
    """A name as it is kept; raises VisitordError for what cannot be one."""
    text = " ".join(name.split())
    if not any(c.isprintable() for c in text) or any(
        c in _BIDI or category(c) in {"Cc", "Cs"} for c in text
    ):
        raise VisitordError(
            "A name needs at least one visible character, and no control characters."
        )
    if len(text) > NAME_MAX:
        raise VisitordError(
            f"A name may have at most {NAME_MAX} characters; this one has {len(text)}."
        )
    if text.lower().removeprefix("visitor ").isdecimal():
        raise VisitordError(
            f'"{text}" looks like a label; choose a name that no other visitor can have as number.'
        )
    return text


def rename(cursor: Cursor, person: Person, name: str) -> str:
    """Give a person a name and make them `named`; returns the name as kept.  Raises VisitordError."""
    text = proper(name)
    cursor.execute(SQL["rename"], (text, person.visitor_id))
    if cursor.rowcount != 1:
        raise VisitordError(
            f"{person.name} was merged by somebody else just now; look again and repeat."
        )
    templates.changed(cursor, [person.visitor_id])
    return text


def ignore(cursor: Cursor, person: Person) -> None:
    """Leave a person out of reports and arrivals from now on; they go on being recognised.  Raises
    VisitordError.
    """
    cursor.execute(
        "update identity set status = 'ignored' where identity_id = %s and merged_into is null",
        (person.visitor_id,),
    )
    if cursor.rowcount != 1:
        raise VisitordError(
            f"{person.name} was merged by somebody else just now; look again and repeat."
        )
    templates.changed(cursor, [person.visitor_id])


def unignore(cursor: Cursor, person: Person) -> None:
    """An ignored person counts again, as named or provisional.  Raises VisitordError for one who is
    not ignored.
    """
    cursor.execute(SQL["unignore"], (person.visitor_id,))
    if cursor.rowcount != 1:
        raise VisitordError(
            f"{person.name} is not ignored.",
            advice="visitorctl list --status ignored shows who is.",
        )
    templates.changed(cursor, [person.visitor_id])
