"""Visits of people who could not be identified: what is one, and how long it can be settled."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.corrections import merge, split, undo
from fixtures.corrections import merges as merges_in_force
from fixtures.databases import administer
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, SITE, VisitLog
from visitord.core.clock import Clock
from visitord.core.config import Config, VisitConfig
from visitord.core.records import Liveness, TrackReport
from visitord.core.stages import Stage
from visitord.identity.clustering import Group
from visitord.identity.neighbours import Neighbours
from visitord.service import jobs, merge_job
from visitord.store import erasure, merges, migrate, people
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.site import Site, declare_site

MINUTE = timedelta(minutes=1)


@pytest.fixture
def visit_log(database: Database) -> VisitLog:
    """With a gap of five minutes, so that the shorter pause of the unidentified shows."""
    return VisitLog(database, replace(SITE, gap=5 * MINUTE))


def poor(
    visit_log: VisitLog,
    at_s: float,
    *,
    length_s: float = 4,
    camera: str = "door",
    together: Sequence[TrackReport] = (),
) -> TrackReport:
    """A track of a stranger that is not seen well enough to become an identity."""
    seen = report(
        axis(100),
        at_s,
        length_s=length_s,
        camera=camera,
        good=False,
        together=[other.sighting_id for other in together],
    )
    visit_log.recorder.handle(seen)
    return seen


def known(
    visit_log: VisitLog, at_s: float, face: int = 0, *, length_s: float = 4, camera: str = "door"
) -> TrackReport:
    seen = report(axis(face), at_s, length_s=length_s, camera=camera)
    visit_log.recorder.handle(seen)
    return seen


def unidentified(visit_log: VisitLog) -> list[tuple[float, float, int]]:
    """Start and end in seconds after START, and how many sightings, of each."""
    return [
        ((start - START).total_seconds(), (end - START).total_seconds(), sightings)  # type: ignore[operator]
        for start, end, sightings in visit_log.rows(
            "select started_at, ended_at, sightings from visit_log "
            "where status = 'unidentified' order by started_at, visit_id"
        )
    ]


# What is a visit


def test_whoever_is_seen_too_poorly_to_be_identified_is_a_visit(visit_log: VisitLog) -> None:
    poor(visit_log, 0)
    assert visit_log.rows(
        "select visitor_id, name, status, site, cameras, sightings, day::text, first_visit, away "
        "from visit_log"
    ) == [(None, None, "unidentified", "main", ["door"], 1, "2026-01-05", None, None)]
    assert visit_log.rows(
        "select visits, visitors, new_visitors, returning_visitors, identified, unidentified, "
        "share_identified, median_dwell from daily_footfall"
    ) == [(1, 0, 0, 0, 0, 1, 0.0, None)]
    for view in ("visitor", "frequent_visitor"):
        assert visit_log.one(f"select count(*) from {view}") == 0
    assert visit_log.arrivals == []


def test_footfall_counts_both_and_says_how_many_were_identified(visit_log: VisitLog) -> None:
    for n in range(3):
        known(visit_log, 1000 * n)
    poor(visit_log, 5000)
    assert visit_log.rows(
        "select visits, visitors, identified, unidentified, share_identified, median_dwell "
        "from daily_footfall"
    ) == [(4, 1, 3, 1, 0.75, timedelta(seconds=4))]


def test_an_ambiguous_sighting_counts_too(visit_log: VisitLog) -> None:
    known(visit_log, 0)
    seen = report(axis(0, 1, 0.37), 500)
    visit_log.recorder.handle(replace(seen, samples=seen.samples[:2]))
    assert visit_log.one("select count(*) from sighting where decision = 'pending'") == 1
    assert unidentified(visit_log) == [(500, 504, 1)]


def test_a_broken_track_is_one_visit_up_to_a_pause_of_a_minute(visit_log: VisitLog) -> None:
    for at_s in (0, 64, 128.1):
        poor(visit_log, at_s)
    assert unidentified(visit_log) == [(0, 68, 2), (128.1, 132.1, 1)]


def test_a_shorter_visit_gap_holds_for_the_unidentified_too(database: Database) -> None:
    visit_log = VisitLog(database, SITE)  # 30 s
    for at_s in (0, 34, 68.1):
        poor(visit_log, at_s)
    assert unidentified(visit_log) == [(0, 38, 2), (68.1, 72.1, 1)]


def test_pieces_that_come_in_another_order_are_one_visit(visit_log: VisitLog) -> None:
    for at_s in (80, 0, 40):
        poor(visit_log, at_s)
    assert unidentified(visit_log) == [(0, 84, 3)]


def test_a_track_that_goes_on_reaches_the_next_piece(visit_log: VisitLog) -> None:
    first = poor(visit_log, 0)
    poor(visit_log, 100)
    assert len(unidentified(visit_log)) == 2
    visit_log.recorder.handle(replace(first, ended_at=first.ended_at + MINUTE))
    assert unidentified(visit_log) == [(0, 104, 2)]


def test_two_who_were_in_one_picture_are_two_and_so_are_their_pieces(visit_log: VisitLog) -> None:
    one = poor(visit_log, 0)
    poor(visit_log, 1, together=[one])
    third = poor(visit_log, 10)
    poor(visit_log, 11, together=[third])
    assert unidentified(visit_log) == [(0, 15, 2), (1, 14, 2)]


def test_two_cameras_see_two_for_nobody_knows_whether_it_is_one(visit_log: VisitLog) -> None:
    poor(visit_log, 0)
    poor(visit_log, 5, camera="hall")
    assert len(unidentified(visit_log)) == 2


# Pieces of a known person's track


@pytest.mark.parametrize("at_s", [-6, -3, 0, 1, 5, 11.9])
def test_a_flicker_beside_a_known_persons_track_is_no_visitor(
    visit_log: VisitLog, at_s: float
) -> None:
    known(visit_log, 0, length_s=10)
    poor(visit_log, at_s)
    assert unidentified(visit_log) == []
    assert visit_log.one("select visits from daily_footfall") == 1


def test_it_makes_no_difference_which_of_them_is_written_first(visit_log: VisitLog) -> None:
    poor(visit_log, 0)
    assert len(unidentified(visit_log)) == 1
    known(visit_log, 5)
    assert unidentified(visit_log) == []


@pytest.mark.parametrize(("at_s", "camera"), [(-7, "door"), (13, "door"), (5, "hall")])
def test_who_comes_later_or_elsewhere_is_another_visitor(
    visit_log: VisitLog, at_s: float, camera: str
) -> None:
    known(visit_log, 0, length_s=10)
    poor(visit_log, at_s, camera=camera)
    assert len(unidentified(visit_log)) == 1


def test_who_was_in_one_picture_with_the_known_person_is_another_visitor(
    visit_log: VisitLog,
) -> None:
    """Also beside another piece of that person's own track."""
    first = known(visit_log, 0, length_s=10)
    poor(visit_log, 8, together=[first])
    known(visit_log, 13, length_s=10)
    assert unidentified(visit_log) == [(8, 12, 1)]


def test_once_the_two_pieces_are_of_two_people_it_may_be_a_flicker_of_the_other(
    visit_log: VisitLog,
) -> None:
    first = known(visit_log, 0, length_s=10)
    poor(visit_log, 8, together=[first])
    second = known(visit_log, 13, length_s=10)
    split(visit_log, "visitor 1", second.sighting_id)
    assert unidentified(visit_log) == []
    merge(visit_log, "1", "2")
    assert unidentified(visit_log) == [(8, 12, 1)]


# What is no visit


def test_a_poster_is_no_visit_from_when_it_is_known_to_be_one(visit_log: VisitLog) -> None:
    seen = poor(visit_log, 0)
    assert len(unidentified(visit_log)) == 1
    visit_log.recorder.handle(replace(seen, static=True))
    assert unidentified(visit_log) == []
    assert visit_log.one("select count(*) from sighting") == 1


@pytest.mark.parametrize(("blocks", "visits"), [(True, 0), (False, 1)])
def test_what_a_camera_blocks_as_a_picture_is_no_visit_what_it_flags_is(
    visit_log: VisitLog, blocks: bool, visits: int
) -> None:
    liveness = Liveness(0.1, 0.5, blocks)
    visit_log.recorder.handle(replace(report(axis(0), 0, good=False), liveness=liveness))
    assert len(unidentified(visit_log)) == visits


# Settled and taken back


def settle(visit_log: VisitLog, *sightings: TrackReport, merged: str = "") -> None:
    with visit_log.database.transaction() as cursor:
        kept = people.find(cursor, "visitor 1").visitor_id
        others = (people.find(cursor, merged).visitor_id,) if merged else ()
        ids = tuple(seen.sighting_id for seen in sightings)
        merges.apply(cursor, [Group(kept, others, ids, 0.9)], "merge job", START)


def test_a_settled_sighting_moves_to_its_person_and_the_counts_follow(visit_log: VisitLog) -> None:
    known(visit_log, 0)
    first = poor(visit_log, 1000)
    poor(visit_log, 1010)
    settle(visit_log, first)
    assert visit_log.rows("select name, sightings from visit_log order by started_at") == [
        ("visitor 1", 1),
        ("visitor 1", 1),
        (None, 1),
    ]
    assert visit_log.rows("select visits, identified, unidentified from daily_footfall") == [
        (3, 2, 1)
    ]


def test_undoing_makes_it_a_visit_without_an_identity_again(visit_log: VisitLog) -> None:
    known(visit_log, 0)
    known(visit_log, 500, face=1)
    seen = poor(visit_log, 1000)
    before = visit_log.everything()[4]
    settle(visit_log, seen, merged="visitor 2")
    assert visit_log.one("select count(*) from visit_log where visitor_id is null") == 0
    undo(visit_log, *merges_in_force(visit_log))
    assert visit_log.everything()[4] == before


def test_who_is_forgotten_takes_along_what_passed_for_pieces_of_their_track(
    visit_log: VisitLog,
) -> None:
    known(visit_log, 0)
    poor(visit_log, 5)
    stranger = poor(visit_log, 2000)
    with visit_log.database.transaction() as cursor:
        erasure.forget(cursor, people.find(cursor, "visitor 1"))
    assert visit_log.rows("select sighting_id from sighting") == [(stranger.sighting_id,)]
    assert unidentified(visit_log) == [(2000, 2004, 1)]


def test_dropping_what_is_old_drops_the_unidentified_too(visit_log: VisitLog) -> None:
    known(visit_log, 0)
    poor(visit_log, 5)
    poor(visit_log, 2000)
    poor(visit_log, 90_000)
    assert visit_log.one("select drop_before('2026-01-06')") == 3
    assert unidentified(visit_log) == [(90_000, 90_004, 1)]


# Present, listed, counted


def test_who_is_here_now_includes_the_unidentified(visit_log: VisitLog) -> None:
    poor(visit_log, (datetime.now(UTC) - START).total_seconds() - 10)
    assert visit_log.rows("select visitor_id, name, site, camera from present_now") == [
        (None, None, "main", "door")
    ]


def test_the_commands_list_and_count_them(box: Box, database: Database) -> None:
    visit_log = VisitLog(database)
    known(visit_log, 0)
    poor(visit_log, 100)
    listed = json.loads(box.ok("visitorctl", "visits", "--format", "json"))
    assert [row["status"] for row in listed] == ["provisional", "unidentified"]
    assert set(listed[0]) == set(listed[1])
    assert (listed[1]["identity"], listed[1]["name"], listed[1]["camera"]) == (None, None, "door")
    days = json.loads(box.ok("visitorctl", "stats", "--since", "2026-01-01", "--format", "json"))
    (day,) = (row for row in days if row["visits"])
    assert (day["visits"], day["identified"], day["unidentified"], day["share_identified"]) == (
        2,
        1,
        1,
        0.5,
    )
    assert len(box.ok("visitorctl", "export", "visits").splitlines()) == 3
    assert "unidentified" in box.ok("visitorctl", "visits")
    assert "2 visits (1 unidentified)" in box.ok("visitorctl", "status")


# Expiry


def expire(visit_log: VisitLog, folder: Path, within: timedelta) -> None:
    """Run the scheduled job with what is seen this long ago still to be settled."""
    config = Config(state_dir=folder, visit=VisitConfig(settle_within=within))
    stage = Stage("jobs", Clock())
    schedule = jobs.Jobs(visit_log.database, visit_log.recorder, config, Clock(), stage)
    schedule._expire(visit_log.database)
    schedule._erase(visit_log.database)


def test_what_pending_sightings_look_like_expires_and_they_still_count(
    visit_log: VisitLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "EXPIRE_BATCH", 2)
    known(visit_log, 0)
    sightings = [poor(visit_log, 1000 * n) for n in range(1, 6)]
    crops = Crops(tmp_path / "crops")
    name = crops.keep(b"a face")
    with visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set crop = %s where identity_id is null", (name,))
        cursor.execute(
            "insert into reembedding values (%s, 'pack-2', gen_random_uuid(), %s)",
            (str(sightings[0].sighting_id), axis(0).tolist()),
        )
    visits = visit_log.rows("select * from visit order by 1")
    old = datetime.now(UTC) - START

    expire(visit_log, tmp_path, old + timedelta(days=1))
    assert visit_log.one("select count(embedding) from sighting") == 6
    expire(visit_log, tmp_path, old - timedelta(days=1))
    assert visit_log.rows(
        "select decision, count(*), count(embedding), count(pack), count(crop) "
        "from sighting group by 1 order by 1"
    ) == [("enrolled", 1, 1, 1, 0), ("pending", 5, 0, 0, 0)]
    assert visit_log.one("select count(*) from reembedding") == 0
    assert visit_log.rows("select * from visit order by 1") == visits
    assert crops.read(name) is None


def test_an_expired_sighting_is_no_candidate_of_the_merge_job(
    visit_log: VisitLog, tmp_path: Path
) -> None:
    known(visit_log, 0)
    for at_s in (3000, 4000):
        seen = report(axis(0, 1, 0.37), at_s)
        visit_log.recorder.handle(replace(seen, samples=seen.samples[:2]))

    def settled(*, dry_run: bool) -> int:
        job = (visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
        groups = merge_job.merge_duplicates(*job, dry_run=dry_run).groups
        return sum(len(group.settled) for group in groups)

    assert settled(dry_run=True) == 2
    expire(visit_log, tmp_path, timedelta(days=1))
    assert settled(dry_run=False) == 0
    assert len(unidentified(visit_log)) == 2


# Databases from before


def test_an_older_databases_pending_sightings_are_visits_once_its_site_is_declared(
    empty_url: str,
) -> None:
    with closing(Database(empty_url)) as database:
        migrate.migrate(database)
        visit_log = VisitLog(database)
        poor(visit_log, 0)
        administer(empty_url, "delete from visitord.visit")
        administer(empty_url, "delete from visitord.unidentified")
        text = (migrate.folder() / "0002_unidentified.sql").read_text("utf-8")
        (statement,) = [part for part in text.split(";") if "update visitord.site" in part]
        administer(empty_url, statement[statement.index("update") :])
        declare_site(database, SITE)
        assert len(unidentified(visit_log)) == 1


def test_sites_count_apart(database: Database) -> None:
    here, there = (VisitLog(database, Site(name, "UTC", MINUTE)) for name in ("main", "branch"))
    poor(here, 0)
    poor(there, 1)
    assert len(unidentified(here)) == 2
