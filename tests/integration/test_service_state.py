"""How the threads of a running service are, as `visitorctl status` and `doctor` tell."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.installation import Box
from visitord.core.stages import Progress
from visitord.service import control, state
from visitord.service.state import ServiceState

MERGES_AT = datetime(2026, 12, 2, 2, 30, tzinfo=UTC)
RECORDER = Progress("recorder", 20, 41.3, 60)
SERVICE = ServiceState([Progress("vision", 7, 0.12, 60), RECORDER], MERGES_AT)
HANGS = "recorder thread has made no progress for 41 s"


@pytest.fixture
def box(tmp_path: Path, models_dir: Path, database_url: str) -> Box:
    """An installation in Berlin whose service says that its recorder makes no progress."""
    zone = '[site]\ntimezone = "Europe/Berlin"\n'
    made = Box.at(tmp_path / "box", models_dir, database_url, zone)
    control.listen(made.folder / "state", lambda _: state.answer(SERVICE))
    return made


def test_a_service_tells_how_it_is(box: Box) -> None:
    assert state.ask(box.folder / "state") == SERVICE
    assert SERVICE.hanging() == [RECORDER]


def test_where_no_service_runs_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert state.ask(tmp_path) is None
    (tmp_path / "file").touch()
    assert state.ask(tmp_path / "file") is None
    assert state.ask(tmp_path / "file" / "state") is None


def test_status_tells_when_threads_last_went_on_and_when_the_merge_job_runs_next(box: Box) -> None:
    told = box.run("visitorctl", "status")
    assert told.code == 0
    last = "Threads of the daemon on this box last went on: vision 0.1 s, recorder 41.3 s ago."
    assert last in told.out
    assert "The merge job runs next at 2026-12-02 03:30:00+0100." in told.out
    assert told.err == f"Warning: the {HANGS}.\n"


def test_status_for_programs_has_everything(box: Box) -> None:
    told = box.run("visitorctl", "status", "--format", "json")
    found = json.loads(told.out)
    assert found.keys() == {"cameras", "stored", "remaining", "events", "waiting", "service"}
    assert found["cameras"] == []
    assert found["stored"]["visits"] == 0
    assert found["waiting"]["sightings"] == 0
    assert [stage["stage"] for stage in found["service"]["stages"]] == ["vision", "recorder"]
    assert HANGS in told.err


def test_doctor_names_a_thread_that_makes_no_progress(box: Box) -> None:
    rows = json.loads(box.run("visitorctl", "doctor", "--format", "json").out)
    (row,) = [row for row in rows if row["check"] == "daemon"]
    assert (row["is"], HANGS in row["what"]) == ("wrong", True)
