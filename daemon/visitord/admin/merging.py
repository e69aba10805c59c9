"""Who is whom: merges and what takes them back, pairs kept apart, suggestions answered.

Each function is one transaction.  `author` and the clock's time are logged with what was done.
All raise NotFoundError for nobody, or more than one, and VisitordError for what makes no sense.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from visitord.admin.author import Author
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.store import corrections, merges, people, suggestions
from visitord.store.corrections import Against, Rejection
from visitord.store.database import Cursor, Database
from visitord.store.merges import MergeInForce
from visitord.store.people import Person
from visitord.store.suggestions import OpenSuggestion


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge, and the two as they were before: the second is now part of the first."""

    merge_id: UUID
    kept: Person
    merged: Person


@dataclass(frozen=True, slots=True)
class Unmerged:
    """Two people of whom the second was part of the first."""

    kept: Person
    merged: Person


@dataclass(frozen=True, slots=True)
class SplitOff:
    """A person, and the new one that some sightings of theirs became."""

    person: Person
    new: Person
    sightings: int


@dataclass(frozen=True, slots=True)
class KeptApart:
    """Two people whom no job will merge."""

    one: Person
    other: Person


class ContradictedError(VisitordError):
    """Two people are to be merged of whom something says that they are two.

    against: what.  one, other: the two.
    """

    def __init__(self, one: Person, other: Person, against: Against) -> None:
        self.one = one
        self.other = other
        self.against = against
        super().__init__(
            f"{one.name} and {other.name} are two people by what is known: {in_words(against)}.",
            advice="say that you are certain to merge them all the same.",
        )


def in_words(against: Against) -> str:
    """What speaks against two people being one."""
    parts = [
        f"{said.by} said so on {said.rejected_at:%Y-%m-%d} ({said.reason})" for said in against.said
    ]
    seen = against.seen
    if seen.times:
        times = "once" if seen.times == 1 else f"{seen.times} times"
        parts.append(
            f"they were in one picture {times}, last at {seen.camera} on {seen.last:%Y-%m-%d %H:%M}"
        )
    return ", and ".join(parts)


def merge(
    database: Database,
    keep: str,
    other: str,
    author: Author,
    clock: Clock,
    *,
    certain: bool = False,
) -> Merged:
    """Two people are one: the name and the id of `keep` stay, those of `other` lead there.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    keep, other : str
        Anything that names a person.
    author, clock
        Logged with it.
    certain : bool
        Also where something says that they are two.

    Raises
    ------
    ContradictedError
        Where something does, and the caller is not certain.
    """
    with database.transaction() as cursor:
        kept = people.find(cursor, keep)
        merged = people.find(cursor, other)
        if not certain and kept != merged:
            against = corrections.against(cursor, kept, merged)
            if against:
                raise ContradictedError(kept, merged, against)
        return _merge(cursor, kept, merged, author, clock)


def undo(database: Database, merge_id: str, author: Author, clock: Clock) -> Unmerged:
    """Take back a merge, named by its id or the first 8 characters of it.

    Everything is as it was before, and no job will merge the two again.
    """
    with database.transaction() as cursor:
        undone = corrections.undo(cursor, merge_id, author.by, author.why, clock.now())
        return Unmerged(
            people.find(cursor, str(undone.kept_id)), people.find(cursor, str(undone.merged_id))
        )


def split(
    database: Database, who: str, sightings: Sequence[str], author: Author, clock: Clock
) -> SplitOff:
    """Some sightings of a person are somebody else: they become a new identity.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    who : str
        Anything that names a person.
    sightings : sequence of str
        Ids, or their first 8 characters.
    author, clock
        Logged with it.
    """
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        new_id = corrections.split(cursor, person, sightings, author.by, author.why, clock.now())
        return SplitOff(person, people.find(cursor, str(new_id)), len(set(sightings)))


def reject(database: Database, one: str, other: str, author: Author, clock: Clock) -> KeptApart:
    """Two people are two: no job merges them from now on."""
    with database.transaction() as cursor:
        return _reject(cursor, people.find(cursor, one), people.find(cursor, other), author, clock)


def withdraw(database: Database, one: str, other: str) -> KeptApart:
    """Take back that two people are two; jobs may merge them again."""
    with database.transaction() as cursor:
        apart = KeptApart(people.find(cursor, one), people.find(cursor, other))
        corrections.withdraw(cursor, apart.one, apart.other)
        return apart


def rejections(database: Database, limit: int) -> list[Rejection]:
    """The pairs that a person said are two people, the newest first, at most `limit`."""
    with database.transaction() as cursor:
        return corrections.rejections(cursor, limit)


def accept_suggestion(database: Database, number: int, author: Author, clock: Clock) -> Merged:
    """The two of an open suggestion are one; the named, ignored or longer known one stays."""
    with database.transaction() as cursor:
        pair = suggestions.pair(cursor, number)
        return _merge(cursor, pair.kept, pair.merged, author, clock)


def reject_suggestion(database: Database, number: int, author: Author, clock: Clock) -> KeptApart:
    """The two of an open suggestion are two."""
    with database.transaction() as cursor:
        pair = suggestions.pair(cursor, number)
        return _reject(cursor, pair.kept, pair.merged, author, clock)


def merges_in_force(database: Database, limit: int) -> list[MergeInForce]:
    """The merges that can be taken back, the newest first, at most `limit`."""
    with database.transaction() as cursor:
        return merges.in_force(cursor, limit)


def open_suggestions(database: Database) -> list[OpenSuggestion]:
    """What the merge job asks, the most alike first."""
    with database.transaction() as cursor:
        return suggestions.unanswered(cursor)


def _merge(cursor: Cursor, kept: Person, merged: Person, author: Author, clock: Clock) -> Merged:
    merge_id = merges.merge(
        cursor, kept.visitor_id, merged.visitor_id, author.by, author.why, clock.now()
    )
    return Merged(merge_id, kept, merged)


def _reject(cursor: Cursor, one: Person, other: Person, author: Author, clock: Clock) -> KeptApart:
    corrections.reject(cursor, one, other, author.by, author.why, clock.now())
    return KeptApart(one, other)
