"""The values that flow from a camera to the visit log.

All are frozen: a stage never changes what it was given, arrays included.  Shapes and dtypes are
checked at construction, so that a mistake shows where it is made.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainSerializer, PlainValidator

from visitord.core.clock import aware

Image = NDArray[np.uint8]  # (h, w, 3) BGR
Gray = NDArray[np.uint8]  # (h, w) brightness


def _embedding(value: str | list[float]) -> NDArray[np.float32]:
    return (
        np.frombuffer(b64decode(value), "<f4")
        if isinstance(value, str)
        else np.array(value, np.float32)
    )


# (d,) of unit length; in JSON its bytes in Base64, once a list of numbers
Embedding = Annotated[
    NDArray[np.float32],
    PlainValidator(_embedding),
    PlainSerializer(lambda e: b64encode(e.astype("<f4").tobytes()).decode()),
]


def _check(array: np.ndarray, shape: tuple[int | None, ...], dtype: type, what: str) -> None:
    fits = array.ndim == len(shape) and all(
        s is None or s == n for s, n in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != dtype:
        want = f"{np.dtype(dtype).name} {tuple('n' if s is None else s for s in shape)}"
        raise ValueError(f"{what} must be {want}, got {array.dtype} {array.shape}")


GRAY_PX = 160  # about the width of a picture's small grey copy


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, turned into colour only when someone looks: most show an empty room.

    t: media time in seconds from the start of its file or stream.  gray: its brightness, every n-th
    pixel of every n-th row.  decode: makes the image, (h, w, 3) BGR.  corrupt: the decoder says
    that parts are missing.
    """

    t: float
    gray: Gray
    decode: Callable[[], Image]
    corrupt: bool = False

    @classmethod
    def of(cls, image: Image, t: float = 0.0) -> "Picture":
        """A picture that is in colour already."""
        _check(image, (None, None, 3), np.uint8, "a frame's image")
        step = gray_step(image.shape[1])
        return cls(
            t, np.ascontiguousarray(image[::step, ::step, 1]), lambda: image
        )  # green is most of brightness

    @cached_property
    def image(self) -> Image:
        return self.decode()


def gray_step(width_px: int) -> int:
    """Every how many pixels a picture's small grey copy takes one."""
    return max(1, width_px // GRAY_PX)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera.

    at: when it was taken, UTC.  t: seconds on the camera's own steady clock (monotonic time when
    live, media time in a replay); only differences mean anything.
    """

    camera: str
    picture: Picture
    at: datetime
    t: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", aware(self.at))

    @property
    def image(self) -> Image:
        """uint8 (h, w, 3) BGR."""
        return self.picture.image


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face found in a frame.

    box: float32 (4,) x0, y0, x1, y1 in pixels of the frame, possibly reaching outside it.
    landmarks: float32 (5, 2): right eye, left eye, nose tip, right and left mouth corner, as seen
    on the subject (the right eye is on the picture's left).  score: 0..1, the detector's own.
    """

    box: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    score: float

    def __post_init__(self) -> None:
        _check(self.box, (4,), np.float32, "a detection's box")
        _check(self.landmarks, (5, 2), np.float32, "a detection's landmarks")

    def moved(self, x: float, y: float) -> "Detection":
        """The same face in a picture whose corner lies x and y pixels further left and up."""
        offset = np.array([x, y], np.float32)
        return Detection(self.box + np.tile(offset, 2), self.landmarks + offset, self.score)

    @property
    def width_px(self) -> float:
        return float(self.box[2] - self.box[0])

    @property
    def height_px(self) -> float:
        return float(self.box[3] - self.box[1])

    @property
    def roll_deg(self) -> float:
        """How far the line between the eyes is from level, in degrees."""
        across, down = (self.landmarks[1] - self.landmarks[0]).astype(np.float64)
        return abs(float(np.degrees(np.arctan2(down, across))))


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be recognised from this picture of it.

    score: 0..1, comparable between pictures of one pack.  flaws: why it must not become a
    reference; empty for a good picture.
    """

    score: float
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample:
    """One look at a tracked face: its embedding, the quality it was made from, and its portrait as
    JPEG.
    """

    at: datetime
    embedding: Embedding
    quality: Quality
    face_px: float
    portrait: bytes = b""

    def __post_init__(self) -> None:
        _check(self.embedding, (None,), np.float32, "an embedding")


@dataclass(frozen=True, slots=True)
class Liveness:
    """How much a face looks like a face, 1, and not like a picture of one, 0.

    threshold: below it, it counts as a picture.  blocks: its camera then lets it be nobody.
    """

    score: float
    threshold: float
    blocks: bool

    @property
    def real(self) -> bool:
        return self.score >= self.threshold

    @property
    def blocked(self) -> bool:
        return self.blocks and not self.real


@dataclass(frozen=True, slots=True, eq=False)
class TrackReport:
    """What is known of a track so far; sent more than once while it lasts, the last time with
    `final`.

    sighting_id is made from what was seen, so the same footage always gives the same id.  samples
    holds the best few, best first.  together: ids of tracks seen in the same frames: other people,
    for certain. still: the track comes from a single photograph, which will not get better by
    waiting. static: it has not moved for so long that it is a picture of a face.  liveness: None
    where its camera does not ask, or no look allows to say.
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
    """A track's best samples as one: mean embedding of unit length, mean quality, number of
    flawless samples.

    agreement: cosine between two halves of the flawless samples, None with fewer than four.
    """

    embedding: Embedding
    quality: float
    good_samples: int
    face_px: float
    agreement: float | None = None


class Status(StrEnum):
    """What the system knows about an identity."""

    PROVISIONAL = "provisional"
    NAMED = "named"
    IGNORED = "ignored"


class Decision(StrEnum):
    """How a sighting got its identity, or why it has none."""

    MATCHED = "matched"  # like a known person
    ENROLLED = "enrolled"  # like nobody known, and seen well: a new provisional identity
    PENDING = "pending"  # too poor or too ambiguous to say; the merge job may settle it
    SETTLED = "settled"  # was pending; the merge job gave it an identity


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision about one track, with what it rests on.

    score and second_score: cosine similarity of the best identity (`candidate_id`) and of the best
    other one (`second_id`), None where there was none.  reason: a short sentence for people.
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


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """An embedding that an identity is matched against.

    root_id: the identity that stands for its owner, itself unless the owner was merged into another
    one. name: what that one is called, empty while the database has given it no number, None when
    it is ignored.
    """

    template_id: UUID
    identity_id: UUID
    root_id: UUID
    embedding: Embedding
    quality: float
    name: str | None = ""


@dataclass(frozen=True, slots=True, eq=False)
class DecidedSighting:
    """A decided sighting, ready to be written: everything the database needs, and nothing it must
    look up.

    crop: the name under which its best portrait is kept.
    """

    report: TrackReport
    verdict: Verdict
    pooled: PooledSamples | None
    pack: str
    template: Template | None = None
    crop: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visit began: someone came who was not there before.

    visits: how many they have made, 0 where only the database knows and is away.
    """

    visitor_id: UUID
    name: str
    site: str
    camera: str
    at: datetime
    visits: int

    def __str__(self) -> str:
        """The arrival in words."""
        count = {0: "the database is away", 1: "first visit"}.get(
            self.visits, f"visit {self.visits}"
        )
        return f"{self.name} arrived at {self.camera} ({count})"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosine similarities at which a pack decides.

    match: at or above, it is that person.  new: below, it is nobody known.  merge: every pair of
    templates' best similarity inside a merged group reaches this.  certain: well above `match`,
    enough to announce someone before their track ends and to learn from. source: the measurement
    that justifies the numbers.
    """

    match: float
    new: float
    merge: float
    certain: float
    source: str = field(compare=False)

    def __post_init__(self) -> None:
        if not -1 <= self.new <= self.match <= self.certain <= 1:
            raise ValueError("thresholds must satisfy new ≤ match ≤ certain, all within -1..1")
