"""Why a sighting is somebody's or nobody's, as the page words it."""

import pytest

from fixtures.build import NOON, uid
from visitord.store.sighting_log import SightingDetail
from visitord.store.unidentified import Unidentified
from visitord.web.sightings import why, why_unidentified

POORLY = "best similarity 0.22 is below match 0.38, but only 0 good samples of 3 needed to enrol"


def decided(decision: str, score: float | None, reason: str = "a reason") -> SightingDetail:
    return SightingDetail(
        uid(1), "main", "door", NOON, NOON, decision, score, None, 0.8, reason, "UTC"
    )


def undecided(candidate: str | None, score: float | None, reason: str) -> Unidentified:
    return Unidentified(
        uid(1), "main", "door", NOON, NOON, candidate, score, 0, 0.2, 30.0, reason, True, "UTC"
    )


@pytest.mark.parametrize(
    ("decision", "score", "said"),
    [
        ("matched", 0.999, "recognised, likeness 1.00"),
        ("enrolled", 0.17, "new then: nobody known was as alike, at best 0.17"),
        ("enrolled", None, "new then: nobody was known yet"),
        ("settled", 0.4, "a reason"),
        ("settled", None, "a reason"),
    ],
)
def test_a_sighting_says_whether_somebody_was_known_or_new(
    decision: str, score: float | None, said: str
) -> None:
    assert why(decided(decision, score)) == said


@pytest.mark.parametrize(
    ("candidate", "score", "reason", "said"),
    [
        (
            "Kim",
            0.22,
            POORLY,
            "most like Kim, but not enough (0.22); seen too poorly to become a new person",
        ),
        (None, None, POORLY, "seen too poorly to become a new person"),
        ("Kim", 0.9, "a picture of a face, it seems", "a picture of a face, it seems"),
    ],
)
def test_who_could_not_be_identified_has_a_reason_that_does_not_ask_how_it_works(
    candidate: str | None, score: float | None, reason: str, said: str
) -> None:
    assert why_unidentified(undecided(candidate, score, reason)) == said
