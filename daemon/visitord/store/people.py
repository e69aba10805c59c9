"""Finds people by what a person types, and changes what is known of them."""

from dataclasses import dataclass
from uuid import UUID

from visitord.core.errors import NotFoundError, VisitordError
from visitord.core.near_names import did_you_mean
from visitord.core.text import composed, unseen, visible
from visitord.store import events, gallery_changes, statements
from visitord.store.database import Cursor

NAME_MAX = 200
_SQL = statements.load("people")


@dataclass(frozen=True, slots=True)
class Person:
    """An identity that stands for itself.

    name: the given one or the label; the given one with the label where several have it.
    """

    visitor_id: UUID
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class _KnownAs:
    name: str | None
    label: str


def find(cursor: Cursor, who: str) -> Person:
    """The person meant by an id, the first 8 characters or more of it, a label, its number, a name.

    Old ids and labels of merged identities lead to the person that stands for them.

    Raises
    ------
    NotFoundError
        for nobody or for more than one, listing the near ones
    """
    text = tidied(who)
    number = text.lower().removeprefix("visitor ")
    values = {"text": text, "typed": " ".join(who.split()), "number": number}
    found = statements.fetch_all(cursor, Person, _SQL["find"], values)
    if len(found) == 1:
        return found[0]
    if found:
        listed = "; ".join(f"{p.name}, id {str(p.visitor_id)[:8]}" for p in found)
        raise NotFoundError(f'"{who}" may be any of: {listed}; use the label or the id.')
    raise _unknown(cursor, who, text)


def called(cursor: Cursor, name: str) -> list[Person]:
    """Everyone of exactly this name, whatever case.

    A name that was merged away leads to who stands for it.
    """
    return statements.fetch_all(cursor, Person, _SQL["called"], {"name": name})


def names(cursor: Cursor) -> list[str]:
    """The names and labels of those enrolled last."""
    known = statements.fetch_all(cursor, _KnownAs, _SQL["known_names"])
    return [text for one in known for text in (one.name, one.label) if text]


def _unknown(cursor: Cursor, who: str, text: str) -> NotFoundError:
    """The error for a name that nobody has, listing the near ones."""
    fact = f'Nobody is known as "{who}"'
    known = names(cursor)
    if not known:
        return NotFoundError(f"{fact}; no person has been enrolled yet.")

    meant = did_you_mean(text, known)
    if meant:
        return NotFoundError(f"{fact}; {meant}?")
    return NotFoundError(f"{fact}.", advice="visitorctl list shows everyone.")


def tidied(name: str) -> str:
    """A name with each letter composed in one way (Unicode's NFC), and single spaces."""
    return " ".join(composed(name).split())


def proper(name: str) -> str:
    """A name as it is kept; raises VisitordError for what cannot be one."""
    text = tidied(name)
    hidden = [visible(c) for c in unseen(text)]
    if not text:
        raise VisitordError("A name needs at least one visible character.")
    if hidden:
        listed = ", ".join(dict.fromkeys(hidden))
        raise VisitordError(
            f"A name has visible characters only, or two people could look the same: {listed} is "
            "not one."
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
    """Give a person a name and make them `named`; returns the name as kept.

    Raises VisitordError for what cannot be a name, and if the person was merged meanwhile.
    """
    text = proper(name)
    before = _called_before(cursor, person)
    cursor.execute(_SQL["rename"], {"id": person.visitor_id, "name": text})
    _require_changed(cursor, person)
    events.renamed(cursor, person.visitor_id, before)
    gallery_changes.announce(cursor, [person.visitor_id])
    return text


def clear_name(cursor: Cursor, person: Person) -> None:
    """Take a person's name away: they are called by their label again.

    Raises VisitordError for somebody who has none.
    """
    before = _called_before(cursor, person)
    cursor.execute(_SQL["clear_name"], {"id": person.visitor_id})
    if cursor.rowcount != 1:
        raise VisitordError(f"{person.name} has no name; nothing to take away.")
    events.renamed(cursor, person.visitor_id, before)
    gallery_changes.announce(cursor, [person.visitor_id])


def ignore(cursor: Cursor, person: Person) -> None:
    """Leave a person out of reports and arrivals from now on; they go on being recognised.

    Raises VisitordError.
    """
    cursor.execute(_SQL["ignore"], {"id": person.visitor_id})
    _require_changed(cursor, person)
    gallery_changes.announce(cursor, [person.visitor_id])


def unignore(cursor: Cursor, person: Person) -> None:
    """An ignored person counts again, as named or provisional.

    Raises VisitordError for one who is not ignored.
    """
    cursor.execute(_SQL["unignore"], {"id": person.visitor_id})
    if cursor.rowcount != 1:
        raise VisitordError(
            f"{person.name} is not ignored.",
            advice="visitorctl list --status ignored shows who is.",
        )
    gallery_changes.announce(cursor, [person.visitor_id])


def _called_before(cursor: Cursor, person: Person) -> str:
    """The name or the label alone, locked until the transaction ends."""
    name = statements.fetch_value(cursor, _SQL["name_of"], {"id": person.visitor_id})
    return str(name or person.label)


def _require_changed(cursor: Cursor, person: Person) -> None:
    """Raises VisitordError where the statement before this found the person gone."""
    if cursor.rowcount != 1:
        raise VisitordError(
            f"{person.name} was merged by somebody else just now; look again and repeat."
        )
