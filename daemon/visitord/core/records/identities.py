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
    photograph : bool
        Whether it comes from a photograph that a person gave, and not from a sighting.
    """

    template_id: UUID
    identity_id: UUID
    root_id: UUID
    embedding: Embedding
    quality: float
    name: str | None = ""
    photograph: bool = False


@dataclass(frozen=True, slots=True)
class Separation:
    """How well a recogniser tells people apart, from which the thresholds follow.

    Attributes
    ----------
    dims : float
        Cosines of two people are spread as those of random directions in so many dimensions, in
        the tail that matters: the more, the lower is the best of many strangers.
    least : float
        The lowest similarity that is ever a match, however few people are known.
    margin : float
        How far above a match it is beyond doubt.
    source : str
        The measurement that justifies the numbers.
    """

    dims: float
    least: float
    margin: float
    source: str = field(compare=False)

    def __post_init__(self) -> None:
        if not (self.dims > 1 and -1 <= self.least <= 1 and self.margin >= 0):
            raise ValueError("a separation has more than 1 dimension, and a least within -1..1")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosine similarities at which is decided while so many people are known, -1..1.

    Attributes
    ----------
    match : float
        At or above, it is that person; below, it is none of those known.
    merge : float
        Every pair of templates' best similarity inside a merged group reaches this.
    certain : float
        Well above `match`: enough to announce someone before their track ends.
    people : int
        How many are known.
    recent : float or None
        At or above, it is that person if they were seen lately; None: as `match`.
    """

    match: float
    merge: float
    certain: float
    people: int = 0
    recent: float | None = None

    def __post_init__(self) -> None:
        if self.recent is not None and not -1 <= self.recent <= self.match:
            raise ValueError("whoever was seen lately needs no more than `match`, and at least -1")
        if not (-1 <= self.match <= self.certain <= 1 and self.match <= self.merge <= 1):
            raise ValueError(
                "thresholds must satisfy match ≤ certain, match ≤ merge, all within -1..1"
            )
