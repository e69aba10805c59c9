"""How soon an arrival is told, and how soon a finished track is a row.

The first good look is the first of the samples a track's first report brings that has no flaw.  A
track ends when the tracker gives it up, and is a row when the recorder's transaction is committed.

The goal is for every arrival.  People known and new ones have a line each, for they wait for
different things: a new one is enrolled when the track ends, and there are few of them in a clip.
"""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from speed.footage import one_a_camera
from speed.rounds import percentile
from speed.service import open_box
from speed.setting import Setting
from speed.table import Goal, Line

CAMERAS = 4
TOLD = Goal(1.0)
ROW = Goal(1.5)


def lines(setting: Setting) -> list[Line]:
    """95th percentiles over all visits of some cameras."""
    clip = setting.footage("busy")
    with tempfile.TemporaryDirectory() as folder, open_box(setting.models) as box:
        clips = one_a_camera(clip, Path(folder), CAMERAS)
        first = box.run(clips, setting.delay_s / 2)
        run = box.run(clips, setting.delay_s)

    beside = f"{CAMERAS} busy cameras"
    return [
        _line("first good look → arrival told, people known, p95", run.told_s, TOLD, beside),
        _line(
            "first good look → arrival told, new people, p95",
            first.told_new_s + run.told_new_s,
            TOLD,
            beside,
        ),
        _line("track's end → row in SQL, p95", first.rows_s + run.rows_s, ROW, beside),
    ]


def _line(measure: str, delays_s: Sequence[float], goal: Goal, beside: str) -> Line:
    late_s = percentile(delays_s, 0.95) if delays_s else None
    return Line(measure, late_s, "s", goal, _said(delays_s), beside)


def _said(delays_s: Sequence[float]) -> str:
    """Median and 95th percentile in words."""
    if not delays_s:
        return "none came"
    late_s = percentile(delays_s, 0.95)
    return f"{len(delays_s)}: median {statistics.median(delays_s):.2f} s, p95 {late_s:.2f} s"
