"""How long `visitord run` takes to its first analysed picture, models and database being there.

Beside it, what importing the libraries takes that it cannot go without.
"""

import resource
import statistics
import subprocess
import sys
import time

from speed.service import open_box
from speed.setting import Setting
from speed.table import Goal, Line

LIBRARIES = "import av, cv2, numpy, onnxruntime, openvino, psycopg2, pydantic"
SECONDS = Goal(3)
CPU_SECONDS = Goal(2)


def lines(setting: Setting) -> list[Line]:
    """Seconds by the clock, and of CPU."""
    clip = setting.footage("busy")
    waited_s = []
    cpu_s = []
    bare_s = []
    bare_cpu_s = []
    with open_box(setting.models) as box:
        box.run([clip.path], 1)  # warm
        for _ in range(setting.starts):
            run = box.run([clip.path], 1)
            waited_s.append(run.start_s)
            cpu_s.append(run.start_cpu_s)
            took_s, took_cpu_s = _imports()
            bare_s.append(took_s)
            bare_cpu_s.append(took_cpu_s)

    middle = statistics.median
    beside = "importing the libraries"
    return [
        Line(
            "visitord run → first picture analysed, warm",
            middle(waited_s),
            "s",
            SECONDS,
            f"{middle(waited_s):.1f} s",
            f"{beside}: {middle(bare_s):.1f} s",
        ),
        Line(
            "the same, CPU",
            middle(cpu_s),
            "s",
            CPU_SECONDS,
            f"{middle(cpu_s):.1f} s",
            f"{beside}: {middle(bare_cpu_s):.1f} s",
        ),
    ]


def _imports() -> tuple[float, float]:
    """Seconds, and CPU seconds, of a program that only imports."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began_t = time.monotonic()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    took_s = time.monotonic() - began_t
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
