"""A box that dies at any moment: what was handed over is written once, as if it had not died."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fixtures import crashing
from fixtures.contents import contents
from fixtures.databases import copied
from visitord.store.spool import Waiting, waiting

KILLS = 100


def test_a_hundred_kills_lose_nothing_double_nothing_and_change_nothing(
    server_url: str, tmp_path: Path
) -> None:
    with copied(server_url) as url, copied(server_url) as calm_url:
        folders = os.pathsep.join(folder for folder in sys.path if folder)
        with subprocess.Popen(
            [sys.executable, crashing.__file__, url, str(tmp_path / "spool.db"), str(KILLS), "1"],
            env={**os.environ, "PYTHONPATH": folders, "OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as killed:
            crashing.play(calm_url, tmp_path / "calm.db")
            out, err = killed.communicate(timeout=200)
        assert killed.returncode == 0, err
        handed = json.loads(out)
        assert len(handed) == KILLS
        assert len([n for n in handed if 0 < n < crashing.LENGTH]) > 0.8 * KILLS, handed
        assert err == ""
        for path in (tmp_path / "spool.db", tmp_path / "calm.db"):
            assert waiting(path) == Waiting()
        found, expected = contents(url), contents(calm_url)
    finished = {report.sighting_id for report in crashing.day() if report.final}
    assert len(finished) > 200
    assert {row[0] for row in found["sighting"]} == finished
    assert len(expected["identity"]) > 20
    assert len(expected["template"]) > len(expected["identity"])
    for table in expected:
        assert found[table] == expected[table], table
