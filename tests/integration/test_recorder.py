"""From track reports to rows: decisions, visits, what repeats do, and a database that goes away."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from fixtures.databases import until_someone_waits
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, SITE, VisitLog, prepared
from fixtures.waiting import join, wait
from visitord.core.errors import DatabaseError, DatabaseUnavailableError, VisitordError
from visitord.core.records import Arrival, DecidedSighting, Decision, TrackReport, Verdict
from visitord.identity import decision
from visitord.identity.clustering import Group
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.service.recorder import RecorderSettings
from visitord.store import (
    embedded,
    identities,
    merges,
    migrate,
    people,
    sightings,
    visitors,
    visits,
)
from visitord.store.database import Database
from visitord.store.site import Site
from visitord.store.window import Window

Dump = Callable[[], list[tuple[object, ...]]]


def test_a_stranger_is_enrolled_and_known_the_next_time(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0, 1, 0.8), 100))
    assert visit_log.rows("select name, visits, sightings from visitor") == [("visitor 1", 2, 2)]
    assert visit_log.rows("select decision from sighting_log order by started_at") == [
        ("enrolled",),
        ("matched",),
    ]
    assert [(a.name, a.visits) for a in visit_log.arrivals] == [("visitor 1", 1), ("visitor 1", 2)]


def test_who_was_seen_within_a_day_of_a_time_is_told(visit_log: VisitLog) -> None:
    """Sam was merged into the regular, and the third one came a day later."""
    for n, seconds in enumerate((0, 100, 86_450)):
        visit_log.recorder.handle(report(axis(n), seconds))
    sam, regular, third = (
        UUID(str(row[0]))
        for row in visit_log.rows("select identity_id from identity order by number")
    )

    def seen(at_s: float) -> set[UUID]:
        with visit_log.database.transaction() as cursor:
            return sightings.recent(cursor, START + timedelta(seconds=at_s), timedelta(days=1))

    assert seen(99) == {sam}
    assert seen(100) == {sam, regular}
    assert seen(86_450) == {regular, third}
    with visit_log.database.transaction() as cursor:
        merges.merge(cursor, regular, sam, "tester", "why", START)
    assert seen(99) == {regular}


def test_two_strangers_become_two_people(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 10))
    assert visit_log.rows("select name from visitor order by 1") == [("visitor 1",), ("visitor 2",)]


def test_what_is_like_nobody_and_seen_too_seldom_is_pending_and_enrols_nobody(
    visit_log: VisitLog,
) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0, 1, 0.37), 100, samples=2))
    assert visit_log.one("select count(*) from visitor") == 1
    ((name, score),) = visit_log.rows(
        "select name, score from sighting_log where decision = 'pending'"
    )
    assert name is None
    assert score == pytest.approx(0.37, abs=1e-3)


def test_poor_shots_never_enrol(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0, good=False))
    assert visit_log.one("select count(*) from visitor") == 0
    assert visit_log.rows("select decision from sighting_log") == [("pending",)]


def test_two_people_in_one_picture_are_never_one(visit_log: VisitLog) -> None:
    first, second = uuid4(), uuid4()
    visit_log.recorder.handle(report(axis(0), 0, sighting_id=first, together=[second]))
    visit_log.recorder.handle(report(axis(0, 1, 0.8), 0, sighting_id=second, together=[first]))
    ids = visit_log.rows(
        "select distinct visitor_id from sighting_log where visitor_id is not null"
    )
    assert len(ids) == 2


def test_the_same_report_twice_changes_nothing(visit_log: VisitLog) -> None:
    reports = [
        report(axis(0), 0),
        report(axis(1), 5),
        report(axis(0, 1, 0.37), 90, samples=2),
        report(axis(0), 200),
    ]
    for r in reports:
        visit_log.recorder.handle(r)
    before = visit_log.everything()
    again = VisitLog(visit_log.database)
    for r in reports:
        again.recorder.handle(r)
    assert again.everything() == before
    assert again.arrivals == []


def test_a_known_face_is_announced_before_its_track_ends_and_carried_on(
    visit_log: VisitLog,
) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    track = uuid4()
    visit_log.recorder.handle(report(axis(0), 100, length_s=1, final=False, sighting_id=track))
    assert len(visit_log.arrivals) == 2
    visit_log.recorder.handle(report(axis(0), 100, length_s=9, sighting_id=track))
    assert len(visit_log.arrivals) == 2
    assert visit_log.one("select max(extract(epoch from duration)) from visit_log") == 9
    assert visit_log.one("select count(*) from sighting") == 2


def test_a_stranger_is_not_decided_before_the_track_ends_or_is_ripe(visit_log: VisitLog) -> None:
    track = uuid4()
    visit_log.recorder.handle(report(axis(0), 0, length_s=2, final=False, sighting_id=track))
    assert visit_log.one("select count(*) from sighting") == 0
    visit_log.recorder.handle(report(axis(0), 0, length_s=16, final=False, sighting_id=track))
    assert visit_log.one("select count(*) from visitor") == 1


def test_sightings_within_the_gap_are_one_visit_and_one_arrival(visit_log: VisitLog) -> None:
    for at_s, camera in ((0, "door"), (20, "hall"), (50, "door")):
        visit_log.recorder.handle(report(axis(0), at_s, camera=camera))
    assert len(visit_log.arrivals) == 1
    assert visit_log.rows(
        "select cameras, sightings, extract(epoch from duration)::int from visit_log"
    ) == [(["door", "hall"], 3, 54)]


def test_a_late_sighting_between_two_visits_joins_them(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0), 60))
    assert visit_log.one("select count(*) from visit_log") == 2
    visit_log.recorder.handle(report(axis(0), 30))
    assert visit_log.rows("select sightings, extract(epoch from duration)::int from visit_log") == [
        (3, 64)
    ]
    assert len(visit_log.arrivals) == 2


def test_visits_kept_up_step_by_step_equal_visits_built_from_scratch(visit_log: VisitLog) -> None:
    chance = random.Random(7)
    times = [chance.uniform(0, 1500) for _ in range(60)]
    for at_s in times:
        visit_log.recorder.handle(
            report(axis(0), at_s, length_s=chance.uniform(0, 12), camera=chance.choice("ab"))
        )
    columns = "visit_id, identity_id, site, started_at, ended_at, sightings, cameras, last_camera"
    kept = visit_log.rows(f"select {columns} from visit order by 1")
    assert 3 < len(kept) < 60
    (identity,) = visit_log.rows("select identity_id from identity")
    with visit_log.database.transaction() as cursor:
        cursor.execute("delete from visit")
        visits.refresh(cursor, identity[0], SITE)  # type: ignore[arg-type]
    assert visit_log.rows(f"select {columns} from visit order by 1") == kept


def test_each_site_has_visits_of_its_own_and_one_gallery(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    other = VisitLog(visit_log.database, Site("annex", "UTC", timedelta(seconds=30)))
    other.recorder.handle(report(axis(0), 5))
    assert visit_log.rows("select name, site from visit_log order by site") == [
        ("visitor 1", "annex"),
        ("visitor 1", "main"),
    ]


def test_a_name_given_elsewhere_shows_everywhere_and_keeps_matching(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "visitor 1"), "Front desk")
    visit_log.recorder.handle(report(axis(0), 100))
    for view in ("visitor", "visit_log", "sighting_log"):
        assert set(visit_log.rows(f"select name from {view}")) == {("Front desk",)}
    assert visit_log.arrivals[-1].name == "Front desk"


def test_a_merge_moves_visits_and_later_sightings_and_old_labels_still_lead_there(
    visit_log: VisitLog,
) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 10))
    with visit_log.database.transaction() as cursor:
        kept, merged = (
            people.find(cursor, "1").visitor_id,
            people.find(cursor, "visitor 2").visitor_id,
        )
        merges.merge(cursor, kept, merged, "tester", "why", START)
    visit_log.recorder.handle(report(axis(1), 100))
    assert visit_log.rows("select name, visits, sightings from visitor") == [("visitor 1", 2, 3)]
    assert set(visit_log.rows("select visitor_id from sighting_log")) == {(kept,)}
    with visit_log.database.transaction() as cursor:
        assert people.find(cursor, "visitor 2").visitor_id == kept
        assert people.find(cursor, str(merged)).visitor_id == kept
    assert visit_log.rows("select kept_id, merged_id, by from merge_log") == [
        (kept, merged, "tester")
    ]


def test_the_merge_job_joins_duplicates_and_settles_pending_sightings(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0, 1, 0.2), 100))
    visit_log.recorder.handle(report(axis(0, 1, 0.8), 200))
    visit_log.recorder.handle(report(axis(2), 300))
    visit_log.recorder.handle(report(axis(2, 3, 0.36), 400, samples=2))
    visit_log.recorder.handle(report(axis(2, 3, 0.38), 500, samples=2))
    assert visit_log.one("select count(*) from visitor") == 3
    groups = merge_job.merge_duplicates(
        visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START
    ).groups
    assert len(groups) >= 1
    assert visit_log.one("select count(*) from sighting_log where decision = 'pending'") == 0
    before = visit_log.everything()
    assert (
        merge_job.merge_duplicates(
            visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START
        ).groups
        == []
    )
    assert visit_log.everything() == before


def test_the_merge_job_joins_who_is_alike_only_on_average_once_they_came_again(
    visit_log: VisitLog,
) -> None:
    def look(first: float, other: int) -> np.ndarray:
        return first * axis(0) + (1 - first**2) ** 0.5 * axis(other)

    visit_log.recorder.handle(report(look(0.54, 3), 0))
    visit_log.recorder.handle(report(look(0.7, 1), 1000))
    visit_log.recorder.handle(report(look(0.7, 2), 2000))
    assert visit_log.rows("select name, visits from visitor order by label") == [
        ("visitor 1", 1),
        ("visitor 2", 2),
    ]
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 3)]


def test_a_dry_run_of_the_merge_job_changes_nothing(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0, 1, 0.37), 100, samples=2))
    visit_log.recorder.handle(report(axis(0, 1, 0.36), 200, samples=2))
    before = visit_log.everything()
    assert merge_job.merge_duplicates(
        visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START, dry_run=True
    ).groups
    assert visit_log.everything() == before


def test_people_seen_together_are_not_merged_however_alike(visit_log: VisitLog) -> None:
    one, two = uuid4(), uuid4()
    visit_log.recorder.handle(report(axis(0), 0, sighting_id=one, together=[two]))
    visit_log.recorder.handle(report(axis(1), 0, sighting_id=two, together=[one]))
    with visit_log.database.transaction() as cursor:
        cursor.execute("update template set embedding = %s", (axis(0).tolist(),))
    assert (
        merge_job.merge_duplicates(
            visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START
        ).groups
        == []
    )


def test_embeddings_of_another_pack_are_never_compared(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    arrivals: list[Arrival] = []
    settings = RecorderSettings(SITE, "pack-2", 128)
    other = prepared(visit_log.database, arrivals.append, settings=settings)
    other.handle(report(axis(0), 100))
    assert visit_log.one("select count(*) from visitor") == 2


def test_present_now_shows_who_was_seen_within_the_gap(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    assert visit_log.rows("select name from present_now") == []
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update visit set "
            "started_at = now() - interval '1 minute', ended_at = now() - interval '5 s'"
        )
    assert visit_log.rows("select name, camera from present_now") == [("visitor 1", "door")]


def test_a_report_the_database_refuses_is_left_out_and_the_next_one_written(
    visit_log: VisitLog,
) -> None:
    bad = report(axis(0), 0, camera="x" * 100)
    with pytest.raises(DatabaseError):
        visit_log.recorder.handle(bad)
    visit_log.recorder.handle(report(axis(1), 0))
    assert visit_log.one("select count(*) from sighting") == 1


def test_two_processes_on_one_database_know_each_others_people_at_once(visit_log: VisitLog) -> None:
    other = VisitLog(visit_log.database.another())
    visit_log.recorder.handle(report(axis(0), 0))
    other.recorder.handle(report(axis(0), 100))
    other.recorder.handle(report(axis(1), 200))
    visit_log.recorder.handle(report(axis(1), 300))
    assert visit_log.one("select count(*) from visitor") == 2


def test_a_sighting_written_during_a_merge_belongs_to_whoever_is_kept(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 10))
    merger = visit_log.database.another()
    late = threading.Thread(target=visit_log.recorder.handle, args=(report(axis(1), 100),))
    with merger.transaction() as cursor:
        kept, merged = (people.find(cursor, n).visitor_id for n in ("1", "2"))
        merges.merge(cursor, kept, merged, "tester", "why", START)
        late.start()
        until_someone_waits(visit_log.database)
    join(late)
    assert visit_log.rows("select name, visits, sightings from visitor") == [("visitor 1", 2, 3)]


def test_a_merge_by_hand_and_the_merge_job_wait_for_each_other(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 10))
    job, by_hand = visit_log.database.another(), visit_log.database.another()
    outcome: list[object] = []

    def merge() -> None:
        try:
            with by_hand.transaction() as cursor:
                merges.merge(cursor, one, two, "tester", "why", START)
            outcome.append("merged")
        except VisitordError as error:
            outcome.append(str(error))

    with job.transaction() as cursor:
        one, two = (people.find(cursor, str(n)).visitor_id for n in (1, 2))
        identities.freeze(cursor)
        late = threading.Thread(target=merge)
        late.start()
        until_someone_waits(visit_log.database)
        merges.apply(cursor, [Group(two, (one,), (), 0.9)], "merge job", START)
    join(late)
    assert outcome == [
        "One of these people was merged by somebody else just now; look again and repeat."
    ]


def test_a_name_for_someone_merged_meanwhile_is_refused(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 10))
    with visit_log.database.transaction() as cursor:
        one, two = people.find(cursor, "1"), people.find(cursor, "2")
        merges.merge(cursor, one.visitor_id, two.visitor_id, "tester", "why", START)
    with (
        pytest.raises(VisitordError, match="merged by somebody else"),
        visit_log.database.transaction() as cursor,
    ):
        people.rename(cursor, two, "Regular")


def test_two_recorders_of_one_person_write_one_visit(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    other = VisitLog(visit_log.database.another())
    late = threading.Thread(
        target=other.recorder.handle, args=(report(axis(0), 101, camera="hall"),)
    )
    with visit_log.database.another().transaction() as cursor:
        (identity,) = [row[0] for row in visit_log.rows("select identity_id from identity")]
        sightings.write(cursor, decided(report(axis(0), 100), identity), SITE)  # type: ignore[arg-type]
        late.start()
        until_someone_waits(visit_log.database)
    join(late)
    assert visit_log.one("select count(*) from visit_log") == 2
    assert other.arrivals == []


def decided(track: TrackReport, identity: UUID) -> DecidedSighting:
    verdict = Verdict(Decision.MATCHED, identity, 1.0, None, "for tests")
    return DecidedSighting(track, verdict, decision.pool(track.samples), "pack-1")


def test_a_merge_of_someone_merged_meanwhile_is_refused(visit_log: VisitLog) -> None:
    for i in range(3):
        visit_log.recorder.handle(report(axis(i), i * 10))
    with visit_log.database.transaction() as cursor:
        one, two, three = (people.find(cursor, str(n)).visitor_id for n in (1, 2, 3))
        merges.merge(cursor, one, two, "tester", "why", START)
    with (
        pytest.raises(VisitordError, match="merged by somebody else"),
        visit_log.database.transaction() as cursor,
    ):
        merges.merge(cursor, two, three, "tester", "why", START)
    assert visit_log.one("select count(*) from visitor") == 2


def test_a_changed_gap_builds_the_visits_anew(visit_log: VisitLog) -> None:
    for at_s in (0, 60, 100):
        visit_log.recorder.handle(report(axis(0), at_s))
    assert visit_log.one("select count(*) from visit_log") == 3
    VisitLog(visit_log.database, Site("main", "UTC", timedelta(seconds=60)))
    assert visit_log.rows("select sightings from visit_log") == [(3,)]


def test_who_was_seen_in_a_window_is_listed_for_that_window_only(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0), 10_000, camera="hall"))

    def listed(since_s: int, until_s: int, camera: str | None = None) -> int:
        since, until = (START + timedelta(seconds=s) for s in (since_s, until_s))
        with visit_log.database.transaction() as cursor:
            return len(visitors.visitors(cursor, Window(since, until, camera)))

    assert listed(0, 50) == listed(9_990, 20_000) == 1
    assert listed(1000, 2000) == 0
    assert listed(0, 50, "hall") == 0


@pytest.mark.parametrize(
    ("name", "kept"), [("  Front   desk ", "Front desk"), ("علی\u200cرضا", "علی\u200cرضا")]
)
def test_names_may_be_of_any_script(visit_log: VisitLog, name: str, kept: str) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "1"), name)
        assert people.find(cursor, kept).name == kept


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "a\x07b", "a\u202eb", "visitor 9", "12", "x" * 201]
)
def test_names_that_would_mislead_are_refused(visit_log: VisitLog, name: str) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    with pytest.raises(VisitordError), visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "1"), name)


@pytest.fixture
def own_server(open_path: Path) -> Iterator[tuple[Path, str]]:
    url = embedded.start(open_path)
    database = Database(url)
    migrate.migrate(database)
    database.close()
    yield open_path, url


def test_nothing_is_lost_while_the_server_is_down(own_server: tuple[Path, str]) -> None:
    state, url = own_server
    visit_log = VisitLog(Database(url))
    stop = threading.Event()
    thread = threading.Thread(target=visit_log.recorder.run, args=(stop,), daemon=True)
    thread.start()
    visit_log.recorder.submit(report(axis(0), 0))
    wait(lambda: len(visit_log.arrivals) == 1)
    _stop_server(state)
    visit_log.recorder.submit(report(axis(1), 100))
    visit_log.recorder.submit(report(axis(0), 200))
    wait(lambda: len(visit_log.arrivals) == 3)  # told by what is known in memory
    embedded.start(state)
    wait(lambda: not len(visit_log.recorder._queue))
    stop.set()
    join(thread)
    assert not thread.is_alive()
    assert visit_log.one("select count(*) from sighting") == 3
    assert [a.name for a in visit_log.arrivals] == ["visitor 1", "A new visitor", "visitor 1"]
    assert visit_log.rows("select label, visits from visitor order by 1") == [
        ("visitor 1", 2),
        ("visitor 2", 1),
    ]


def test_an_embedded_server_that_dies_is_started_again(own_server: tuple[Path, str]) -> None:
    state, _ = own_server
    visit_log = VisitLog(Database.at("embedded", state))
    _stop_server(state)
    with pytest.raises(DatabaseUnavailableError):
        visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0), 0))
    assert visit_log.one("select count(*) from sighting") == 1


def test_an_embedded_database_of_another_account_is_left_alone(open_path: Path) -> None:
    folder = open_path / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18")
    os.chown(folder, 65534, 65534)
    with pytest.raises(DatabaseError, match="belongs to the account"):
        embedded.start(open_path)
    assert folder.stat().st_uid == 65534


def test_what_waits_at_the_stop_is_still_written(visit_log: VisitLog) -> None:
    stop = threading.Event()
    for i in range(5):
        visit_log.recorder.submit(report(axis(i), i))
    stop.set()
    visit_log.recorder.run(stop)
    assert visit_log.one("select count(*) from sighting") == 5


def _stop_server(state: Path) -> None:
    """End the server as an administrator or a crash does, behind the program's back."""
    pid_file = state / "postgres" / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGINT)
    wait(lambda: not pid_file.exists())
