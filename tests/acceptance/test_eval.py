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

KIT = SHARED / "eval"
CLIPS = KIT / "clips"

pytestmark = pytest.mark.skipif(
    not KIT.is_dir(), reason="the evaluation kit is not beside this checkout"
)


def _tool(name: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, str(KIT / name), *arguments], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.timeout(900)
def test_a_day_of_eight_people_is_logged_without_an_error(box: Box, tmp_path: Path) -> None:
    _tool(
        "make_day.py", str(KIT / "faces"), str(tmp_path), "--seed", "1", "--fps", "8"
    )  # no more are analysed
    truth = tmp_path / "truth.json"
    start = json.loads(truth.read_text())["start"]
    clip = str(tmp_path / "cam1.mp4")
    box.ok("visitord", "replay", clip, "--camera", "cam1", "--start", start, timeout_s=600)
    box.ok("visitorctl", "cluster")
    (tmp_path / "visits.json").write_text(box.ok("visitorctl", "visits", "--format", "json"))
    score = json.loads(_tool("score_visits.py", str(truth), str(tmp_path / "visits.json")))
    assert score["missed"] <= 1
    assert score["split"] <= 1
    assert (score["false_merges"], score["fragments"], score["phantom"]) == (0, 0, 0)


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
