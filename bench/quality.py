"""How often visitord is wrong: days with known truth and real footage, replayed, merged once, and
scored.

    python bench/quality.py [--seeds 1 2 3] [--cameras 1] [--hard] [--crowd 300] [--clips]
    [--month] [--kit ../shared/eval] [--keep FOLDER]

With the evaluation kit (make_day.py, score_visits.py, faces/, clips/) its days and clips are used.
Without it, days are made of the faces in the installed wheels, one photograph each: easier, for
everyone always looks the same.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from crowd import made_up
from rich.console import Console
from rich.table import Table

from visitord.core.records import Image
from visitord.demo import clips
from visitord.demo.faces import portraits

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ERRORS = ("false_merges", "fragments", "missed", "split", "phantom")
CROWD = ("as_known", "unidentified")  # visits filed under made-up people, or under nobody
NUMBERS = ("people", "identities", "visits", *ERRORS, *CROWD)
WHEN = ("live", "merged")  # before and after the merge job
CONFIG = '[visit]\ngap = "30s"\n'  # the kit's people come again after 60 s


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    options.add_argument("--cameras", type=int, default=1)
    options.add_argument(
        "--hard", action="store_true", help="small, fast, turned, dark and blurred faces (kit only)"
    )
    options.add_argument(
        "--crowd", type=int, default=0, help="so many made-up people are known before each day"
    )
    options.add_argument(
        "--clips", action="store_true", help="the kit's real footage instead of days"
    )
    options.add_argument(
        "--month",
        action="store_true",
        help="a made-up month of a site instead; bench/month.py has more options",
    )
    options.add_argument("--kit", type=Path, default=ROOT.parent / "shared" / "eval")
    options.add_argument(
        "--keep", type=Path, help="where days are kept for the next time [default: nowhere]"
    )
    given = options.parse_args()
    if given.month:
        subprocess.run([sys.executable, str(Path(__file__).with_name("month.py"))], check=True)
        return

    table = Table("footage", "people", "identities", "visits", *ERRORS, *CROWD)
    with tempfile.TemporaryDirectory() as temporary:
        kept = (given.keep or Path(temporary)).absolute()
        rows = list(real(given.kit / "clips") if given.clips else days(given, kept))
    if not given.clips:
        rows += [total(rows, when) for when in WHEN]
    for row in rows:
        table.add_row(*(str(row.get(str(column.header), "")) for column in table.columns))
    Console(width=120).print(table)


def days(given: argparse.Namespace, kept: Path) -> Iterator[dict[str, Any]]:
    """The score of each day."""
    for seed in given.seeds:
        name = f"{'hard' if given.hard else 'day'}-{seed}-{given.cameras}"
        folder = kept / name
        if not (folder / "truth.json").exists():
            make(given, seed, folder)
        files = [(path, path.stem) for path in sorted(folder.glob("cam*.mp4"))]
        for when, rows in zip(WHEN, replay(files, "visits", given.crowd), strict=True):
            yield {"footage": f"{name} {when}", **scored(given, folder, rows)}


def scored(given: argparse.Namespace, folder: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The errors of a visit log; rows without an identity are only counted."""
    visits = [row for row in rows if row["identity"]]
    answer = folder / "visits.json"
    answer.write_text(json.dumps(visits))

    scorer = given.kit / "score_visits.py"
    if scorer.exists():
        score = json.loads(run(scorer, str(folder / "truth.json"), str(answer)))
    else:
        score = ours(folder, visits)

    known = set(map(str, made_up(given.crowd)))
    score["as_known"] = sum(visit["identity"] in known for visit in visits)
    score["unidentified"] = len(rows) - len(visits)
    return dict(score)


def total(rows: list[dict[str, Any]], when: str) -> dict[str, Any]:
    """The sums of the days as they were then."""
    some = [row for row in rows if row["footage"].endswith(when)]
    return {"footage": f"in all {when}"} | {key: sum(row[key] for row in some) for key in NUMBERS}


def make(given: argparse.Namespace, seed: int, folder: Path) -> None:
    """One clip a camera, and truth.json beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    if (given.kit / "make_day.py").exists():
        extra = ["--hard"] if given.hard else []
        options = ["--seed", str(seed), "--cameras", str(given.cameras), *extra]
        run(given.kit / "make_day.py", str(given.kit / "faces"), str(folder), *options)
        return
    chance, people = random.Random(seed), dict(portraits())
    order = [person for _ in range(3) for person in chance.sample(sorted(people), len(people))]
    walks = [(person, 2 + 7.5 * n) for n, person in enumerate(order)]
    for camera in range(1, given.cameras + 1):
        mine = walks[camera - 1 :: given.cameras]
        clips.encode(folder / f"cam{camera}.mp4", frames(mine, walks[-1][1] + 8, people))
    visits = [
        {
            "person": p,
            "camera": f"cam{n % given.cameras + 1}",
            "start_s": t,
            "end_s": t + clips.WALK_S,
        }
        for n, (p, t) in enumerate(walks)
    ]
    (folder / "truth.json").write_text(json.dumps({"start": START.isoformat(), "visits": visits}))


def frames(
    walks: list[tuple[str, float]], length_s: float, people: dict[str, Image]
) -> Iterator[Image]:
    margin = clips.RIGHT_PX
    for index in range(round(length_s * clips.FPS)):
        view = np.full((clips.HEIGHT_PX, clips.WIDTH_PX + 2 * margin, 3), 170, np.uint8)
        for person, start_s in walks:
            share = (index / clips.FPS - start_s) / clips.WALK_S
            if 0 <= share <= 1:
                clips.paint(view, people[person], share)
        yield view[:, margin:-margin]


def replay(files: list[tuple[Path, str | None]], ask: str, crowd: int = 0) -> tuple[Any, Any]:
    """What visitorctl says as JSON after the files were replayed into a database of its own, and
    again after the merge job.

    crowd: how many made-up people it knows before.
    """
    with tempfile.TemporaryDirectory() as name:
        box = Path(name)
        (box / "config.toml").write_text(CONFIG)
        command(box, "visitord", "models", "install")
        if crowd:
            config = str(box / "config.toml")
            run(Path(__file__).with_name("crowd.py"), str(crowd), "--config", config)
        for path, camera in files:
            as_camera = ["--camera", camera, "--start", START.isoformat()] if camera else []
            command(box, "visitord", "replay", str(path), *as_camera)
        live = json.loads(command(box, "visitorctl", ask, "--format", "json"))
        command(box, "visitorctl", "cluster")
        return live, json.loads(command(box, "visitorctl", ask, "--format", "json"))


def real(folder: Path) -> Iterator[dict[str, Any]]:
    """The number of people in each of the kit's clips, and in those of the same two people
    together.
    """
    said = json.loads((folder / "clips.json").read_text())
    heads = [name for name in said if name.startswith("head-pose")]
    groups = [[name] for name in said if (folder / name).exists() and name not in heads]
    for names in [*groups, heads]:
        expected = {"people": 2} if names is heads else said[names[0]]
        people = str(expected.get("people", f"at most {expected.get('at_most')}"))
        _, found = replay([(folder / name, None) for name in names], "list")
        yield {"footage": ", ".join(names), "people": people, "identities": len(found)}


def ours(folder: Path, visits: list[dict[str, Any]]) -> dict[str, int]:
    """The errors, where nobody is in view with anybody else: as the kit's scorer counts them."""
    truth = json.loads((folder / "truth.json").read_text())["visits"]
    logged: dict[int, list[str]] = {n: [] for n in range(len(truth))}
    phantom = 0
    for visit in visits:
        begin, end = (datetime.fromisoformat(visit[key]) for key in ("started_at", "ended_at"))
        middle_s = (begin + (end - begin) / 2 - START) / timedelta(seconds=1)
        fitting = [
            n
            for n, v in enumerate(truth)
            if v["start_s"] <= middle_s <= v["end_s"] and v["camera"] in visit["cameras"]
        ]
        phantom += not fitting
        for n in fitting[:1]:
            logged[n].append(visit["identity"])
    first = [(truth[n]["person"], ids[0]) for n, ids in logged.items() if ids]
    pairs = set(first)
    people = {p for p, _ in pairs}
    return {
        "people": len({v["person"] for v in truth}),
        "identities": len({v["identity"] for v in visits}),
        "visits": len(truth),
        "false_merges": len(pairs) - len({i for _, i in pairs}),
        "fragments": len({i for _, i in pairs}) - len(people) if len(pairs) >= len(people) else 0,
        "missed": sum(not ids for ids in logged.values()),
        "split": sum(max(0, len(ids) - 1) for ids in logged.values()),
        "phantom": phantom,
    }


def command(box: Path, program: str, *arguments: str) -> str:
    """What one of visitord's commands prints in the folder `box`."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments],
        cwd=box,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{program} {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def run(script: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, str(script), *arguments], check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    main()
