"""What a growing number of people costs: a gallery in memory, many boxes, and pgvector.

    python bench/scale.py [--sizes 1000 10000 100000 1000000] [--boxes 1 2 4] [--state FOLDER]

Fills a PostgreSQL of its own with so many templates, three to a person, of made-up people who are
as alike as real ones are to the default pack (`faces.py`).  Then known people and strangers come.
For each size: what it costs to load everyone and to catch up with one change; how long it takes to
decide by memory and by pgvector, in one run side by side; how many decisions are the same, and how
many are right; and how many sightings a second so many boxes write together, each a process of its
own with a gallery in memory, or without one.
"""

import argparse
import contextlib
import functools
import io
import multiprocessing
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import psycopg2
from faces import DIM, People, embeddings
from numpy.typing import NDArray
from rich.console import Console

from visitord.core.clock import Clock
from visitord.core.errors import DatabaseUnavailableError
from visitord.core.records import FaceSample, Quality, TrackReport
from visitord.identity import decision
from visitord.identity.gallery import Gallery
from visitord.identity.thresholds import MatchRule
from visitord.models.sface import CENTRE
from visitord.models.thresholds import ZOO
from visitord.service.deciding import decide_track
from visitord.service.gallery_follower import GalleryFollower
from visitord.service.recorder import Recorder, RecorderSettings
from visitord.store import gallery_changes, migrate
from visitord.store import templates as stored
from visitord.store.database import Cursor, Database
from visitord.store.site import Site, declare_site

EACH = 3  # templates of a person
PACK = "pack-1"
RULE = MatchRule(ZOO)
SITE = Site("main", "UTC", timedelta(minutes=5))
PROBES = 500
BLOCK = 1000  # people made at a time
BEGAN = "2026-01-01 00:00+00"
TRACKS = 200  # of each box
STRANGERS = 10**9  # numbers of people whom nobody knows, from here on
BOX_STRANGERS = 10**8
INDEX = "template_near_128"
IDENTITY = "identity (identity_id, status, root_id, created_at)"
TEMPLATE = "template (template_id, identity_id, pack, embedding, quality, created_at)"
console = Console(width=120, highlight=False)


@functools.lru_cache(8)
def people_of(block: int) -> People:
    """A thousand made-up people."""
    return People.made(BLOCK, np.random.default_rng(block))


def looks(block: int, which: int) -> NDArray[np.float32]:
    """A visit of each person of a block, the same one for the same number."""
    rng = np.random.default_rng([block, which])
    return embeddings(people_of(block).visits(np.arange(BLOCK), rng))


def look(n: int, which: int) -> NDArray[np.float32]:
    """A visit of made-up person number n."""
    rng = np.random.default_rng([n, which])
    people = people_of(n // BLOCK)
    return embeddings(people.visits(np.array([n % BLOCK]), rng))[0]


def track(face: NDArray[np.float32], camera: str, at: datetime) -> TrackReport:
    """A finished track of three seconds, seen well."""
    samples = tuple(FaceSample(at, face, Quality(0.8, ()), 90.0) for _ in range(5))
    return TrackReport(
        sighting_id=uuid4(),
        camera=camera,
        started_at=at,
        ended_at=at + timedelta(seconds=3),
        samples=samples,
        frames=20,
        final=True,
    )


def fill(url: str, first: int, last: int) -> None:
    """Insert people first..last-1 with their templates, by COPY."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        for block in range(first // BLOCK, last // BLOCK + 1):
            wanted = range(max(first, block * BLOCK), min(last, (block + 1) * BLOCK))
            people, templates = rows_of(block, wanted)
            cursor.copy_expert(f"copy visitord.{IDENTITY} from stdin", people)
            cursor.copy_expert(f"copy visitord.{TEMPLATE} from stdin", templates)

    connection.autocommit = True
    connection.cursor().execute("vacuum analyze")
    connection.close()


def rows_of(block: int, wanted: range) -> tuple[io.StringIO, io.StringIO]:
    """The rows of these people of a block, and those of their templates, as COPY reads them."""
    faces = [looks(block, i).tolist() for i in range(EACH)]
    people = io.StringIO()
    templates = io.StringIO()

    for n in wanted:
        owner = UUID(int=n + 1)
        people.write(f"{owner}\tprovisional\t{owner}\t{BEGAN}\n")
        for i in range(EACH):
            template = UUID(int=2**64 + n * EACH + i)
            embedding = ",".join(map(str, faces[i][n % BLOCK]))
            row = (template, owner, PACK, f"{{{embedding}}}", 0.8, BEGAN)
            templates.write("\t".join(map(str, row)) + "\n")

    people.seek(0)
    templates.seek(0)
    return people, templates


def late(times: list[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[int(len(times) * 0.95)]


def timed(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median and 95th percentile of so many runs, in milliseconds."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), late(times)


@dataclass(frozen=True)
class Choice:
    """A decision, as far as it must be the same."""

    decision: str
    who: UUID | None


def choose(known: GalleryFollower, cursor: Cursor, report: TrackReport) -> Choice:
    """What would be decided about a track."""
    pooled = decision.pool(report.samples, CENTRE)
    gallery = known.candidates(cursor, pooled, 0)
    decided = decide_track(report, pooled, frozenset(), gallery, RULE, PACK)
    assert decided
    return Choice(decided.sighting.verdict.decision.value, decided.person)


def decisions(database: Database, people: int) -> None:
    """Memory and pgvector side by side, over known people and strangers in turn."""
    chance = np.random.default_rng(1)
    at = datetime(2026, 6, 1, tzinfo=UTC)
    half = PROBES // 2
    probes = [int(chance.integers(people)) for _ in range(half)]
    probes += range(STRANGERS, STRANGERS + half)

    followers = {
        "memory": GalleryFollower(PACK, DIM, CENTRE),
        "pgvector": GalleryFollower(PACK, DIM, CENTRE, vector=True),
    }
    times: dict[str, list[float]] = {how: [] for how in followers}
    same = {"known": 0, "strangers": 0}
    outcomes: Counter[str] = Counter()
    with database.transaction() as cursor:
        for follower in followers.values():
            follower.catch_up(cursor)

        for i, person in enumerate(probes):
            report = track(look(person, 100 + i), "door", at)
            choices = []
            for how, follower in followers.items():
                begun = time.perf_counter()
                choices.append(choose(follower, cursor, report))
                times[how].append((time.perf_counter() - begun) * 1000)

            exact, near = choices
            who = "known" if i < half else "strangers"
            same[who] += exact == near
            outcomes[outcome(exact, person, who == "known")] += 1

    for how, spent in times.items():
        median = statistics.median(spent)
        console.print(f"    decide by {how:9} median {median:8.2f} ms, 95 % {late(spent):8.2f} ms")
    ratio = statistics.median(times["pgvector"]) / statistics.median(times["memory"])
    console.print(
        f"    pgvector / memory {ratio:.2f}; the same decision for"
        f" {same['known']} known, {same['strangers']} strangers"
    )
    console.print(
        f"    match {RULE.at(people, templates=people * EACH).match}: of {half} known people"
        f" {outcomes['right']} recognised, {outcomes['enrolled']} enrolled once more,"
        f" {outcomes['wrong']} taken for others; of {half} strangers"
        f" {outcomes['taken']} taken for somebody"
    )


def outcome(choice: Choice, person: int, known: bool) -> str:
    """What a decision about made-up person number so-and-so is."""
    if choice.decision != "matched":
        return "enrolled" if known else "new"
    if not known:
        return "taken"
    return "right" if choice.who == UUID(int=person + 1) else "wrong"


def box(url: str, number: int, vector: bool, go: object, done: object) -> None:
    """One box: knows everyone, waits for the others, then writes its sightings.

    A third are strangers.
    """
    site = replace(SITE, box=f"box {number}")
    settings = RecorderSettings(site, PACK, DIM, vector, CENTRE)
    recorder = Recorder(Database(url), settings, lambda: RULE, lambda _: None, Clock())
    recorder.prepare()
    recorder._follow()
    go.wait()  # type: ignore[attr-defined]

    chance = np.random.default_rng(number)
    at = datetime.now(UTC)
    for i in range(TRACKS):
        if i % 3 == 0:
            face = look(BOX_STRANGERS + number * TRACKS + i, i)
        else:
            face = look(int(chance.integers(300)), 200 + i)
        report = track(face, f"camera {number}", at + timedelta(seconds=10 * i))
        written = False
        while not written:
            with contextlib.suppress(DatabaseUnavailableError):  # the others enrol all the time
                recorder.handle(report)
                written = True

    (peak_kb,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    done.put(int(peak_kb) / 1024)  # type: ignore[attr-defined]


def together(url: str, count: int, vector: bool) -> tuple[float, float]:
    """Sightings a second of so many boxes at once, and the memory of one in MB."""
    context = multiprocessing.get_context("spawn")
    go = context.Barrier(count + 1)
    done = context.Queue()
    boxes = [context.Process(target=box, args=(url, n, vector, go, done)) for n in range(count)]
    for one in boxes:
        one.start()

    go.wait()
    begun = time.perf_counter()
    memory = [done.get() for _ in boxes]
    spent = time.perf_counter() - begun

    for one in boxes:
        one.join()
    return count * TRACKS / spent, max(memory)


def measure(database: Database, definition: str, people: int, boxes: list[int]) -> None:
    """Print what so many people cost, by so many boxes.

    definition: of pgvector's index, which is not there yet.
    """
    load(database)
    index(database, definition)
    decisions(database, people)
    for count in boxes:
        for vector in (False, True):
            rate, memory = together(database.url, count, vector)
            how = "pgvector" if vector else "memory"
            console.print(
                f"    {count} boxes by {how:9} write {rate:7.1f} sightings a second;"
                f" {memory:6.0f} MB each"
            )


def load(database: Database) -> None:
    """Print what it costs to have everyone in memory, and to catch up with one change."""
    with database.transaction() as cursor:
        begun = time.perf_counter()
        known = Gallery(DIM, stored.templates(cursor, PACK), CENTRE)
        console.print(f"  a box loads everyone in {time.perf_counter() - begun:.2f} s")

        gallery_changes.announce(cursor, [UUID(int=1)])
        version = gallery_changes.version(cursor).version

        def catch_up() -> None:
            changed = gallery_changes.since(cursor, version - 1)
            known.update(changed, stored.templates(cursor, PACK, changed))

        median, most = timed(catch_up, 20)
        console.print(f"  it catches up with one change in {median:.1f} ms (95 % {most:.1f} ms)")


def without_index(database: Database) -> str:
    """Drop pgvector's index; returns how to build it."""
    with database.transaction() as cursor:
        cursor.execute(f"select pg_get_indexdef('visitord.{INDEX}'::regclass)")
        ((definition,),) = cursor.fetchall()
        cursor.execute(f"drop index visitord.{INDEX}")
    return str(definition)


def index(database: Database, definition: str) -> None:
    """Build pgvector's index anew, as on the day it is switched on."""
    connection = psycopg2.connect(database.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("set maintenance_work_mem = '1GB'; set search_path to visitord")
        begun = time.perf_counter()
        cursor.execute(definition)
        spent = time.perf_counter() - begun

        cursor.execute(f"select pg_size_pretty(pg_relation_size('visitord.{INDEX}'))")
        ((size,),) = cursor.fetchall()
        cursor.execute("vacuum analyze visitord.template")
    connection.close()
    console.print(f"  pgvector's index is built in {spent:.1f} s and has {size}")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000], help="templates"
    )
    options.add_argument("--boxes", type=int, nargs="*", default=[1, 2, 4])
    options.add_argument("--state", type=Path, help="where to keep the database [default: nowhere]")
    given = options.parse_args()

    with tempfile.TemporaryDirectory(prefix="visitord-") as folder:
        state = given.state or Path(folder)
        database = Database.at("embedded", state)
        migrate.migrate(database, vector=True)
        declare_site(database, SITE)

        filled = 0
        for size in sorted(given.sizes):
            people = size // EACH
            definition = without_index(database)  # rows come faster

            begun = time.perf_counter()
            fill(database.url, filled, people)
            spent = time.perf_counter() - begun
            console.print(f"{size:,} templates of {people:,} people, filled in {spent:.0f} s")
            filled = people

            measure(database, definition, people, given.boxes)
        database.close()


if __name__ == "__main__":
    main()
