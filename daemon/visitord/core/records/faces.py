"""Faces found in pictures, and what is measured of them."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from visitord.core.records.arrays import Embedding, Image, check_array

# The flaw of a face whose eyes or mouth something hides: sunglasses, a mask.
COVERED = "covered"


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face found in a frame.

    Attributes
    ----------
    box : float32 (4,)
        x0, y0, x1, y1 in pixels of the frame, possibly reaching outside it.
    landmarks : float32 (5, 2)
        x, y in pixels of right eye, left eye, nose tip, right and left mouth corner, as seen on
        the subject: the right eye is on the picture's left.
    score : float
        How sure the detector is, 0..1, on its own scale.
    faint : bool
        Whether it is too unsure for a face where none was: it only carries on a track.
    """

    box: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    score: float
    faint: bool = False

    def __post_init__(self) -> None:
        check_array(self.box, (4,), np.float32, "a detection's box")
        check_array(self.landmarks, (5, 2), np.float32, "a detection's landmarks")

    def moved(self, x: float, y: float) -> "Detection":
        """The same face in a picture whose corner lies x and y pixels further left and up."""
        offset = np.array([x, y], np.float32)
        box = self.box + np.tile(offset, 2)
        return replace(self, box=box, landmarks=self.landmarks + offset)

    def scaled(self, factor: float) -> "Detection":
        """The same face in the same picture with its sides so many times as long."""
        box = np.asarray(self.box * factor, np.float32)
        return replace(self, box=box, landmarks=np.asarray(self.landmarks * factor, np.float32))

    @property
    def width_px(self) -> float:
        """Width of the box in pixels."""
        return float(self.box[2] - self.box[0])

    @property
    def height_px(self) -> float:
        """Height of the box in pixels."""
        return float(self.box[3] - self.box[1])

    @property
    def roll_deg(self) -> float:
        """How far the line between the eyes is from level, in degrees."""
        across, down = (self.landmarks[1] - self.landmarks[0]).astype(np.float64)
        return abs(float(np.degrees(np.arctan2(down, across))))


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be recognised from this picture of it.

    Attributes
    ----------
    score : float
        0..1, comparable between pictures of one pack.
    flaws : tuple of str
        Why it must not become a reference; empty for a good picture.
    """

    score: float
    flaws: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it has no flaw."""
        return not self.flaws

    @property
    def is_clear(self) -> bool:
        """Whether the picture itself is good, whatever may cover the face in it."""
        return self.flaws in ((), (COVERED,))


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One picture of a face that may become a face sample: looked at, but not described yet.

    Attributes
    ----------
    at : datetime
        When it was taken, UTC.
    t : float
        The same in seconds of the camera's steady clock, as a frame's.
    detection : Detection
        Where the face is, its landmarks refined.
    quality : Quality
        Of this picture of it.
    crop : uint8 (112, 112, 3)
        The face aligned, as recognisers take it.
    portrait : uint8 (160, 160, 3)
        The face with some of its surroundings, to be looked at.
    """

    at: datetime
    t: float
    detection: Detection
    quality: Quality
    crop: Image
    portrait: Image


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample:
    """One picture of a tracked face, described.

    Attributes
    ----------
    at : datetime
        When it was taken, UTC.
    embedding : float32 (d,)
        Of unit length, by the pack in use.
    quality : Quality
        Of the picture it was made from.
    face_px : float
        Width of the face's box in pixels.
    portrait : bytes
        The face with some of its surroundings as JPEG, empty where none is kept.
    """

    at: datetime
    embedding: Embedding
    quality: Quality
    face_px: float
    portrait: bytes = b""

    def __post_init__(self) -> None:
        check_array(self.embedding, (None,), np.float32, "an embedding")


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A face in one frame: where it is, and what it looks like.

    Attributes
    ----------
    detection : Detection
        Where it is.
    sample : FaceSample
        What it looks like.
    """

    detection: Detection
    sample: FaceSample


@dataclass(frozen=True, slots=True)
class Liveness:
    """How much a face looks like a face and not like a picture of one.

    Attributes
    ----------
    score : float
        1 for a face, 0 for a picture of one.
    threshold : float
        Below it, it counts as a picture, 0..1.
    blocks : bool
        Its camera then lets it be nobody.
    """

    score: float
    threshold: float
    blocks: bool

    @property
    def real(self) -> bool:
        """Whether it counts as a face."""
        return self.score >= self.threshold

    @property
    def blocked(self) -> bool:
        """Whether it must be nobody."""
        return self.blocks and not self.real
