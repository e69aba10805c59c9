"""Events in words."""

from dataclasses import fields
from uuid import UUID

import pytest

from fixtures.reports import START
from visitord.cli.events import sentence
from visitord.store.event_log import Event


def told(kind: str, **more: object) -> Event:
    values = dict.fromkeys(field.name for field in fields(Event))
    place = {"site": "main", "camera": "door"}
    known = {"event_id": UUID(int=1), "sequence": 1, "kind": kind, "at": START, "late": False}
    return Event(**{**values, **known, **place, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (told("arrival", name="Sam", first_time=False), "Sam came: door, main."),
        (
            told("arrival", name="visitor 7", first_time=True, late=True),
            "visitor 7 came for the first time: door, main (told late).",
        ),
        (told("departure", name="Sam", duration_s=61.4), "Sam left main after 61 s."),
        (told("departure", name="Sam"), "Sam left main."),
        (told("unidentified"), "Somebody came who could not be identified: door, main."),
        (told("renamed", name="Sam", other_name="visitor 7"), "visitor 7 is called Sam now."),
        (told("merged", name="Sam", other_name="visitor 9"), "visitor 9 is Sam."),
        (
            told("merged", name="Sam", other_name="visitor 9", undone=True),
            "Sam and visitor 9 are two people again.",
        ),
        (told("camera", state="live", reason=""), "Camera door, main, is live."),
        (
            told("camera", state="gone", reason="no answer"),
            "Camera door, main, is gone (no answer).",
        ),
    ],
)
def test_each_event_is_a_sentence(event: Event, words: str) -> None:
    assert sentence(event) == words
