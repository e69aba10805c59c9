"""What commands say: each outcome and each question in a sentence."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from visitord.admin.enrolment import Enrolment, Kind, LooksLike, LooksUnlike
from visitord.admin.photo_session import Flaw, NotTaken, Resemblance, Taken
from visitord.admin.photographs import FacePhotograph, Unusable
from visitord.cli.calibrate import in_words as rate_in_words
from visitord.cli.calibrate import promise_row, row
from visitord.cli.camera_session import tell
from visitord.cli.enrolling import asked, in_words, otherwise
from visitord.cli.suggestions import question
from visitord.cli.switch import what_is_missing
from visitord.cli.visitors import in_words as person_in_words
from visitord.core.records import Frame
from visitord.identity.calibration import Outcome, Promise, Rate
from visitord.store.people import Person
from visitord.store.reembedding import LeftBehind, ReembeddingProgress
from visitord.store.suggestions import OpenSuggestion
from visitord.store.visitors import Visitor

ID = UUID("3c470725-aaaa-4bbb-8ccc-0123456789ab")
SAM = Person(ID, "Sam", "visitor 1")
SEEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PHOTO = FacePhotograph("1.jpg", "00", np.zeros(4, np.float32), 0.5, lambda: b"a picture")


@pytest.mark.parametrize(
    ("kind", "person", "photographs", "said"),
    [
        (Kind.ENROLLED, SAM, 1, "Sam (visitor 1) is enrolled with 1 photograph."),
        (Kind.NAMED, SAM, 2, "visitor 1 is now called Sam: 2 photographs added."),
        (Kind.ADDED, SAM, 2, "Sam (visitor 1) was there already: 2 photographs added."),
        (Kind.DECLINED, None, 0, "Nothing was added to Sam."),
        (
            Kind.KNOWN_ALREADY,
            None,
            0,
            "Sam is known from these photographs, or ones as good, already; nothing changed.",
        ),
    ],
)
def test_what_became_of_photographs(
    kind: Kind, person: Person | None, photographs: int, said: str
) -> None:
    assert list(in_words(Enrolment(kind, "Sam", person, photographs, ()))) == [said]


def test_a_photograph_that_is_left_out_is_said_first() -> None:
    lines = list(in_words(Enrolment(Kind.ENROLLED, "Sam", SAM, 3, ("odd.jpg",))))
    assert lines[0] == "odd.jpg is left out: it looks like nobody in the other photographs."
    assert len(lines) == 2


def test_the_question_about_photographs_unlike_their_name() -> None:
    asks = LooksUnlike("Sam", 0.123)
    assert asked(asks) == (
        "The photographs look unlike Sam as known so far (0.12). Add them all the same?"
    )
    assert otherwise(asks) == "--yes to add them"


@pytest.mark.parametrize(
    ("ignored", "seen"), [(False, "seen in 3 sighting(s)"), (True, "who is ignored")]
)
def test_the_question_about_a_person_seen_before(ignored: bool, seen: str) -> None:
    asks = LooksLike("Sam", "visitor 7", 0.666, ignored, 3)
    assert asked(asks) == (
        f"The photographs of Sam look like visitor 7 (0.67), {seen}. "
        "Give that one the name, instead of enrolling a second person?"
    )
    assert "--new if they are two people" in otherwise(asks)


class Said:
    """A screen that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bytes]] = []

    def key(self, within_s: float) -> str:
        return ""

    def see(self, frame: Frame) -> None: ...

    def tell(self, text: str, portrait: bytes = b"") -> None:
        self.said.append((text, portrait))


@pytest.mark.parametrize(
    ("judged", "said", "portrait"),
    [
        (Unusable("there is no face in it"), "Not taken: there is no face in it.", b""),
        (
            NotTaken(PHOTO, Flaw.HARDLY_DIFFERS),
            "Not taken: it hardly differs from one before; turn your head a little.",
            b"a picture",
        ),
        (
            NotTaken(PHOTO, Flaw.SOMEBODY_ELSE),
            "Not taken: this looks like somebody else than the ones before.",
            b"a picture",
        ),
        (Taken(PHOTO, None), "Taken: 2 of 5.", b"a picture"),
        (
            Taken(PHOTO, Resemblance("visitor 7", 0.666)),
            "Taken: 2 of 5.  It looks like visitor 7 (0.67).",
            b"a picture",
        ),
    ],
)
def test_each_picture_before_a_camera_is_judged_aloud(
    judged: Taken | NotTaken | Unusable, said: str, portrait: bytes
) -> None:
    screen = Said()
    tell(judged, 2, screen)
    assert screen.said == [(said, portrait)]


def test_a_person_in_one_line() -> None:
    sam = Visitor(ID, "Sam", "visitor 1", "named", SEEN, SEEN, 2, 5, "main", "UTC", [])
    assert person_in_words(sam) == "Sam (visitor 1, named), 2 visits, last seen 2026-01-05 09:00"
    unseen = Visitor(ID, "Sam", "visitor 1", "named", None, None, 0, 0, None, None, [])
    assert person_in_words(unseen) == "Sam (visitor 1, named), 0 visits"


def test_a_question_of_the_merge_job() -> None:
    pair = OpenSuggestion(3, "Sam", "visitor 7", 0.456, "both are named", SEEN, ID, ID)
    assert question(pair) == "3: Sam and visitor 7 agree at 0.46; both are named"


def missing(sightings: ReembeddingProgress, *behind: LeftBehind) -> Iterator[str]:
    return what_is_missing(sightings, behind)


def test_nothing_is_said_of_a_switch_that_took_all_along() -> None:
    assert list(missing(ReembeddingProgress(10, 10, 0))) == []


def test_a_switch_says_what_it_could_not_take_along() -> None:
    lines = list(
        missing(
            ReembeddingProgress(10, 6, 1), LeftBehind("Sam", True), LeftBehind("visitor 7", False)
        )
    )
    assert lines == [
        "4 of 10 sightings were not carried over: of 3 no picture was kept, and that of 1 is not "
        "on this box.",
        "Not carried over, and strangers when they come again: Sam (their pictures are not on "
        "this box).",
        "Not carried over, and strangers when they come again: visitor 7 (no picture of them was "
        "kept).",
    ]


def test_a_rate_has_its_interval_and_none_without_a_trial() -> None:
    assert rate_in_words(Rate(0.0123, 0.001, 0.05)) == "0.012 (0.001 to 0.05)"
    assert rate_in_words(Rate(None, 0.0, 1.0)) == ""


def test_thresholds_as_a_row() -> None:
    none = Rate(None, 0.0, 1.0)
    shown = row("in force", Outcome(0.42, 81.0, none, none, none), 30)
    assert shown["taken (95 %)"] == "in force"
    assert (shown["match"], shown["dims"]) == ("0.42", "81.0")
    assert shown["visitor for any of 30"] == ""


@pytest.mark.parametrize(("proposed", "words"), [(None, ""), (0.474, "0.47")])
def test_what_becomes_of_the_promise_as_a_row(proposed: float | None, words: str) -> None:
    assert promise_row(Promise(3000, 0.47, 17.3, proposed)) == {
        "people known": "3000",
        "match": "0.47",
        "of 1,000 strangers taken for somebody": "17",
        "match proposed": words,
    }
