"""Tracks as they are reported, and what becomes of them: decisions, sightings, arrivals."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from visitord.core.records.arrays import Embedding
from visitord.core.records.faces import FaceSample, Liveness
from visitord.core.records.identities import Template


@dataclass(frozen=True, slots=True, eq=False)
class TrackReport:
    """What is known of a track so far; sent more than once while it lasts.

    Attributes
    ----------
    sighting_id : UUID
        Made from what was seen, so that the same footage always gives the same one.
    camera : str
        The camera's name.
    started_at, ended_at : datetime
        The first and the last time it was seen, UTC.
    samples : tuple of FaceSample
        The best few, best first.
    frames : int
        In how many frames it was seen.
    together : frozenset of UUID
        Tracks seen in the same frames: other people, for certain.
    final : bool
        The track has ended, and this is its last report.
    still : bool
        It comes from a single photograph, which will not get better by waiting.
    static : bool
        It has not moved for so long that it is a picture of a face.
    liveness : Liveness or None
        None where its camera does not ask, or no sample allows to say.
    """

    sighting_id: UUID
    camera: str
    started_at: datetime
    ended_at: datetime
    samples: tuple[FaceSample, ...]
    frames: int
    together: frozenset[UUID] = frozenset()
    final: bool = False
    still: bool = False
    static: bool = False
    liveness: Liveness | None = None

    @property
    def blocked(self) -> bool:
        """Whether it must be nobody, for it looks like a picture of a face."""
        return self.liveness is not None and self.liveness.blocked


@dataclass(frozen=True, slots=True, eq=False)
class PooledSamples:
    """A track's best samples as one.

    Attributes
    ----------
    embedding : float32 (d,)
        Their weighted mean, of unit length.
    quality : float
        Their mean quality, 0..1.
    good_samples : int
        How many of them are flawless.
    face_px : float
        Width of the face in the picture where it is widest, pixels.
    agreement : float or None
        Centred cosine between two halves of the flawless samples, None with fewer than four.
    covered : bool
        Whether something hides the eyes or the mouth: it enrols nobody, and takes more to match.
    """

    embedding: Embedding
    quality: float
    good_samples: int
    face_px: float
    agreement: float | None = None
    covered: bool = False


class Decision(StrEnum):
    """How a sighting got its identity, or why it has none."""

    MATCHED = "matched"  # like a known person
    ENROLLED = "enrolled"  # like nobody known, and seen well: a new provisional identity
    PENDING = "pending"  # seen too poorly to say; the merge job may settle it
    SETTLED = "settled"  # was pending; the merge job gave it an identity


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision about one track, with what it rests on.

    Attributes
    ----------
    decision : Decision
        What was decided.
    identity_id : UUID or None
        Who it is, None while that is open.
    score, second_score : float or None
        Cosine similarity of the best identity and of the best other one, None where there was none.
    reason : str
        A short sentence for people.
    certain : bool
        Well above the threshold: enough to announce someone before their track ends.
    learn : bool
        Unambiguous and seen well: what to learn from.
    candidate_id, second_id : UUID or None
        The identities that `score` and `second_score` belong to.
    doubt : bool
        Enrolled although nearly like the candidate: the two may be one.
    reflection : bool
        It seems to be the candidate's reflection, who is in the same picture: it must be nobody.
    """

    decision: Decision
    identity_id: UUID | None
    score: float | None
    second_score: float | None
    reason: str
    certain: bool = False
    learn: bool = False
    candidate_id: UUID | None = None
    second_id: UUID | None = None
    doubt: bool = False
    reflection: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DecidedSighting:
    """A decided sighting: everything the database needs, and nothing it must look up.

    Attributes
    ----------
    report : TrackReport
        The track, whole.
    verdict : Verdict
        What was decided of it.
    pooled : PooledSamples or None
        What that rests on, None where no sample was of use.
    pack : str
        Fingerprint of the recogniser that made the embeddings.
    template : Template or None
        What is to be learnt from it.
    crop : str or None
        The name under which its best portrait is kept.
    replaced : UUID or None
        The poor template whose place this one takes.
    anonymous : bool
        Nothing is kept by which whoever it is could be recognised.
    """

    report: TrackReport
    verdict: Verdict
    pooled: PooledSamples | None
    pack: str
    template: Template | None = None
    crop: str | None = None
    replaced: UUID | None = None
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visit began: someone came who was not there before.

    Attributes
    ----------
    visitor_id : UUID
        The identity.
    name : str
        What they are called: a given name or a label.
    site, camera : str
        Where they came.
    at : datetime
        When, UTC.
    visits : int
        How many they have made, 0 where only the database knows and is away.
    """

    visitor_id: UUID
    name: str
    site: str
    camera: str
    at: datetime
    visits: int

    def __str__(self) -> str:
        """The arrival in words."""
        in_words = {0: "the database is away", 1: "first visit"}
        count = in_words.get(self.visits, f"visit {self.visits}")
        return f"{self.name} arrived at {self.camera} ({count})"
