"""The demo end to end: two real RTSP cameras, eight real faces, the embedded PostgreSQL, twice."""

import signal
import time
from pathlib import Path

import pytest

from support import Box

PEOPLE = 8


@pytest.mark.timeout(420)
def test_the_demo_knows_everyone_again_the_next_time(open_path: Path, models_dir: Path) -> None:
    box = Box.at(open_path / "box", models_dir, "embedded")
    (box.folder / "config.toml").unlink()
    out = box.ok("visitord", "demo", "--once", timeout_s=200)
    assert out.count("(first visit)") + out.count("(visit 2)") >= 2 * (PEOPLE - 1)
    assert "visitorctl sql" in out
    rows = box.rows("select name, visits from visitord.visitor order by 1")
    assert [row["name"] for row in rows] == [f"visitor {i}" for i in range(1, PEOPLE + 1)]
    assert all(row["visits"] >= 2 for row in rows)
    cameras = box.rows("select name, count(distinct camera) as n from visitord.sighting_log group by 1")
    assert {row["n"] for row in cameras} == {2}
    assert len(cameras) == PEOPLE

    box.ok("visitorctl", "rename", "visitor 1", "Regular")
    for view in ("visitor", "visit_log", "sighting_log"):
        assert "Regular" in {row["name"] for row in box.rows(f"select distinct name from visitord.{view}")}

    box.ok("visitord", "demo", "--once", timeout_s=200)
    rows = box.rows("select name, visits from visitord.visitor")
    assert len(rows) == PEOPLE
    assert all(row["visits"] >= 4 for row in rows)
    assert "Regular" in {row["name"] for row in rows}


@pytest.mark.timeout(180)
def test_the_demo_shows_arrivals_live_and_ctrl_c_ends_it_cleanly(open_path: Path, models_dir: Path) -> None:
    box = Box.at(open_path / "box", models_dir, "embedded")
    (box.folder / "config.toml").unlink()
    process = box.start("visitord", "demo", PYTHONUNBUFFERED="1")
    assert process.stdout
    shown = ""
    deadline = time.monotonic() + 90
    while "arrived at" not in shown and time.monotonic() < deadline:
        shown += process.stdout.readline()
    assert "arrived at" in shown
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=40)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "started_at" in rest
    time.sleep(0.5)
    left = [p for p in Path("/proc").iterdir() if p.name.isdecimal() and _command(p, str(box.folder))]
    assert left == []


def _command(process: Path, word: str) -> bool:
    try:
        return word in (process / "cmdline").read_text()
    except OSError:
        return False
