"""How fast and how right the clustering of the merge job is.

    python bench/cluster.py [--quick] [--seed 1]

Against scikit-learn's DBSCAN over all cosines: the same clusters, CPU time and memory, each in a
process of its own. Against plain DBSCAN at its best radius: precision and recall of what is merged,
over pairs and by BCubed (Bagga and Baldwin 1998: for each embedding, how much of its group is the
same person, and how much of the person is in its group).  And a simulated year, job after job.
Faces are made up, spread as measured with the default pack (`faces.py`), and compared without what
all of them have in common; plain DBSCAN is given them so.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from faces import People
from faces import embeddings as embeddings_of
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from visitord.identity.centring import centred
from visitord.identity.clustering import Group, Member, Proposal, propose
from visitord.identity.dbscan import dbscan
from visitord.identity.decision import ADDS_NOTHING_NEW, TEMPLATES_MAX
from visitord.identity.neighbours import Neighbours
from visitord.identity.thresholds import MatchRule
from visitord.models.sface import CENTRE
from visitord.models.thresholds import ZOO

RULE = MatchRule(ZOO)
NEW = 1000  # embeddings that came since the last run
ROUNDS = 3
EPS = np.arange(0.30, 0.70, 0.04)  # radii among which plain DBSCAN may have its best
MEASURED = ("cpu_s", "wall_s", "memory_mb")
LOT = 500  # sightings compared with the gallery in one go

LEGEND = """\
rows: embeddings in the job; wrong: matched to, merged with or settled in somebody else, and at
most so many by one job; asked: suggestions of the last job; mixed: identities of several people,
most: of how many; CPU s: of one job"""

console = Console(width=120)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a tenth of the people")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", nargs=2, metavar=("WHO", "FILE"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.only:
        print(json.dumps(measure(given.only[0], np.load(given.only[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        speed(Path(folder), given)
    grouping(given)
    year(given)


# Speed


def speed(folder: Path, given: argparse.Namespace) -> None:
    """Print what clustering costs, beside scikit-learn and step by step."""
    fresh = Table(
        "embeddings",
        "who",
        "CPU s",
        "wall s",
        "memory MB",
        "times faster (CPU)",
        title="DBSCAN, fresh",
    )
    sizes = (2000, 10_000) if given.quick else (5000, 20_000)
    for size in sizes:
        side_by_side(fresh, size, looks(folder, size, given.seed))

    # More than scikit-learn has memory for.
    size = 20_000 if given.quick else 100_000
    path = looks(folder, size, given.seed)
    full = child("visitord", path)
    new = child("new", path)
    for name, run in ((str(size), full), (f"{NEW} new", new)):
        numbers = [run[key] for key in MEASURED]
        fresh.add_row(name, "visitord", *(f"{n:.2f}" for n in numbers), "")
    console.print(fresh)

    steps = Table(
        "step",
        "full: CPU s",
        f"{NEW} new: CPU s",
        "times faster",
        title=f"A run over {size} embeddings",
    )
    for step in ("compare", "propose"):
        ratio = full[step] / new[step]
        steps.add_row(step, f"{full[step]:.2f}", f"{new[step]:.2f}", f"{ratio:.1f}")
    console.print(steps)


def side_by_side(table: Table, size: int, path: Path) -> None:
    """Measure both in turn over the embeddings in a file, and see that their clusters are equal."""
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(ROUNDS):
        for who in ("scikit-learn", "visitord"):
            runs[who].append(child(who, path))

    labels = [np.array(runs[who][0]["labels"]) for who in runs]
    assert same_clusters(*labels), "the clusters differ"

    base = median(runs["scikit-learn"], "cpu_s")
    for who, measured in runs.items():
        numbers = [median(measured, key) for key in MEASURED]
        ratio = base / numbers[0]
        table.add_row(str(size), who, *(f"{n:.2f}" for n in numbers), f"{ratio:.1f}")


def looks(folder: Path, size: int, seed: int) -> Path:
    """A file of embeddings, five of each person, in any order."""
    rng = np.random.default_rng(seed)
    people = size // 5
    path = folder / f"{size}.npy"
    np.save(path, shots(people, rng.permutation(np.repeat(np.arange(people), 5)), rng))
    return path


def shots(people: int, truth: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.float32]:
    """An embedding (n, d) of each of these visits (n,) of so many people."""
    return embeddings_of(People.made(people, rng).visits(truth, rng))


def child(who: str, path: Path) -> dict[str, Any]:
    """What `measure` returns in a process of its own."""
    command = [sys.executable, __file__, "--only", who, str(path)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def measure(who: str, embeddings: NDArray[np.float32]) -> dict[str, Any]:
    """Times and additional memory of one run in this process.

    who: "scikit-learn", "visitord", or "new", which knows all but the last ones already.
    """
    keys = [UUID(int=n + 1) for n in range(len(embeddings))]
    found = dict(zip(keys, embeddings, strict=True))
    members = [Member(key, ((key,),), n) for n, key in enumerate(keys)]
    merge = RULE.at(len(keys)).merge
    neighbours = Neighbours(merge, CENTRE)
    if who == "new":
        neighbours.update(keys[:-NEW], found)
    plain = plain_dbscan(1 - merge)
    apart = centred(embeddings, CENTRE)
    plain.fit_predict(apart[:50])  # what is loaded once is not counted

    before_mb = highest_mb(anew=True)
    steps = {}
    start = time.perf_counter()
    cpu = time.process_time()
    if who == "scikit-learn":
        labels = plain.fit_predict(apart)
    else:
        neighbours.update(keys, found)
        steps["compare"] = time.process_time() - cpu
        labels = dbscan(neighbours.pairs, len(keys), neighbours.threshold)
    steps["cpu_s"] = time.process_time() - cpu
    steps["wall_s"] = time.perf_counter() - start

    if who != "scikit-learn":
        cpu = time.process_time()
        propose(members, set(), neighbours)
        steps["propose"] = time.process_time() - cpu

    return {**steps, "memory_mb": highest_mb() - before_mb, "labels": labels.tolist()}


def plain_dbscan(eps: float) -> Any:
    """DBSCAN over all cosines, as scikit-learn has it."""
    from sklearn.cluster import DBSCAN

    return DBSCAN(eps=eps, min_samples=2, metric="cosine")


def highest_mb(anew: bool = False) -> float:
    """The most memory this process has held.

    anew: count from now on (Linux: `man 5 proc`, clear_refs).
    """
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return float(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def median(runs: Sequence[dict[str, Any]], key: str) -> float:
    return float(np.median([run[key] for run in runs]))


def same_clusters(a: NDArray[np.intp], b: NDArray[np.intp]) -> bool:
    """Whether these labels are each other's but for the names, -1 being one name."""
    same_noise = bool(((a == -1) == (b == -1)).all())
    pairs = np.unique(np.stack([a, b]), axis=1).shape[1]
    return same_noise and pairs == len(np.unique(a)) == len(np.unique(b))


# Quality


def grouping(given: argparse.Namespace) -> None:
    """Everybody is a provisional identity of one embedding; which are made one?"""
    titles = ("P, pairs", "R", "F", "P, BCubed", "R", "F", "groups", "least")
    notes: list[str] = []
    table = Table(
        "people",
        "how",
        *titles,
        title="What is merged (P precision, R recall, least: lowest cosine in a group)",
    )
    crowds = ((100, 10), (300, 4)) if given.quick else ((100, 10), (600, 10), (2000, 4))
    for people, each in crowds:
        size = f"{people} × {each}"
        rng = np.random.default_rng(given.seed)
        truth = np.repeat(np.arange(people), each)
        embeddings = shots(people, truth, rng)
        apart = centred(embeddings, CENTRE)
        merge = RULE.at(len(truth)).merge

        plain = {eps: plainly(apart, eps) for eps in EPS.round(2)}
        best = max(plain, key=lambda eps: bcubed(plain[eps], truth)[2])
        ours, suggested = decided(embeddings, truth)
        rows = {
            f"DBSCAN, its best: {1 - best:.2f}": plain[best],
            f"DBSCAN, {merge}": plainly(apart, 1 - merge),
            f"visitord, {merge}": ours,
        }

        for how, labels in rows.items():
            scores = (*pairwise(labels, truth), *bcubed(labels, truth))
            groups = int((np.bincount(labels) > 1).sum())
            least = least_alike(labels, apart)
            shown = (*(f"{n:.3f}" for n in scores), str(groups), f"{least:.2f}")
            table.add_row(size, how, *shown)
        notes.append(f"{size}: {suggested}")
    console.print(table, *notes, sep="\n")


def plainly(embeddings: NDArray[np.float32], eps: float) -> NDArray[np.intp]:
    """The group of each that DBSCAN alone makes, noise being groups of one."""
    return alone(plain_dbscan(eps).fit_predict(embeddings))


def decided(
    embeddings: NDArray[np.float32], truth: NDArray[np.intp]
) -> tuple[NDArray[np.intp], str]:
    """The group of each, and what was suggested."""
    keys = [UUID(int=n) for n in range(len(embeddings))]
    members = [Member(key, ((key,),), n) for n, key in enumerate(keys)]
    neighbours = Neighbours(RULE.at(len(keys)).merge, CENTRE)
    neighbours.update(keys, dict(zip(keys, embeddings, strict=True)))
    proposal = propose(members, set(), neighbours)

    labels = np.arange(len(keys))
    for group in proposal.groups:
        labels[[key.int for key in everyone(group)]] = group.identity_id.int

    suggested = proposal.suggestions
    right = sum(bool(truth[s.one.int] == truth[s.other.int]) for s in suggested)
    return labels, f"{len(suggested)} pairs suggested, {right} of them one person"


def everyone(group: Group) -> list[UUID]:
    """The one that is kept, if any, and all others."""
    others = [*group.merged, *group.settled]
    return [group.kept, *others] if group.kept else others


def alone(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Each one that is noise a group of its own."""
    return np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)


def shared(labels: NDArray[np.intp], truth: NDArray[np.intp]) -> tuple[NDArray[np.float64], ...]:
    """Of each one: how large its group is, how often there is its person, and both at once."""
    _, cell, counts = np.unique(
        np.stack([labels, truth]), axis=1, return_inverse=True, return_counts=True
    )
    in_group = np.bincount(labels)[labels] * 1.0
    of_person = np.bincount(truth)[truth] * 1.0
    return in_group, of_person, counts[cell] * 1.0


def pairwise(labels: NDArray[np.intp], truth: NDArray[np.intp]) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean over pairs."""
    in_group, of_person, both = (float((n - 1).sum()) for n in shared(labels, truth))
    return scores(both / max(in_group, 1), both / max(of_person, 1))


def bcubed(labels: NDArray[np.intp], truth: NDArray[np.intp]) -> tuple[float, float, float]:
    """The same by BCubed."""
    in_group, of_person, both = shared(labels, truth)
    return scores(float((both / in_group).mean()), float((both / of_person).mean()))


def scores(precision: float, recall: float) -> tuple[float, float, float]:
    harmonic = 2 * precision * recall / max(precision + recall, 1e-9)
    return precision, recall, harmonic


def least_alike(labels: NDArray[np.intp], embeddings: NDArray[np.float32]) -> float:
    """The lowest cosine inside any group: far below the threshold where there is a chain."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return min(float((embeddings[g] @ embeddings[g].T).min()) for g in groups)


# A year


class House:
    """What the daemon would know: templates under identities, and sightings still pending.

    Sightings are numbered; an identity has the number of the sighting it began with.  A template
    counts for itself only, where the gallery also asks for the mean of somebody's.
    """

    def __init__(self, embeddings: NDArray[np.float32], truth: NDArray[np.intp]) -> None:
        self.looks = embeddings  # (n, d) of each sighting
        self.apart = centred(embeddings, CENTRE)
        self.truth = truth  # (n,) whose it is

        self.neighbours = Neighbours(1.0, CENTRE)
        # Of each identity: sightings by the part they belong to.
        self.parts: dict[int, dict[int, list[int]]] = {}
        self.pending: list[int] = []
        self.templates: list[int] = []  # sightings
        self.owners = np.zeros(len(truth), np.intp)  # of each template
        self.held: Counter[int] = Counter()  # templates of each identity

        self.matches = 0
        self.false_matches = 0

    def see(self, lot: range) -> None:
        """Decide these sightings one by one, as `identity.decide` does for well seen faces."""
        # Compared in one go: with the templates there were, and with each other.
        known = len(self.templates)
        new = self.apart[lot.start : lot.stop]
        before = new @ self.apart[self.templates].T
        among = new @ new.T

        for n, sighting in enumerate(lot):
            later = [template - lot.start for template in self.templates[known:]]
            row = np.concatenate([before[n], among[n, later]])
            owners = self.owners[: len(self.templates)]

            score = float(row.max(initial=-1.0))
            thresholds = RULE.at(len(self.parts))
            if score >= thresholds.match:
                best = int(owners[row.argmax()])
                second = row[owners != best].max(initial=-1.0)
                clear = score >= thresholds.certain and second < thresholds.match
                self.match(sighting, best, clear and score < ADDS_NOTHING_NEW)
            else:
                self.enrol(sighting)

    def match(self, sighting: int, identity: int, teaches: bool) -> None:
        self.matches += 1
        self.false_matches += bool(self.truth[sighting] != self.truth[identity])

        if teaches and self.held[identity] < TEMPLATES_MAX:
            self.parts[identity].setdefault(identity, []).append(sighting)
            self.learn(sighting, identity)

    def enrol(self, sighting: int) -> None:
        self.parts[sighting] = {sighting: [sighting]}
        self.learn(sighting, sighting)

    def learn(self, sighting: int, identity: int) -> None:
        self.owners[len(self.templates)] = identity
        self.templates.append(sighting)
        self.held[identity] += 1

    def members(self) -> Iterator[Member]:
        for identity, sightings in self.parts.items():
            parts = tuple(tuple(UUID(int=n) for n in part) for part in sightings.values())
            yield Member(UUID(int=identity), parts, identity)
        for sighting in self.pending:
            key = UUID(int=sighting)
            yield Member(key, ((key,),), sighting, pending=True)

    def job(self) -> tuple[Proposal, int]:
        """Run the merge job; returns what it did, and of how many it was wrong."""
        members = list(self.members())
        keys = [key for m in members for part in m.parts for key in part]
        self.neighbours.ask(RULE.at(len(self.parts)).merge)
        found = {key: self.looks[key.int] for key in self.neighbours.unknown(keys)}
        self.neighbours.update(keys, found)
        proposal = propose(members, set(), self.neighbours)

        wrong = 0
        now = np.arange(len(self.truth))
        for group in proposal.groups:
            first, *others = (i.int for i in everyone(group))
            if group.kept is None:
                self.enrol(first)
            for other in others:
                wrong += bool(self.truth[other] != self.truth[first])
                self.parts[first] |= self.parts.pop(other, {other: [other]})
                self.held[first] += self.held.pop(other, 0)
                now[other] = first

        self.owners = now[self.owners]
        settled = {i.int for group in proposal.groups for i in group.settled}
        self.pending = [s for s in self.pending if s not in settled]
        return proposal, wrong

    def mixed(self) -> tuple[int, int]:
        """How many identities are of several people, and of how many people at most one is."""
        people = []
        for parts in self.parts.values():
            sightings = chain.from_iterable(parts.values())
            people.append(len({int(self.truth[sighting]) for sighting in sightings}))
        return sum(n > 1 for n in people), max(people, default=0)


def year(given: argparse.Namespace) -> None:
    """Print what becomes of a house in a year of jobs."""
    people, sightings, jobs = (2000, 20_000, 24) if given.quick else (20_000, 200_000, 52)
    rng = np.random.default_rng(given.seed)
    often = rng.lognormal(0, 1, people)
    truth = rng.choice(people, sightings, p=often / often.sum())
    house = House(shots(people, truth, rng), truth)

    titles = (
        "rows",
        "people",
        "pending",
        "matched",
        "wrong",
        "merged",
        "settled",
        "wrong",
        "a job",
        "asked",
        "mixed",
    )
    table = Table("", *titles, "most", "CPU s", title=f"A year of {jobs} jobs, by quarter")
    bounds = np.linspace(0, sightings, jobs + 1).astype(int).tolist()

    for quarter in np.array_split(np.arange(jobs), 4):
        house.matches = house.false_matches = 0
        merged = settled = worst = wrong = asked = 0
        cpu = 0.0
        for n in quarter:
            for start in range(bounds[n], bounds[n + 1], LOT):
                house.see(range(start, min(start + LOT, bounds[n + 1])))

            (proposal, amiss), seconds = timed(house.job)
            cpu += seconds
            wrong += amiss
            worst = max(worst, amiss)
            merged += sum(len(g.merged) for g in proposal.groups)
            settled += sum(len(g.settled) for g in proposal.groups)
            asked = len(proposal.suggestions)

        known = (len(house.neighbours.matrix), len(house.parts), len(house.pending))
        done = (house.matches, house.false_matches, merged, settled, wrong, f"≤ {worst}", asked)
        numbers = (
            quarter[-1] * 4 // jobs + 1,
            *known,
            *done,
            *house.mixed(),
            f"{cpu / len(quarter):.1f}",
        )
        table.add_row(*map(str, numbers))
    console.print(table)
    console.print(LEGEND)


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return run(), time.process_time() - start


if __name__ == "__main__":
    main()
