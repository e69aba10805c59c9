"""How many cameras two cores can serve, busy ones and idle ones.

Served is every camera whose pictures are all analysed, eight a second, when 95 of 100 are at most
0.3 s old once their analysis is done.  The number is searched for with short runs of the real
service on paced files: it is doubled until it fails, then halved in between.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from speed.footage import one_a_camera
from speed.pictures import bare
from speed.rounds import cpu_s
from speed.service import CORES, FPS, Box, Ran, open_box
from speed.setting import Setting
from speed.table import Goal, Line

GOALS = {"busy": Goal(16, at_least=True), "idle": Goal(32, at_least=True)}
CLIPS = {"busy": "busy", "idle": "empty"}
SHARE = 0.95  # of the pictures: a window of some seconds begins and ends between two
AGE_P95_S = 0.3
CLOSE = 0.1  # the search ends where a step is less than this share


@dataclass(frozen=True, slots=True)
class Found:
    """The most cameras that were served, and what every trial gave, by its number of cameras."""

    most: int
    trials: dict[int, Ran]


def is_served(run: Ran, cameras: int) -> bool:
    """Whether every camera was analysed as often as it should be, at a small age."""
    complete = len(run.cameras) == cameras and run.slowest_per_s >= SHARE * FPS
    return complete and run.age_p95_s <= AGE_P95_S


def search(trial: Callable[[int], Ran], begin: int, most: int) -> Found:
    """The largest number up to `most` that is served, tried from `begin` on."""
    trials: dict[int, Ran] = {}

    def served(cameras: int) -> bool:
        trials[cameras] = trial(cameras)
        return is_served(trials[cameras], cameras)

    good = 0
    bad = most + 1
    cameras = min(begin, most)
    while bad - good > max(1, CLOSE * good):
        if served(cameras):
            good = cameras
        else:
            bad = cameras
        doubled = 2 * good if good and bad > most else (good + bad) // 2
        cameras = min(most, max(1, doubled))
        if cameras in trials:
            break
    return Found(good, trials)


def lines(setting: Setting) -> list[Line]:
    """The numbers of busy and of idle cameras."""
    with open_box(setting.models) as box:
        return [_line(setting, box, kind) for kind in CLIPS]


def _line(setting: Setting, box: Box, kind: str) -> Line:
    """The number of cameras of one kind."""
    clip = setting.footage(CLIPS[kind])
    goal = GOALS[kind]
    with tempfile.TemporaryDirectory() as folder:

        def trial(cameras: int) -> Ran:
            return box.run(one_a_camera(clip, Path(folder), cameras), setting.live_s)

        begin = min(int(goal.bound) // 2, setting.cameras_max)
        found = search(trial, begin, setting.cameras_max)
        (decoding_s,) = cpu_s({"": lambda: bare(clip.path)}, 1, warm=False)[""]

    tried = "; ".join(_said(cameras, run) for cameras, run in sorted(found.trials.items()))
    beside = f"decoding alone: {CORES / (decoding_s / clip.length_s):.0f} cameras by its CPU time"
    return Line(f"{kind} 720p15 cameras, {CORES} cores", found.most, "cameras", goal, tried, beside)


def _said(cameras: int, run: Ran) -> str:
    """A trial in words."""
    slowest = f"slowest {run.slowest_per_s:.1f}/s"
    return f"{cameras}: {slowest}, age p95 {run.age_p95_s:.2f} s, {run.cpu_per_s:.2f} CPU"
