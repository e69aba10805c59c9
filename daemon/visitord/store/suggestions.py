"""Pairs that may be one person, which the merge job leaves to a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visitord.core.errors import NotFoundError, VisitordError
from visitord.core.records import Status
from visitord.identity.clustering import DOUBT, Suggestion
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.people import Person

_SQL = statements.load("suggestions")


@dataclass(frozen=True, slots=True)
class OpenSuggestion:
    """A question.  one, other: what the two are called.  agreement: their cosine similarity."""

    number: int
    one: str
    other: str
    agreement: float
    reason: str
    made_at: datetime
    one_id: UUID
    other_id: UUID


@dataclass(frozen=True, slots=True)
class SuggestedPair:
    """Who stays if the two are one: the named or ignored one, else the one known longer."""

    kept: Person
    merged: Person


@dataclass(frozen=True, slots=True)
class _Suggested(Person):
    status: str

    @property
    def person(self) -> Person:
        return Person(self.visitor_id, self.name, self.label)


def unanswered(cursor: Cursor) -> list[OpenSuggestion]:
    """The open questions, most alike first."""
    return statements.fetch_all(cursor, OpenSuggestion, _SQL["open"])


def pair(cursor: Cursor, number: int) -> SuggestedPair:
    """The two people of an open suggestion.

    Raises NotFoundError where it is not open, VisitordError where a person must say who stays.
    """
    if number not in {suggestion.number for suggestion in unanswered(cursor)}:
        raise NotFoundError(
            f"There is no open suggestion {number}.", advice="visitorctl suggestions lists them."
        )

    one, other = statements.fetch_all(cursor, _Suggested, _SQL["people"], {"number": number})
    if other.status != Status.PROVISIONAL:
        raise VisitordError(
            f"{one.name} and {other.name} both have names or are ignored.",
            advice="say who stays with visitorctl merge KEEP OTHER.",
            joint=": ",
        )
    return SuggestedPair(one.person, other.person)


def doubt(
    cursor: Cursor, enrolled: UUID, candidate: UUID, similarity: float, now: datetime
) -> None:
    """Ask whether somebody who was just enrolled is the one they are nearly like.

    Nothing is asked where that one is no more.

    Parameters
    ----------
    cursor : of an open transaction
    enrolled, candidate : the two
    similarity : how alike they are
    now : when that was seen
    """
    values = {
        "enrolled": enrolled,
        "candidate": candidate,
        "agreement": similarity,
        "reason": DOUBT,
        "now": now,
    }
    cursor.execute(_SQL["doubt"], values)


def doubts(cursor: Cursor) -> list[Suggestion]:
    """The open questions that `doubt` asked, about those who stand for the two by now."""
    return statements.fetch_all(cursor, Suggestion, _SQL["doubts"], {"reason": DOUBT})


def keep(cursor: Cursor, suggestions: Sequence[Suggestion], now: datetime) -> None:
    """Keep exactly these as the open ones; those that stay keep their numbers.

    Parameters
    ----------
    cursor : of an open transaction
    suggestions : what the merge job is in doubt about
    now : when it said so
    """
    values = {
        "ones": [s.one for s in suggestions],
        "others": [s.other for s in suggestions],
        "agreements": [s.agreement for s in suggestions],
        "reasons": [s.reason for s in suggestions],
        "now": now,
    }
    cursor.execute(_SQL["suggest"], values)
    cursor.execute(_SQL["withdraw"], values)
