"""What visitord costs beside what else it could cost: make bench, make bench MEASURE=gallery.

    python -m speed [--json FILE] [--rounds 3] [--kit FOLDER] [MEASURE…]

Prints a table in Markdown and writes it as JSON.  Ratios are of runs in turn on this machine and
may be compared with those of another; milliseconds may not.  The busy clip alone takes more than
five minutes where two cores are idle; other work on the machine spoils the measures that run the
service by the clock (start, delays, cameras), and hardly the others, which count CPU time.
"""

import argparse
import logging
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from speed import cameras, delays, gallery, memory, pictures, start
from speed.setting import CACHE, ROOT, Setting
from speed.table import Line, as_json, markdown

MEASURES: dict[str, Callable[[Setting], list[Line]]] = {
    "busy": partial(pictures.lines, "busy"),
    "empty": partial(pictures.lines, "empty"),
    "gallery": gallery.lines,
    "start": start.lines,
    "memory": memory.lines,
    "delays": delays.lines,
    "cameras": cameras.lines,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("measure", nargs="*", help=f"of {', '.join(MEASURES)} [default: all]")
    parser.add_argument("--json", type=Path, default=CACHE / "bench" / "speed.json")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kit", type=Path, default=ROOT.parent / "shared" / "eval")
    given = parser.parse_args()
    if unknown := set(given.measure) - MEASURES.keys():
        parser.error(f"there is no measure {', '.join(sorted(unknown))}; see --help")

    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    setting = Setting(rounds=given.rounds, kit=given.kit)
    lines: list[Line] = []
    for name in given.measure or MEASURES:
        print(f"{name} …", file=sys.stderr, flush=True)
        lines += MEASURES[name](setting)

    print(markdown(lines))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(as_json(lines, machine()))


def machine() -> dict[str, object]:
    """What is to be known of where it was measured; load: before, of one minute."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
