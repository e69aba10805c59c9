"""How much memory the service has with one camera, and what each further one takes.

The embedded database's processes are not counted: they are PostgreSQL's, wherever it runs.
"""

import tempfile
from pathlib import Path

from speed.footage import one_a_camera
from speed.service import open_box
from speed.setting import Setting
from speed.table import Goal, Line

FURTHER = 8
ONE_MB = Goal(300)
FURTHER_MB = Goal(20)


def lines(setting: Setting) -> list[Line]:
    """Megabytes resident while people walk."""
    clip = setting.footage("busy")
    with tempfile.TemporaryDirectory() as folder, open_box(setting.models) as box:
        clips = one_a_camera(clip, Path(folder), 1 + FURTHER)
        one_mb = box.run(clips[:1], setting.live_s).resident_mb
        many_mb = box.run(clips, setting.live_s).resident_mb

    each_mb = (many_mb - one_mb) / FURTHER
    both = f"1 camera: {one_mb:.0f} MB"
    return [
        Line("resident, 1 camera", one_mb, "MB", ONE_MB, both, ""),
        Line(
            "resident, each further camera",
            each_mb,
            "MB",
            FURTHER_MB,
            f"{1 + FURTHER} cameras: {many_mb:.0f} MB",
            both,
        ),
    ]
