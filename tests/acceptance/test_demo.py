"""The demo end to end, on two days: real RTSP cameras, real faces, the embedded PostgreSQL."""

import re
import signal
from pathlib import Path

import pytest

from fixtures.installation import Box
from fixtures.waiting import PATIENCE_S, wait

PEOPLE = 8


@pytest.fixture(scope="module")
def first_day(open_folder: Path, models_dir: Path) -> tuple[Box, str]:
    """A box in which the demo has shown everyone twice, and what it printed."""
    box = Box.at(open_folder / "box", models_dir, "embedded")
    (box.folder / "config.toml").unlink()
    return box, box.ok("visitord", "demo", "--once", timeout_s=200)


@pytest.mark.timeout(300)
def test_the_demo_shows_everyone_twice_and_ends_by_itself(first_day: tuple[Box, str]) -> None:
    box, out = first_day
    assert out.count("(first visit)") + out.count("(visit 2)") >= 2 * (PEOPLE - 1)
    assert re.search(r"visitorctl( --config \S+)? sql", out)
    labels = box.rows("select label, visits from visitord.visitor order by 1")
    assert [row["label"] for row in labels] == [f"visitor {i}" for i in range(1, PEOPLE + 1)]
    assert all(row["visits"] >= 2 for row in labels)
    cameras = box.rows(
        "select name, count(distinct camera) as n from visitord.sighting_log group by 1"
    )
    assert {row["n"] for row in cameras} == {2}
    assert len(cameras) == PEOPLE


@pytest.mark.timeout(300)
def test_the_next_time_everyone_arrives_by_name_until_ctrl_c_ends_it_cleanly(
    first_day: tuple[Box, str],
) -> None:
    box, _ = first_day
    box.ok("visitorctl", "rename", "visitor 1", "Regular")
    for view in ("visitor", "visit_log", "sighting_log"):
        assert "Regular" in {
            row["name"] for row in box.rows(f"select distinct name from visitord.{view}")
        }
    before = {
        row["name"]: row["visits"] for row in box.rows("select name, visits from visitord.visitor")
    }

    process = box.start("visitord", "demo", PYTHONUNBUFFERED="1")
    assert process.stdout
    arrived: list[str] = []
    while set(arrived) < set(before) and (line := process.stdout.readline()):
        arrived += re.findall(r"^[\d:]+  (.+) arrived at (?:entrance|hall) \(visit \d+\)$", line)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE_S)
    assert set(arrived) == set(before)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "started_at" in rest
    wait(lambda: _processes(str(box.folder)) == [])

    after = {
        row["name"]: row["visits"] for row in box.rows("select name, visits from visitord.visitor")
    }
    assert set(after) == {"Regular", *(f"visitor {i}" for i in range(2, PEOPLE + 1))}
    assert all(after[name] > before[name] for name in before)


def _processes(word: str) -> list[Path]:
    """Those whose command line contains the word."""
    numbered = (path for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [path for path in numbered if _command(path, word)]


def _command(process: Path, word: str) -> bool:
    try:
        return word in (process / "cmdline").read_text()
    except OSError:
        return False
