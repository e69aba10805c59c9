"""People as the system knows them, and when a face is held to be theirs."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from visitord.core.records.arrays import Embedding


class Status(StrEnum):
    """What the system knows about an identity."""

    PROVISIONAL = "provisional"
    NAMED = "named"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """An embedding that an identity is matched against.

    Attributes
    ----------
    template_id : UUID
        Its own.
    identity_id : UUID
        Whose it is.
    root_id : UUID
        The identity that stands for its owner, itself unless that one was merged into another.
    embedding : float32 (d,)
        Of unit length.
    quality : float
        Of the samples it was made from, 0..1.
    name : str or None
        What the root is called; empty while the database has given it no number, None when it is
        ignored.
    """

    template_id: UUID
    identity_id: UUID
    root_id: UUID
    embedding: Embedding
    quality: float
    name: str | None = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosine similarities at which a pack decides, -1..1.

    Attributes
    ----------
    match : float
        At or above, it is that person.
    new : float
        Below, it is nobody known.
    merge : float
        Every pair of templates' best similarity inside a merged group reaches this.
    certain : float
        Well above `match`: enough to announce someone before their track ends, and to learn from.
    source : str
        The measurement that justifies the numbers.
    """

    match: float
    new: float
    merge: float
    certain: float
    source: str = field(compare=False)

    def __post_init__(self) -> None:
        if not -1 <= self.new <= self.match <= self.certain <= 1:
            raise ValueError("thresholds must satisfy new ≤ match ≤ certain, all within -1..1")
