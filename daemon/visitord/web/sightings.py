"""Why a sighting is somebody's or nobody's, in words that do not ask how faces are compared."""

from visitord.store.sighting_log import SightingDetail
from visitord.store.unidentified import Unidentified

_SEEN_POORLY = "good samples"  # in the reason of what did not enrol for that


def why(sighting: SightingDetail) -> str:
    """What its decision rests on."""
    if sighting.decision == "matched" and sighting.score is not None:
        return f"recognised, likeness {sighting.score:.2f}"
    if sighting.decision == "enrolled" and sighting.score is not None:
        return f"new then: nobody known was as alike, at best {sighting.score:.2f}"
    if sighting.decision == "enrolled":
        return "new then: nobody was known yet"
    return sighting.reason


def why_unidentified(sighting: Unidentified) -> str:
    """What stood against taking it for somebody."""
    if _SEEN_POORLY not in sighting.reason:
        return sighting.reason
    poorly = "seen too poorly to become a new person"
    if sighting.candidate is None or sighting.score is None:
        return poorly
    return f"most like {sighting.candidate}, but not enough ({sighting.score:.2f}); {poorly}"
