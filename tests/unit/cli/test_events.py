"""Events in words, and as lines for whoever follows them."""

import csv
import json
from collections.abc import Callable
from dataclasses import fields
from uuid import UUID

import pytest
from click.testing import CliRunner

from fixtures.reports import START
from visitord.admin import telling
from visitord.cli import events as cli
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


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """The lines that two arrivals are for whoever follows, by format."""
    came = [told("arrival", name="Sam"), told("arrival", name="=Kim", timezone="Europe/Berlin")]
    monkeypatch.setattr(cli, "connect_for", lambda window: (None, window))
    monkeypatch.setattr(telling, "follow", lambda *_: [came[:1], came[1:]])

    def lines(form: str) -> list[str]:
        done = CliRunner().invoke(cli.events, ["--follow", "--site", "all", "--format", form])
        assert done.exit_code == 0, done.output
        return done.output.splitlines()

    return lines


def test_who_follows_gets_a_line_for_each_event(followed: Callable[[str], list[str]]) -> None:
    assert followed("table") == [
        "2026-01-05 09:00:00+0000  Sam came: door, main.",
        "2026-01-05 10:00:00+0100  =Kim came: door, main.",
    ]
    objects = [json.loads(line) for line in followed("json")]
    assert [(one["kind"], one["name"]) for one in objects] == [
        ("arrival", "Sam"),
        ("arrival", "=Kim"),
    ]
    rows = list(csv.DictReader(followed("csv")))
    assert [row["name"] for row in rows] == ["Sam", "'=Kim"]
