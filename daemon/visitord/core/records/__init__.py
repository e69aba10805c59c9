"""The values that flow from a camera to the visit log.

All are frozen: a stage never changes what it was given, arrays included.  Shapes and dtypes are
checked at construction, so that a mistake shows where it is made.
"""

from visitord.core.records.arrays import Embedding, Gray, Image
from visitord.core.records.faces import (
    COVERED,
    Candidate,
    Detection,
    FaceSample,
    Liveness,
    Observation,
    Quality,
)
from visitord.core.records.identities import Separation, Status, Template, Thresholds
from visitord.core.records.pictures import Frame, Picture, gray_step
from visitord.core.records.sightings import (
    Arrival,
    DecidedSighting,
    Decision,
    PooledSamples,
    TrackReport,
    Verdict,
)

__all__ = [
    "COVERED",
    "Arrival",
    "Candidate",
    "DecidedSighting",
    "Decision",
    "Detection",
    "Embedding",
    "FaceSample",
    "Frame",
    "Gray",
    "Image",
    "Liveness",
    "Observation",
    "Picture",
    "PooledSamples",
    "Quality",
    "Separation",
    "Status",
    "Template",
    "Thresholds",
    "TrackReport",
    "Verdict",
    "gray_step",
]
