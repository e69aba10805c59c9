"""A month of a site with known truth: how often everyone who comes is told apart.

    python bench/month.py [--days 30] [--regulars 300] [--once 3000] [--seed 1] [--strangers 5]
    [--json] [--state FOLDER]

Regulars have their habits: how often they come, on which weekdays, at which hour.  The others come
once.  Some have a brother or a sister who looks like them and often comes along, a few nearly a
twin.  What they look like is made up, spread as measured (`faces.py`); some of them are seen too
poorly to be enrolled.  Everything after the camera is the product's own: the recorder with the rule
of the default models, an embedded PostgreSQL, the merge job every hour of the day and within a
minute of a doubt.  Only its clock is scripted.

Printed of each day: its visits; of those seen well the ones that got no identity at once (missed);
those without an identity at its end (unidentified); those filed under an identity that is mostly
somebody else's (wrong).  And as it stands at the end of each day: identities that hold visits of
several people (mixed), those beyond one a person (duplicates), questions waiting for a person
(asked); and the CPU time of its merge jobs together, without the server's.
"""

import argparse
import contextlib
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from faces import LIKENESS, People, embeddings, samples, towards
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from visitord.core.clock import Clock
from visitord.core.config import load
from visitord.core.records import FaceSample, Quality, TrackReport
from visitord.identity.neighbours import Neighbours
from visitord.identity.thresholds import STRANGERS
from visitord.models import sface
from visitord.models.thresholds import ZOO
from visitord.service import merge_job
from visitord.service.recorder import Recorder
from visitord.service.wiring import open_recorder
from visitord.store import suggestions
from visitord.store.database import Cursor, Database
from visitord.store.opening import open_database

FIRST_DAY = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
OPENS_H, CLOSES_H = 8, 20
HOUR = timedelta(hours=1)
EARLY = timedelta(minutes=1)  # so often the daemon looks whether there is a doubt

VISITS_A_WEEK = 2.0  # of a regular, median; lognormal
VISITS_A_WEEK_SPREAD = 0.7
HOUR_SD = 1.0  # around a regular's own hour

SIBLINGS = 50  # people to a pair of siblings
TWINS = 1000  # people to a pair who are nearly twins
SIBLINGS_ALIKE = (0.35, 0.45)  # mean cosine of visits of the two
TWINS_ALIKE = (0.5, 0.55)
TOGETHER = 0.5  # of a regular's visits with a sibling among the regulars

POOR = 0.06  # of all tracks; of the visits of hard synthetic days it is 9 of 120
POOR_WORSE = 0.12  # how much less like its person such a track is
SECOND_TRACK = 0.3  # of visits, on the other camera
TRACK_LIKENESS = 0.985  # cosine of a track to its visit: two of one photograph have 0.95 to 0.99
SAMPLES = 5
GOOD, FLAWED = Quality(0.85), Quality(0.3, ("blurred",))
TRACK_S = 4.0


# Who comes when


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit as it truly was.

    companion: the number of the visit of whoever came along, if anyone.
    """

    number: int
    person: int
    at: datetime
    companion: int | None = None

    @property
    def day(self) -> int:
        return (self.at - FIRST_DAY).days


def families(
    people: People, regulars: int, rng: np.random.Generator
) -> tuple[People, dict[int, int]]:
    """The same people, some of whom are now alike; and of each of those the other one.

    The first `regulars` of them are regulars; siblings are both regulars or both not.
    """
    own = people.own.copy()
    sibling: dict[int, int] = {}
    for group in (range(regulars), range(regulars, len(own))):
        order = rng.permutation(group).tolist()
        for one_in, alike in ((SIBLINGS, SIBLINGS_ALIKE), (TWINS, TWINS_ALIKE)):
            for _ in range(round(len(group) / one_in)):
                one, other = order.pop(), order.pop()
                cosine = rng.uniform(*alike) / LIKENESS**2
                own[other] = towards(own[[one]], cosine, rng)[0]
                sibling[one], sibling[other] = other, one
    return People(own, people.likeness), sibling


def schedule(
    days: int,
    regulars: int,
    once: int,
    sibling: Mapping[int, int],
    rng: np.random.Generator,
) -> list[Visit]:
    """All visits of the month, in any order."""
    moments: list[tuple[int, datetime]] = []
    for person in range(regulars):
        moments += [(person, at) for at in _habit(days, rng)]

    for person in range(regulars, regulars + once):
        elder = sibling.get(person, person) < person
        if not elder:  # who comes along has no moment of their own
            hour = rng.uniform(OPENS_H, CLOSES_H)
            moments.append((person, _moment(int(rng.integers(days)), hour)))

    visits: list[Visit] = []
    for person, at in moments:
        other = sibling.get(person)
        along = other is not None and (person >= regulars or rng.random() < TOGETHER)
        number = len(visits)
        visits.append(Visit(number, person, at, number + 1 if along else None))
        if along:
            visits.append(Visit(number + 1, other, at, number))
    return visits


def _habit(days: int, rng: np.random.Generator) -> Iterator[datetime]:
    """When one regular comes: about so often a week, on days of their own, about the same time."""
    a_week = min(6.5, VISITS_A_WEEK * rng.lognormal(0, VISITS_A_WEEK_SPREAD))
    liking = rng.dirichlet(np.full(7, 2.0))
    hour = rng.uniform(OPENS_H + 1, CLOSES_H - 1)
    for day in range(days):
        if rng.random() < a_week * liking[day % 7]:
            came = np.clip(rng.normal(hour, HOUR_SD), OPENS_H, CLOSES_H - 0.1)
            yield _moment(day, float(came))


def _moment(day: int, hour: float) -> datetime:
    return FIRST_DAY + timedelta(days=day, hours=hour)


# What the camera saw of it


@dataclass(frozen=True, slots=True, eq=False)
class SeenTrack:
    """A track of a visit.  well: whether it has samples enough to enrol."""

    visit: int
    report: TrackReport
    well: bool


def seen(visits: Sequence[Visit], people: People, rng: np.random.Generator) -> list[SeenTrack]:
    """The tracks of all visits, in the order in which they end."""
    who = np.array([visit.person for visit in visits], np.intp)
    looks = people.visits(who, rng)
    poor_looks = people.visits(who, rng, worse=POOR_WORSE)

    tracks = []
    for visit, look, poor_look in zip(visits, looks, poor_looks, strict=True):
        count = 1 + int(rng.random() < SECOND_TRACK)
        for nth in range(count):
            poor = bool(rng.random() < POOR)
            taken = poor_look if poor else look
            tracks.append(_track(visit, nth, taken, poor, rng))
    return sorted(tracks, key=lambda track: track.report.ended_at)


def _track(
    visit: Visit, nth: int, look: NDArray[np.float64], poor: bool, rng: np.random.Generator
) -> SeenTrack:
    """The nth track of a visit, which looks so (d,).

    Who comes along is in the pictures of the first.
    """
    # A second later than a companion, so that the order is that of the numbers.
    later_s = 40.0 * nth + (visit.number % 2)
    started_at = visit.at + timedelta(seconds=later_s)
    direction = towards(look[None], TRACK_LIKENESS, rng)[0]
    described = embeddings(samples(direction, SAMPLES, rng))

    good = int(rng.integers(3)) if poor else SAMPLES
    qualities = [GOOD] * good + [FLAWED] * (SAMPLES - good)
    together = frozenset[UUID]()
    if nth == 0 and visit.companion is not None:
        together = frozenset([_sighting_id(visit.companion, 0)])

    report = TrackReport(
        sighting_id=_sighting_id(visit.number, nth),
        camera=("entrance", "hall")[nth],
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=TRACK_S),
        samples=tuple(
            FaceSample(started_at, embedding, quality, 90.0)
            for embedding, quality in zip(described, qualities, strict=True)
        ),
        frames=30,
        together=together,
        final=True,
    )
    return SeenTrack(visit.number, report, well=not poor)


def _sighting_id(visit: int, nth: int) -> UUID:
    return UUID(int=(visit + 1) * 10 + nth)


# The site


class ScriptedClock(Clock):
    """Shows the time it was last set to."""

    def __init__(self) -> None:
        self.time = FIRST_DAY

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - FIRST_DAY).total_seconds()


class MadeUpPack:
    """What the recorder asks of the default models, which nothing here is seen with."""

    name = "opencv-zoo"
    fingerprint = "made-up"
    dim = sface.DIM
    centre = sface.CENTRE
    separation = ZOO


@dataclass(slots=True)
class Site:
    """A recorder and its merge jobs, by a scripted clock."""

    database: Database
    recorder: Recorder
    clock: ScriptedClock
    next_hourly: datetime = FIRST_DAY + timedelta(hours=OPENS_H + 1)
    near: Neighbours = field(default_factory=lambda: Neighbours(1.0, sface.CENTRE))
    jobs: int = 0
    jobs_cpu_s: float = 0.0

    def live(self, tracks: Sequence[SeenTrack], until: datetime) -> None:
        """Let these tracks end and the jobs run, until then."""
        for track in tracks:
            self._jobs_until(track.report.ended_at)
            self.clock.time = track.report.ended_at
            self.recorder.handle(track.report)
        self._jobs_until(until)

    def _jobs_until(self, moment: datetime) -> None:
        """Run the merge jobs that come before this moment."""
        while True:
            due = self.next_hourly
            if self.recorder.doubtful.is_set():
                due = min(due, _next_minute(self.clock.time))
            if due >= moment:
                return
            self.clock.time = due
            if due == self.next_hourly:
                self.next_hourly = _next_hourly(due)
            self._merge()

    def _merge(self) -> None:
        self.recorder.doubtful.clear()
        pack = self.recorder.settings.pack
        rule = self.recorder.rule
        assert rule

        begun = time.process_time()
        merge_job.merge_duplicates(self.database, pack, rule, self.near, self.clock.now())
        self.jobs += 1
        self.jobs_cpu_s += time.process_time() - begun


def _next_minute(now: datetime) -> datetime:
    return now - (now - FIRST_DAY) % EARLY + EARLY


def _next_hourly(job: datetime) -> datetime:
    """The next full hour, of the opening hours and the one after them."""
    if job.hour < CLOSES_H:
        return job + HOUR
    return job + timedelta(hours=24 - CLOSES_H + OPENS_H + 1)


@contextlib.contextmanager
def open_site(state: Path, strangers: float) -> Iterator[Site]:
    """A site with a database of its own in this folder."""
    path = state / "config.toml"
    path.write_text(f'state_dir = "{state}"\n[models]\nstrangers = {strangers}\n')
    config = load(path)

    clock = ScriptedClock()
    with (
        contextlib.closing(open_database(config)) as database,
        contextlib.closing(database.another()) as jobs_database,
    ):
        recorder = open_recorder(config, database, MadeUpPack(), lambda _: None, clock)
        yield Site(jobs_database, recorder, clock)


# What came of it


@dataclass(frozen=True, slots=True)
class Filed:
    """A sighting as it is filed: under whom (who stands for them), and whether at once."""

    visit: int
    identity: UUID | None
    at_once: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A line of the table; the last three but the seconds are as it stands at its end."""

    day: str
    visits: int
    missed: int
    unidentified: int
    wrong: int
    identities: int
    mixed: int
    duplicates: int
    asked: int = 0
    jobs: int = 0
    jobs_cpu_s: float = 0.0


def count(
    day: str,
    of_day: Sequence[int],
    people: Sequence[int],
    seen_well: Sequence[bool],
    filed: Sequence[Filed],
) -> Day:
    """Score a day.

    Parameters
    ----------
    day
        What it is called.
    of_day
        Its visits, by number.
    people
        Whose each visit of the month is.
    seen_well
        Whether each has a track that could enrol.
    filed
        All sightings so far, oldest first.
    """
    identities: dict[int, set[UUID]] = defaultdict(set)  # by visit
    at_once: set[int] = set()
    holds: dict[UUID, Counter[int]] = defaultdict(Counter)  # people's visits, by identity
    for sighting in filed:
        if sighting.identity is None:
            continue
        if sighting.at_once:
            at_once.add(sighting.visit)
        if sighting.identity not in identities[sighting.visit]:
            identities[sighting.visit].add(sighting.identity)
            holds[sighting.identity][people[sighting.visit]] += 1

    # Of as many visits the first one counts: Counter keeps the order.
    owner = {identity: held.most_common(1)[0][0] for identity, held in holds.items()}
    of_people = Counter(owner.values())
    wrong = [v for v in of_day if any(owner[i] != people[v] for i in identities[v])]
    return Day(
        day=day,
        visits=len(of_day),
        missed=sum(seen_well[v] and v not in at_once for v in of_day),
        unidentified=sum(not identities[v] for v in of_day),
        wrong=len(wrong),
        identities=len(owner),
        mixed=sum(len(held) > 1 for held in holds.values()),
        duplicates=sum(n - 1 for n in of_people.values()),
    )


FILED = """
    select g.sighting_id, i.root_id, g.decision in ('matched', 'enrolled')
    from sighting g left join identity i using (identity_id)
    order by g.started_at, g.sighting_id
"""


def filed(cursor: Cursor) -> list[Filed]:
    """All sightings there are, oldest first."""
    cursor.execute(FILED)
    return [Filed(s.int // 10 - 1, identity, at_once) for s, identity, at_once in cursor]


@dataclass(frozen=True, slots=True, eq=False)
class Month:
    """What there is to see: `visits` by number, and tracks as they end."""

    people: People
    visits: list[Visit]
    tracks: list[SeenTrack]

    @classmethod
    def made(cls, days: int, regulars: int, once: int, seed: int) -> "Month":
        rng = np.random.default_rng(seed)
        strangers = People.made(regulars + once, rng)
        people, sibling = families(strangers, regulars, rng)
        visits = schedule(days, regulars, once, sibling, rng)
        return cls(people, visits, seen(visits, people, rng))


def live(month: Month, site: Site, days: int) -> Iterator[Day]:
    """Each day, once it is over."""
    people = [visit.person for visit in month.visits]
    well = {track.visit for track in month.tracks if track.well}
    seen_well = [visit.number in well for visit in month.visits]

    for day in range(days):
        of_day = [visit.number for visit in month.visits if visit.day == day]
        there = set(of_day)
        jobs, jobs_cpu_s = site.jobs, site.jobs_cpu_s
        tracks = [track for track in month.tracks if track.visit in there]
        site.live(tracks, _moment(day + 1, 0))

        with site.database.transaction() as cursor:
            sightings = filed(cursor)
            asked = len(suggestions.unanswered(cursor))
        counted = count(str(day + 1), of_day, people, seen_well, sightings)
        more = {
            "asked": asked,
            "jobs": site.jobs - jobs,
            "jobs_cpu_s": round(site.jobs_cpu_s - jobs_cpu_s, 2),
        }
        yield Day(**(asdict(counted) | more))


def total(days: Sequence[Day]) -> Day:
    """The sums of the days, and how it stands at their end."""
    summed = ("visits", "missed", "unidentified", "wrong", "jobs", "jobs_cpu_s")
    sums = {key: round(sum(getattr(day, key) for day in days), 2) for key in summed}
    return Day(**(asdict(days[-1]) | sums | {"day": "in all"}))


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--days", type=int, default=30)
    options.add_argument("--regulars", type=int, default=300)
    options.add_argument("--once", type=int, default=3000, help="people who come once")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--strangers", type=float, default=STRANGERS, help="models.strangers")
    options.add_argument("--json", action="store_true")
    options.add_argument("--state", type=Path, help="where to keep the database [default: nowhere]")
    given = options.parse_args()

    month = Month.made(given.days, given.regulars, given.once, given.seed)
    with tempfile.TemporaryDirectory(prefix="visitord-") as folder:
        state = (given.state or Path(folder)).absolute()
        with open_site(state, given.strangers) as site:
            days = list(live(month, site, given.days))

    rows = [*days, total(days)]
    if given.json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    table = Table(*(entry.name for entry in fields(Day)))
    for row in rows:
        if row.day == "in all" or int(row.day) % 5 == 0 or len(days) < 5:
            table.add_row(*map(str, asdict(row).values()))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
