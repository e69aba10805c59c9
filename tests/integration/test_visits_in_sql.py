"""Visits and the views of them, compared with what plain Python makes of the sightings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.corrections import merge, split, undo
from fixtures.corrections import merges as merges_in_force
from fixtures.reports import START, axis, report
from fixtures.visit_log import VisitLog
from visitord.core.errors import VisitordError
from visitord.core.records import TrackReport
from visitord.identity.clustering import Group
from visitord.store import erasure, merges, people
from visitord.store.database import Database
from visitord.store.site import Site, declare_site

MINUTE = timedelta(minutes=1)
# Days and sites at which the views disagree about how many came.
SUMS = """
    select * from daily_footfall full join (
        select day, site, count(*) as visits, count(visitor_id) as identified,
               count(*) filter (where status = 'unidentified') as unidentified
        from visit_log where status <> 'ignored' group by day, site
    ) logged using (day, site)
    where (daily_footfall.visits, daily_footfall.identified, daily_footfall.unidentified)
        is distinct from (logged.visits, logged.identified, logged.unidentified)
    or logged.visits <> logged.identified + logged.unidentified
"""
BERLIN = ZoneInfo("Europe/Berlin")
# How many columns at the end of a view say where, or in which groups, and are not compared here.
MORE = {
    "visit_log": 2,
    "visitor": 3,
    "daily_footfall": 1,
    "present_now": 2,
    "frequent_visitor": 1,
}
TABLES = [
    "event",
    "arrived",
    "event_due",
    "rejection",
    "split",
    "suggestion",
    "merge",
    "template",
    "together",
    "unidentified",
    "visit",
    "sighting",
    "identity",
    "camera",
    "camera_change",
    "replay",
    "site",
]


# What should be there


@dataclass(frozen=True)
class Stay:
    """A sighting that counts."""

    sighting_id: UUID
    who: UUID | None
    site: str
    camera: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Visit:
    stays: Sequence[Stay]
    day: date
    before: "Visit | None"

    @property
    def who(self) -> UUID | None:
        return self.stays[0].who

    @property
    def site(self) -> str:
        return self.stays[0].site

    @property
    def start(self) -> datetime:
        return self.stays[0].start

    @property
    def end(self) -> datetime:
        return max(stay.end for stay in self.stays)

    @property
    def away(self) -> timedelta | None:
        return self.start - self.before.end if self.before else None

    def row(self) -> tuple[object, ...]:
        """As the table has it, but for the order of the columns."""
        last = max(self.stays, key=lambda s: (s.end, s.start, s.sighting_id))
        cameras = list(dict.fromkeys(stay.camera for stay in self.stays))
        previous = (self.before.day, self.before.end) if self.before else (None, None)
        key = (self.stays[0].sighting_id, self.who, self.site, self.start, self.end)
        return (*key, len(self.stays), cameras, last.camera, self.day, *previous)


class Log:
    """The sightings in a database at one moment, and what follows from them."""

    def __init__(self, visit_log: VisitLog) -> None:
        self._read: dict[str, list[tuple[Any, ...]]] = {}
        views = ["visit_log", "visitor", "daily_footfall", "frequent_visitor", "present_now"]
        with visit_log.database.transaction() as cursor:  # one transaction, so one now()
            for name in ("identity", "sighting", "site", "together", *views):
                columns = "sighting_id, identity_id, site, camera, started_at, ended_at, "
                columns += "static, blocked"
                cursor.execute(f"select {columns if name == 'sighting' else '*'} from {name}")
                self._read[name] = [row[: len(row) - MORE.get(name, 0)] for row in cursor]
            cursor.execute("select now()")
            ((self.now,),) = cursor.fetchall()
            self.status = {row[0]: row[2] for row in self._read["identity"]}
            self.name = {row[0]: row[3] or f"visitor {row[1]}" for row in self._read["identity"]}
            self._with = defaultdict(set)
            for one, other in self._read["together"]:
                self._with[one].add(other)
                self._with[other].add(one)
            known = self._people()
            self.visits = [visit for stays in known.values() for visit in self._visits(stays)]
            self._known = {stay.sighting_id: stay for stays in known.values() for stay in stays}
            self.visits += self._unidentified()

    def view(self, name: str) -> list[tuple[Any, ...]]:
        return sorted(self._read[name], key=repr)

    def _people(self) -> dict[tuple[UUID, str], list[Stay]]:
        merged = {row[0]: row[4] for row in self._read["identity"]}
        found = defaultdict(list)
        for sighting_id, who, site, camera, start, end, static, _ in self._read["sighting"]:
            if who and not static:
                while merged[who]:
                    who = merged[who]
                found[who, site].append(Stay(sighting_id, who, site, camera, start, end))
        return found

    def _site(self, name: str) -> tuple[ZoneInfo, timedelta]:
        ((zone, gap),) = (row[1:3] for row in self._read["site"] if row[0] == name)
        return ZoneInfo(zone), gap

    def _unidentified(self) -> Iterator[Visit]:
        """Those without an identity, each with the last one it may be a piece of."""
        cameras = defaultdict(list)
        for sighting_id, who, site, camera, start, end, static, blocked in self._read["sighting"]:
            if not (who or static or blocked):
                cameras[site, camera].append(Stay(sighting_id, None, site, camera, start, end))
        for (site, _), stays in cameras.items():
            zone, gap = self._site(site)
            for some in self._chains(stays, min(gap, MINUTE)):
                yield Visit(some, some[0].start.astimezone(zone).date(), None)

    def _chains(self, stays: list[Stay], pause: timedelta) -> list[list[Stay]]:
        chains: list[list[Stay]] = []
        for stay in sorted(stays, key=lambda s: (s.start, s.sighting_id)):
            if self._is_piece(stay, min(pause, timedelta(seconds=2))):
                continue
            joined = []
            for chain in chains:
                near = [s for s in chain if s.end >= stay.start - pause]
                apart = any(s.sighting_id in self._with[stay.sighting_id] for s in near)
                if near and not apart:
                    joined.append(chain)
            if not joined:
                chains.append([stay])
                continue
            joined.sort(key=lambda chain: chain[0].sighting_id)
            max(joined, key=lambda chain: max(s.end for s in chain)).append(stay)
        return chains

    def _is_piece(self, stay: Stay, flicker: timedelta) -> bool:
        """Whether somebody was identified next to it who was in no picture with it."""
        others = [self._known.get(other) for other in self._with[stay.sighting_id]]
        return any(
            known.start <= stay.end + flicker
            and known.end >= stay.start - flicker
            and known.who not in {other.who for other in others if other}
            for known in self._known.values()
            if (known.site, known.camera) == (stay.site, stay.camera)
        )

    def _visits(self, stays: list[Stay]) -> Iterator[Visit]:
        zone, gap = self._site(stays[0].site)
        stays = sorted(stays, key=lambda s: (s.start, s.sighting_id))
        ends, before = [0], None
        for n in range(1, len(stays)):
            if stays[n].start - max(s.end for s in stays[:n]) > gap:
                ends.append(n)
        for first, last in pairwise([*ends, len(stays)]):
            day = stays[first].start.astimezone(zone).date()
            before = Visit(stays[first:last], day, before)
            yield before

    def footfall(self) -> list[tuple[object, ...]]:
        days = defaultdict(list)
        for visit in self.visits:
            if self.status.get(visit.who) != "ignored":
                days[visit.day, visit.site].append(visit)
        rows: list[tuple[object, ...]] = []
        for key, visits in days.items():
            some = [v for v in visits if v.who]
            people = {v.who for v in some}
            new = {v.who for v in some if v.before is None}
            dwell = median(v.end - v.start for v in some) if some else None
            counts = (len(visits), len(people), len(new), len(people - new), dwell)
            shares = (len(some), len(visits) - len(some), len(some) / len(visits))
            rows.append((*key, *counts, *shares))
        return sorted(rows, key=repr)

    def frequent(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for who, name in self.name.items():
            some = [
                v
                for v in self.visits
                if v.who == who and self.now - timedelta(days=30) < v.start <= self.now
            ]
            gaps = [v.away for v in some if v.away is not None]
            if some and self.status[who] != "ignored":
                days, last = len({v.day for v in some}), max(v.end for v in some)
                rows.append((who, name, len(some), days, median(gaps) if gaps else None, last))
        return sorted(rows, key=repr)

    def present(self) -> list[tuple[object, ...]]:
        gaps = {row[0]: row[2] for row in self._read["site"]}
        rows = [
            (v.who, self.name.get(v.who), v.site, v.row()[7], v.start, v.end)
            for v in self.visits
            if v.end >= self.now - gaps[v.site]
            and v.start <= self.now
            and self.status.get(v.who) != "ignored"
        ]
        return sorted(rows, key=repr)

    def people(self) -> dict[UUID, tuple[object, ...]]:
        """first_seen, last_seen, visits, sightings"""
        return {
            who: (
                min(v.start for v in some),
                max(v.end for v in some),
                len(some),
                sum(len(v.stays) for v in some),
            )
            for who in {v.who for v in self.visits if v.who}
            for some in [[v for v in self.visits if v.who == who]]
        }


def check(visit_log: VisitLog) -> None:
    """All rows and views are as made from scratch, and building them again writes nothing."""
    log = Log(visit_log)
    stored = visit_log.rows("select * from visit")
    assert sorted(stored, key=repr) == sorted((v.row() for v in log.visits), key=repr)
    assert log.view("daily_footfall") == log.footfall()
    assert log.view("frequent_visitor") == log.frequent()
    assert log.view("present_now") == log.present()
    away = {
        v.stays[0].sighting_id: (v.day, v.before is None if v.who else None, v.away)
        for v in log.visits
    }
    assert {row[0]: row[-3:] for row in log.view("visit_log")} == away
    assert visit_log.rows(SUMS) == []
    static = [row for row in log._read["sighting"] if row[6]]
    if not static:
        assert {row[0]: row[4:] for row in log.view("visitor") if row[6]} == log.people()
    else:
        assert sum(row[7] for row in log.view("visitor")) == len(
            [row for row in log._read["sighting"] if row[1]]
        )
    written = (
        "select xmin::text, visit_id from visit "
        "union all select xmin::text, sighting_id from unidentified order by 2, 1"
    )
    before = visit_log.rows(written)
    visit_log.rows("select rebuild_visits(site) from site")
    assert visit_log.rows(written) == before


# Any sequence of what may happen

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland")
DAYS = (0, 1, 2, 9, 10, 11, 30, 38, 39, 40)  # the last is today
CAMERAS = ("door", "hall")
SITES = ("main", "branch")
small = st.integers(0, 3)
see = st.tuples(
    st.just("see"),
    st.sampled_from(("main", "main", "branch")),
    st.sampled_from((0, 0, 1, 2)),
    st.sampled_from(DAYS),
    st.integers(0, 30),
    st.sampled_from(CAMERAS),
    st.sampled_from((0, 50, 100, 130, 700)),
)
glimpse = st.tuples(
    st.just("glimpse"),
    st.sampled_from(("main", "main", "branch")),
    st.sampled_from((0, 0, 0, 1, 10, 40)),
    st.integers(0, 8),
    st.sampled_from((0, 1, 3, 31, 55, 61, 99)),
    st.sampled_from(("door", "door", "hall")),
    st.sampled_from((0, 1, 20, 100, 250)),
    st.booleans(),
)
change = st.one_of(
    see,
    glimpse,
    st.tuples(st.just("settle"), small, small, small),
    st.tuples(st.just("forget"), small),
    st.tuples(st.just("merge"), small, small),
    st.tuples(st.just("undo"), small),
    st.tuples(st.just("split"), small, st.integers(0, 9)),
    st.tuples(st.just("again"), st.integers(0, 30), st.sampled_from((10, 200, 400)), st.booleans()),
    st.tuples(
        st.just("site"),
        st.sampled_from(SITES),
        st.sampled_from(ZONES),
        st.sampled_from((30, 100, 300)),
    ),
    st.tuples(st.just("ignore"), small),
    st.tuples(st.just("drop"), st.sampled_from(DAYS), st.integers(0, 30)),
)
# Many changes build all visits of a person anew, which would put right what sightings one by one
# had not.
steps = st.tuples(
    st.lists(st.one_of(see, glimpse), min_size=8, max_size=20),
    st.lists(change, max_size=8),
    st.lists(st.one_of(see, glimpse), max_size=4),
)


class World:
    """Two sites on one database, to which steps happen."""

    def __init__(self, database: Database) -> None:
        with database.transaction() as cursor:
            cursor.execute(";".join(f"delete from {table}" for table in TABLES))
            cursor.execute("select setval('visitor_number', 1, false)")
        self.visit_logs = {
            name: VisitLog(database, Site(name, "Europe/Berlin", timedelta(seconds=100)))
            for name in SITES
        }
        self.visit_log = self.visit_logs["main"]
        self.reports: list[tuple[str, TrackReport]] = []
        today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.base = today - timedelta(days=40)

    def at(self, day: int, slot: int) -> datetime:
        """Slots of 100 s around one local midnight or another, or around now."""
        evening = (
            self.base.replace(hour=22, minute=40)
            if day < 40
            else datetime.now(UTC) - 31 * timedelta(seconds=100)
        )
        return (evening + timedelta(days=day if day < 40 else 0, seconds=100 * slot)).replace(
            microsecond=0
        )

    def do(self, step: Sequence[Any]) -> None:
        with suppress(VisitordError):  # what makes no sense is refused and changes nothing
            getattr(self, step[0])(*step[1:])

    def see(self, site: str, face: int, day: int, slot: int, camera: str, length_s: float) -> None:
        at_s = (self.at(day, slot) - START).total_seconds()
        seen = report(axis(face), at_s, camera=camera, length_s=length_s)
        self.reports.append((site, seen))
        self.visit_logs[site].recorder.handle(seen)

    def glimpse(
        self,
        site: str,
        day: int,
        slot: int,
        offset_s: float,
        camera: str,
        length_s: float,
        together: bool,
    ) -> None:
        """A poor track of a stranger; together: with all others seen meanwhile by that camera."""
        start = self.at(day, slot) + timedelta(seconds=offset_s)
        end = start + timedelta(seconds=length_s)
        others = [
            seen.sighting_id
            for where, seen in self.reports
            if together and where == site and seen.camera == camera
            if seen.started_at <= end and seen.ended_at >= start
        ]
        seen = report(
            axis(50 + len(self.reports)),
            (start - START).total_seconds(),
            camera=camera,
            length_s=length_s,
            good=False,
            together=others,
        )
        self.reports.append((site, seen))
        self.visit_logs[site].recorder.handle(seen)

    def settle(self, kept: int, merged: int, which: int) -> None:
        """The merge job finds that two are one, and that an unidentified sighting is of them."""
        with self.visit_log.database.transaction() as cursor:
            cursor.execute(
                "select identity_id from identity where merged_into is null and number in (%s, %s) "
                "order by number = %s desc",
                (kept + 1, merged + 1, kept + 1),
            )
            found = [row[0] for row in cursor.fetchall()]
            cursor.execute(
                "select sighting_id from sighting where identity_id is null order by started_at, 1"
            )
            pending = [row[0] for row in cursor.fetchall()]
            if found and pending:
                settled = pending[which * 3 % len(pending)]
                group = Group(found[0], tuple(found[1:]), (settled,), 0.9)
                merges.apply(cursor, [group], "merge job", START)

    def forget(self, who: int) -> None:
        with self.visit_log.database.transaction() as cursor:
            erasure.forget(cursor, people.find(cursor, str(who + 1)))

    def again(self, which: int, longer_s: float, static: bool) -> None:
        """The same track is reported once more: it went on, or turned out to be a poster."""
        if self.reports:
            site, seen = self.reports[which % len(self.reports)]
            end = seen.ended_at + timedelta(seconds=longer_s)
            self.visit_logs[site].recorder.handle(replace(seen, ended_at=end, static=static))

    def merge(self, keep: int, other: int) -> None:
        merge(self.visit_log, str(keep + 1), str(other + 1))

    def undo(self, which: int) -> None:
        if found := merges_in_force(self.visit_log):
            undo(self.visit_log, found[which % len(found)])

    def split(self, who: int, which: int) -> None:
        rows = self.visit_log.rows(
            "select sighting_id from sighting join identity i using (identity_id) join identity r "
            f"on r.identity_id = i.root_id where r.number = {who + 1} "
            "order by started_at, sighting_id"
        )
        if rows:
            split(self.visit_log, str(who + 1), rows[which % len(rows)][0])  # type: ignore[arg-type]

    def site(self, name: str, zone: str, gap_s: int) -> None:
        site = Site(name, zone, timedelta(seconds=gap_s))
        declare_site(self.visit_log.database, site)
        recorder = self.visit_logs[name].recorder
        recorder.settings = replace(recorder.settings, site=site)

    def ignore(self, who: int) -> None:
        with self.visit_log.database.transaction() as cursor:
            cursor.execute("update identity set status = 'ignored' where number = %s", (who + 1,))

    def drop(self, day: int, slot: int) -> None:
        with self.visit_log.database.transaction() as cursor:
            cursor.execute("select drop_before(%s, 3)", (self.at(day, slot),))


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happened=steps)
def test_whatever_happens_the_rows_are_those_made_from_scratch(
    database: Database, happened: Sequence[Any]
) -> None:
    world = World(database)
    for phase in happened:
        for step in phase:
            world.do(step)
        check(world.visit_log)


# Examples


@pytest.fixture
def berlin(database: Database) -> VisitLog:
    return VisitLog(database, Site("main", "Europe/Berlin", timedelta(minutes=5)))


def seen(
    visit_log: VisitLog,
    face: int,
    local: str,
    minutes: float = 1,
    camera: str = "door",
    zone: ZoneInfo = BERLIN,
) -> None:
    start = datetime.fromisoformat(local)
    start = start if start.tzinfo else start.replace(tzinfo=zone)
    at_s = (start.astimezone(UTC) - START).total_seconds()
    visit_log.recorder.handle(report(axis(face), at_s, length_s=minutes * 60, camera=camera))


def footfall(visit_log: VisitLog) -> list[tuple[object, ...]]:
    check(visit_log)
    rows = visit_log.rows(
        "select day, site, visits, visitors, new_visitors, returning_visitors, median_dwell "
        "from daily_footfall order by day, site"
    )
    return [(str(day), site, *counts, str(dwell)) for day, site, *counts, dwell in rows]


def test_a_visit_past_midnight_belongs_to_the_day_it_began(berlin: VisitLog) -> None:
    seen(berlin, 0, "2026-03-10T23:58", minutes=10)
    seen(berlin, 1, "2026-03-11T00:00")
    assert footfall(berlin) == [
        ("2026-03-10", "main", 1, 1, 1, 0, "0:10:00"),
        ("2026-03-11", "main", 1, 1, 1, 0, "0:01:00"),
    ]


def test_the_day_on_which_clocks_go_forward_has_23_hours(berlin: VisitLog) -> None:
    """29 March 2026: 02:00 is 03:00."""
    for face, time in enumerate(("28T23:59:59", "29T00:00:00", "29T23:59:59", "30T00:00:00")):
        seen(berlin, face, f"2026-03-{time}", minutes=0)
    assert [row[:3] for row in footfall(berlin)] == [
        ("2026-03-28", "main", 1),
        ("2026-03-29", "main", 2),
        ("2026-03-30", "main", 1),
    ]
    ((day,),) = berlin.rows(
        "select max(started_at) - min(started_at) from visit where day = '2026-03-29'"
    )
    assert day == timedelta(hours=23, seconds=-1)


def test_the_day_on_which_clocks_go_back_has_25_hours(berlin: VisitLog) -> None:
    """25 October 2026: from 02:00 to 03:00 it is twice the same hour, and a visit through it is as
    long as it was.
    """
    seen(berlin, 0, "2026-10-25T00:00:00+02:00", minutes=0)
    seen(berlin, 1, "2026-10-25T02:30:00+02:00", minutes=60)
    seen(berlin, 2, "2026-10-25T02:30:00+01:00", minutes=0)
    seen(berlin, 0, "2026-10-25T23:59:59+01:00", minutes=0)
    seen(berlin, 0, "2026-10-26T00:00:00+01:00", minutes=0)  # the same visit
    seen(berlin, 2, "2026-10-26T00:00:00+01:00", minutes=0)
    assert [row[:-1] for row in footfall(berlin)] == [
        ("2026-10-25", "main", 4, 3, 3, 0),
        ("2026-10-26", "main", 1, 1, 0, 1),
    ]
    assert berlin.one("select max(duration) from visit_log") == timedelta(hours=1)


def test_one_person_on_two_cameras_at_once_is_one_visit(berlin: VisitLog) -> None:
    seen(berlin, 0, "2026-03-10T10:00", minutes=5, camera="door")
    seen(berlin, 0, "2026-03-10T10:02", minutes=2, camera="hall")
    assert footfall(berlin) == [("2026-03-10", "main", 1, 1, 1, 0, "0:05:00")]
    assert berlin.one("select cameras from visit_log") == ["door", "hall"]


def test_each_site_has_its_own_days_visits_and_newcomers(berlin: VisitLog) -> None:
    """At 23:30 in Berlin it is the same afternoon in New York."""
    york = VisitLog(berlin.database, Site("york", "America/New_York", timedelta(minutes=5)))
    seen(berlin, 0, "2026-03-10T23:30")
    seen(york, 0, "2026-03-11T00:30")
    seen(berlin, 0, "2026-03-11T00:31")
    assert footfall(berlin) == [
        ("2026-03-10", "main", 1, 1, 1, 0, "0:01:00"),
        ("2026-03-10", "york", 1, 1, 1, 0, "0:01:00"),
        ("2026-03-11", "main", 1, 1, 0, 1, "0:01:00"),
    ]
    assert berlin.rows("select visits, sightings from visitor") == [(3, 3)]


def test_who_comes_twice_on_the_first_day_is_new_once_and_not_returning(berlin: VisitLog) -> None:
    seen(berlin, 0, "2026-03-10T10:00")
    seen(berlin, 0, "2026-03-10T15:00")
    assert footfall(berlin)[0][2:6] == (2, 1, 1, 0)


def test_an_earlier_visit_found_late_makes_the_later_one_no_first(berlin: VisitLog) -> None:
    seen(berlin, 0, "2026-03-12T10:00")
    seen(berlin, 0, "2026-03-10T10:00")
    assert [row[4:6] for row in footfall(berlin)] == [(1, 0), (0, 1)]
    assert berlin.rows("select first_visit, away from visit_log order by started_at") == [
        (True, None),
        (False, timedelta(days=2) - MINUTE),
    ]


def test_ignored_people_are_left_out_of_reports_but_not_of_the_log(berlin: VisitLog) -> None:
    seen(berlin, 0, datetime.now(BERLIN).isoformat(), minutes=0)
    with berlin.database.transaction() as cursor:
        cursor.execute("update identity set status = 'ignored'")
    check(berlin)
    for view, rows in {
        "daily_footfall": 0,
        "frequent_visitor": 0,
        "present_now": 0,
        "visit_log": 1,
        "visitor": 1,
    }.items():
        assert berlin.one(f"select count(*) from {view}") == rows, view


def test_a_changed_time_zone_moves_visits_to_other_days(berlin: VisitLog) -> None:
    seen(berlin, 0, "2026-03-10T00:30")
    declare_site(berlin.database, Site("main", "UTC", timedelta(minutes=5)))
    assert [row[0] for row in footfall(berlin)] == ["2026-03-09"]


# Dropping what is old


def test_dropping_old_sightings_in_steps_leaves_people_and_what_they_are_recognised_by(
    berlin: VisitLog,
) -> None:
    for face in range(3):
        seen(berlin, face, f"2026-03-10T1{face}:00")
    for face in range(2):
        seen(berlin, face, f"2026-04-10T1{face}:00")
    cut = "select drop_before('2026-04-01', 2)"
    assert [berlin.one(cut) for _ in range(3)] == [2, 1, 0]
    assert [row[:6] for row in footfall(berlin)] == [("2026-04-10", "main", 2, 2, 2, 0)]
    assert berlin.rows("select name, visits, first_seen is null from visitor order by name") == [
        ("visitor 1", 1, False),
        ("visitor 2", 1, False),
        ("visitor 3", 0, True),
    ]
    again = VisitLog(berlin.database, berlin.recorder.settings.site)
    seen(again, 2, "2026-05-10T10:00")
    assert berlin.one("select count(*) from visitor") == 3, "the third is still known"


def test_a_visit_that_goes_on_past_the_time_stays_whole(berlin: VisitLog) -> None:
    for minute in (50, 53, 56, 59):
        seen(berlin, 0, f"2026-03-31T23:{minute}")
    seen(berlin, 0, "2026-04-01T00:02")
    assert berlin.one("select drop_before('2026-04-01 00:00 Europe/Berlin')") == 0
    assert berlin.rows("select day::text, sightings from visit_log") == [("2026-03-31", 5)]


def test_old_sightings_that_belong_to_no_visit_go_too(berlin: VisitLog) -> None:
    seen(berlin, 0, "2026-03-10T10:00")
    berlin.recorder.handle(report(axis(0, 1, 0.37), 0, samples=2))
    with berlin.database.transaction() as cursor:
        cursor.execute("update sighting set static = true where decision = 'enrolled'")
        cursor.execute("select rebuild_visits('main')")
    assert berlin.rows("select decision, static from sighting order by 1") == [
        ("enrolled", True),
        ("pending", False),
    ]
    assert [berlin.one("select drop_before(now(), 1)") for _ in range(3)] == [1, 1, 0]
    assert berlin.one("select count(*) from sighting") == 0
