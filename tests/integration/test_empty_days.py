"""Days and hours in which nobody came are told too."""

import json
from typing import Any

import pytest

from fixtures.installation import Box
from fixtures.reports import axis, report
from fixtures.visit_log import VisitLog
from visitord.store.database import Database

DAY_S = 86_400


@pytest.fixture(autouse=True)
def log(database: Database, box: Box) -> None:
    """Visits on the 5th and the 8th of January 2026."""
    visit_log = VisitLog(database)
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0), 3 * DAY_S))


def stats(box: Box, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        box.ok("visitorctl", "stats", "--format", "json", *options)
    )
    return found


def test_days_on_which_nobody_came_are_rows(box: Box) -> None:
    rows = stats(box, "--since", "2026-01-01", "--until", "2026-01-09")
    assert [(row["arrived"], row["visits"], row["share_identified"]) for row in rows] == [
        ("2026-01-05", 1, 1.0),
        ("2026-01-06", 0, None),
        ("2026-01-07", 0, None),
        ("2026-01-08", 1, 1.0),
        ("2026-01-09", 0, None),
    ]


def test_every_hour_of_the_day_is_a_row(box: Box) -> None:
    rows = stats(box, "--since", "2026-01-01", "--by", "hour")
    assert len(rows) == 24
    assert [row["visits"] for row in rows if row["arrived"] == "09:00"] == [2]
    assert sum(row["visits"] for row in rows) == 2


def test_a_camera_that_saw_nobody_has_days_of_nobody(box: Box) -> None:
    box.configure(
        (box.folder / "config.toml").read_text()
        + '[[camera]]\nname = "yard"\nsource = "rtsp://127.0.0.1:9/1"\n'
    )
    window = ("--since", "2026-01-01", "--until", "2026-01-06")
    rows = stats(box, *window, "--camera", "yard")
    assert [(row["arrived"], row["visits"]) for row in rows] == [
        ("2026-01-05", 0),
        ("2026-01-06", 0),
    ]
