"""Days with known truth and real footage, where the evaluation kit is at hand; skipped elsewhere.

The main job is proven without it in test_replay.py and test_demo.py.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.installation import Box
from fixtures.paths import SHARED
from fixtures.strangers import make_known

KIT = SHARED / "eval"
CLIPS = KIT / "clips"

KNOWN = 300
BEFORE = (
    "select identity_id::text as visitor_id from visitord.identity where created_at < '2026-01-01'"
)

pytestmark = pytest.mark.skipif(
    not KIT.is_dir(), reason="the evaluation kit is not beside this checkout"
)


def _tool(name: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, str(KIT / name), *arguments], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.timeout(900)
def test_a_day_of_people_who_are_new_to_a_site_that_knows_300_others(
    box: Box, tmp_path: Path
) -> None:
    make_known(box, KNOWN)
    _tool(
        "make_day.py", str(KIT / "faces"), str(tmp_path), "--seed", "1", "--fps", "8"
    )  # no more are analysed
    truth = tmp_path / "truth.json"
    start = json.loads(truth.read_text())["start"]
    clip = str(tmp_path / "cam1.mp4")
    box.ok("visitord", "replay", clip, "--camera", "cam1", "--start", start, timeout_s=600)
    live = _score(box, truth)
    assert live["missed"] == 0
    assert live["phantom"] == 0

    box.ok("visitorctl", "cluster")
    score = _score(box, truth)
    assert score["missed"] == 0
    assert score["split"] <= 1
    assert (score["false_merges"], score["fragments"], score["phantom"]) == (0, 0, 0)


def _score(box: Box, truth: Path) -> dict[str, int]:
    """The errors in the log as it is now; whoever was known before the day came on none."""
    visits = json.loads(box.ok("visitorctl", "visits", "--format", "json"))
    identified = [visit for visit in visits if visit["identity"]]
    known = {row["visitor_id"] for row in box.rows(BEFORE)}
    assert len(known) == KNOWN
    assert not known & {visit["identity"] for visit in identified}

    answer = truth.with_name("visits.json")
    answer.write_text(json.dumps(identified))
    return dict(json.loads(_tool("score_visits.py", str(truth), str(answer))))


@pytest.mark.parametrize(
    ("names", "least", "most"),
    [
        (["face-demographics-walking-and-pause.gif"], 3, 3),
        (
            [
                f"head-pose-face-detection-{who}.gif"
                for who in ("female-and-male", "female", "male")
            ],
            2,
            2,
        ),
        (["face-demographics-walking.gif"], 0, 2),
        (["classroom.gif"], 0, 4),
    ],
)
def test_real_footage_gives_the_right_number_of_people(
    box: Box, names: list[str], least: int, most: int
) -> None:
    box.ok("visitord", "replay", *(str(CLIPS / name) for name in names))
    box.ok("visitorctl", "cluster")
    ((count,),) = [row.values() for row in box.rows("select count(*) from visitord.visitor")]
    assert least <= count <= most
