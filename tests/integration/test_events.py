"""What is told of what happens, on a real database: once each, in the order of the commits."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest

from fixtures.databases import administer, ask
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import SITE, VisitLog
from visitord.admin import telling
from visitord.capture.health import Health, State
from visitord.core.events import EventKind, event_id
from visitord.store import cameras, corrections, erasure, events, merges, people, replays
from visitord.store.database import Cursor, Database
from visitord.store.events import Departure, GivenUp
from visitord.store.replays import Replay
from visitord.store.window import Window

GAP_S = SITE.gap.total_seconds()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def told(database: Database, columns: str = "kind, name") -> list[tuple[object, ...]]:
    return ask(database, f"select {columns} from event_log order by sequence")


def leaves(database: Database, seconds: float) -> list[Departure]:
    with database.transaction() as cursor:
        return events.tell_departures(cursor, at(seconds))


def unidentified(database: Database, seconds: float) -> int:
    with database.transaction() as cursor:
        return events.tell_unidentified(cursor, at(seconds))


def rename(database: Database, who: str, name: str) -> None:
    with database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, who), name)


def change(cursor: Cursor, camera: str) -> None:
    """Tell of something, no matter what."""
    state = Health(camera=camera, state=State.LIVE)
    cameras.report(cursor, "main", "one", [state])


# Who comes


def test_who_walks_in_and_out_before_two_cameras_of_two_boxes_arrives_once(
    database: Database,
) -> None:
    one = VisitLog(database, replace(SITE, box="one"))
    two = VisitLog(database, replace(SITE, box="two"))
    for i in range(10):
        one.recorder.handle(report(axis(0), 20 * i, length_s=2))
        two.recorder.handle(report(axis(0), 20 * i + 10, length_s=2, camera="hall"))
        assert leaves(database, 20 * i + 15) == []
    one.recorder.handle(report(axis(0), 190, length_s=2))

    wanted = "kind, name, label, status, site, box, camera, at, first_time, score, duration, undone"
    assert told(database, wanted) == [
        (
            *("arrival", "visitor 1", "visitor 1", "provisional", "main", "one", "door", START),
            *(True, None, None, None),
        )
    ]
    ((visit_id,),) = told(database, "visit_id")
    assert ask(database, "select visit_id from visit_log") == [(visit_id,)]
    assert told(database, "event_id") == [(event_id(EventKind.ARRIVAL, visit_id),)]


def test_another_visit_is_another_arrival_and_not_the_first(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0, 1, 0.9), 1000))
    assert told(visit_log.database, "kind, first_time, round(score::numeric, 2)::text") == [
        ("arrival", True, None),
        ("arrival", False, "0.90"),
    ]


def test_a_report_that_comes_twice_is_told_once(visit_log: VisitLog) -> None:
    seen = report(axis(0), 0)
    visit_log.recorder.handle(seen)
    visit_log.recorder.handle(seen)
    VisitLog(visit_log.database).recorder.handle(seen)
    assert told(visit_log.database) == [("arrival", "visitor 1")]


def test_a_visit_that_was_over_when_it_was_written_is_late(visit_log: VisitLog) -> None:
    now_s = (datetime.now(UTC) - START).total_seconds()
    visit_log.recorder.handle(report(axis(0), now_s - 5))
    visit_log.recorder.handle(report(axis(1), now_s - 600))
    assert told(visit_log.database, "name, late") == [("visitor 1", False), ("visitor 2", True)]
    leaves(visit_log.database, now_s + 65)
    late = "select name, late from event_log where kind = 'departure' order by sequence"
    assert ask(visit_log.database, late) == [("visitor 2", True), ("visitor 1", False)]


def test_ignored_people_make_no_event(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 0))
    database = visit_log.database
    with database.transaction() as cursor:
        person, other = (people.find(cursor, f"visitor {n}") for n in (1, 2))
        people.ignore(cursor, person)
    before = told(database)

    assert [left.name for left in leaves(database, 100)] == ["visitor 2"]
    assert ask(database, "select * from arrived") == []
    visit_log.recorder.handle(report(axis(0), 1000))
    rename(database, "visitor 1", "Sam")
    with database.transaction() as cursor:
        merges.merge(cursor, person.visitor_id, other.visitor_id, "tester", "why", START)
    assert leaves(database, 2000) == []
    assert told(database) == [*before, ("departure", "visitor 2")]


def test_a_replay_of_recorded_footage_is_told_to_nobody(visit_log: VisitLog) -> None:
    replay = Replay(uuid4(), "main", ["door"], ["a.mp4"], START, at(60), "tester", START)
    tracks = (report(axis(0), 0), report(axis(1), 10, good=False, samples=1))
    with visit_log.database.transaction() as cursor:
        replays.begin(cursor, replay, ())
        for track in tracks:
            replays.note(cursor, replay.replay_id, track.sighting_id)
    for track in tracks:
        visit_log.recorder.handle(track)

    assert visit_log.one("select count(*) from visit_log") == 2
    assert leaves(visit_log.database, 1000) == []
    assert unidentified(visit_log.database, 1000) == 0
    assert told(visit_log.database) == []


# Who leaves


def test_who_left_is_told_once_when_the_gap_has_passed_and_tracks_are_decided(
    visit_log: VisitLog,
) -> None:
    """Seen from 0 to 4 s, with a gap of 30 s; a track that began by then is written by 64 s."""
    database = visit_log.database
    visit_log.recorder.handle(report(axis(0), 0))
    assert leaves(database, 64) == []
    visit_log.recorder.handle(report(axis(0), 20, camera="hall"))
    assert leaves(database, 84) == []

    # Whatever was started anew in between.
    restarted = Database(database.url)
    stayed = timedelta(seconds=24)
    assert leaves(restarted, 85) == [Departure("visitor 1", "main", stayed, late=False)]
    assert leaves(restarted, 86) == leaves(database, 1000) == []
    restarted.close()
    arrival, departure = told(database, "kind, visit_id, camera, at, first_time, duration")
    assert departure == ("departure", arrival[1], "hall", at(24), True, stayed)


def test_what_is_written_after_a_departure_was_told_tells_nothing_more(
    visit_log: VisitLog,
) -> None:
    """The spool of another box was away: the visit log is right, what was told stays."""
    visit_log.recorder.handle(report(axis(0), 0))
    leaves(visit_log.database, 100)
    visit_log.recorder.handle(report(axis(0), 20, camera="hall"))
    assert leaves(visit_log.database, 1000) == []
    assert told(visit_log.database, "kind") == [("arrival",), ("departure",)]
    assert visit_log.one("select sightings from visit_log") == 2


def test_two_who_turn_out_to_be_one_person_leave_once(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 10))
    with visit_log.database.transaction() as cursor:
        one, other = (people.find(cursor, f"visitor {n}").visitor_id for n in (1, 2))
        merges.merge(cursor, one, other, "tester", "why", START)
    stayed = timedelta(seconds=14)
    assert leaves(visit_log.database, 100) == [Departure("visitor 1", "main", stayed, late=False)]
    assert leaves(visit_log.database, 200) == []
    assert ask(visit_log.database, "select * from arrived") == []


def test_a_visit_that_turns_out_to_be_none_ends_without_a_duration(visit_log: VisitLog) -> None:
    poster = report(axis(0), 0)
    visit_log.recorder.handle(poster)
    visit_log.recorder.handle(replace(poster, ended_at=at(10), static=True))
    assert leaves(visit_log.database, 11) == [Departure("visitor 1", "main", None, late=False)]
    assert told(visit_log.database, "kind, duration") == [("arrival", None), ("departure", None)]


# Who could not be identified


def test_who_cannot_be_identified_is_told_once_it_is_certain(visit_log: VisitLog) -> None:
    database = visit_log.database
    visit_log.recorder.handle(report(axis(0), 0, samples=1, good=False))
    visit_log.recorder.handle(report(axis(1), 20, samples=1, good=False))
    assert unidentified(database, 29) == 0
    assert unidentified(database, 31) == 1
    assert unidentified(database, 60) == 0
    assert told(database, "kind, name, status, at, camera") == [
        ("unidentified", None, None, START, "door")
    ]
    assert ask(database, "select count(*) from visit_log") == [(1,)]


def test_a_piece_of_the_track_of_somebody_known_is_nobody_unidentified(
    visit_log: VisitLog,
) -> None:
    visit_log.recorder.handle(report(axis(1), 0, length_s=1, samples=1, good=False))
    visit_log.recorder.handle(report(axis(0), 2))
    assert unidentified(visit_log.database, 60) == 0
    assert told(visit_log.database) == [("arrival", "visitor 1")]
    assert ask(visit_log.database, "select * from event_due") == []


# Who is who


def test_a_new_name_is_told_and_the_same_one_is_not(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    database = visit_log.database
    for name in ("Sam", "Sam", "Kim"):
        rename(database, "visitor 1", name)
    with database.transaction() as cursor:
        people.clear_name(cursor, people.find(cursor, "Kim"))
    renamed = [row for row in told(database, "kind, name, other_name") if row[0] == "renamed"]
    assert renamed == [
        ("renamed", "Sam", "visitor 1"),
        ("renamed", "Kim", "Sam"),
        ("renamed", "visitor 1", "Kim"),
    ]


def test_a_merge_is_told_and_so_is_that_it_was_undone(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 1000))
    database = visit_log.database
    with database.transaction() as cursor:
        one, other = (people.find(cursor, f"visitor {n}").visitor_id for n in (1, 2))
        merge_id = merges.merge(cursor, one, other, "tester", "why", START)
    with database.transaction() as cursor:
        corrections.undo(cursor, str(merge_id), "tester", "no", START)
    columns = "kind, visitor_id, name, other_visitor_id, other_name, undone, site"
    assert told(database, columns)[2:] == [
        ("merged", one, "visitor 1", other, "visitor 2", False, None),
        ("merged", one, "visitor 1", other, "visitor 2", True, None),
    ]
    assert told(database, "kind")[:2] == [("arrival",)] * 2, "and nobody arrives by it"


# How cameras are


def test_each_state_of_a_camera_is_told_once(visit_log: VisitLog) -> None:
    database = visit_log.database
    live = Health(camera="door", state=State.LIVE)
    for state in (live, live, replace(live, state=State.GONE, reason="no answer"), live):
        with database.transaction() as cursor:
            assert cameras.report(cursor, "main", "one", [state]) == []
    assert told(database, "kind, site, box, camera, state, reason") == [
        ("camera", "main", "one", "door", "live", ""),
        ("camera", "main", "one", "door", "gone", "no answer"),
        ("camera", "main", "one", "door", "live", ""),
    ]


# In which order, and that none is lost or invented


def test_whoever_has_read_up_to_a_number_has_missed_none_below_it(visit_log: VisitLog) -> None:
    database = visit_log.database
    other = database.another()
    with database.transaction() as slow:
        change(slow, "door")
        with other.transaction() as fast:
            change(fast, "hall")
        ((first, camera),) = told(other, "sequence, camera")
        assert camera == "hall"
    assert told(other, "camera") == [("hall",), ("door",)]
    ((later,),) = ask(other, "select sequence from event_log where camera = 'door'")
    assert later > first
    other.close()


CODE = """
import sys, time
sys.path[:0] = ["tests"]
from fixtures.reports import axis, report
from fixtures.visit_log import VisitLog
from uuid import UUID
from visitord.store import events
from visitord.store.database import Database

write = events.arrived

def hang(cursor, visit_id):
    write(cursor, visit_id)
    print("written", flush=True)
    time.sleep(60)

events.arrived = hang
VisitLog(Database(sys.argv[1])).recorder.handle(report(axis(0), 0, sighting_id=UUID(int=7)))
"""


def test_what_a_writer_that_was_killed_did_not_commit_is_told_by_the_next_one(
    visit_log: VisitLog,
) -> None:
    database = visit_log.database
    with subprocess.Popen(
        [sys.executable, "-c", CODE, database.url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    assert told(database) == []
    visit_log.recorder.handle(report(axis(0), 0, sighting_id=UUID(int=7)))
    assert told(database, "event_id") == [(event_id(EventKind.ARRIVAL, UUID(int=7)),)]


@pytest.fixture
def listener(visit_log: VisitLog) -> Iterator[psycopg2.extensions.connection]:
    connection = psycopg2.connect(visit_log.database.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("listen visitord")
    yield connection
    connection.close()


def test_who_listens_hears_of_each_event_and_of_nobodys_name(
    visit_log: VisitLog, listener: psycopg2.extensions.connection
) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    assert select.select([listener], [], [], 30)[0]
    listener.poll()
    (heard,) = listener.notifies
    ((event, kind),) = told(visit_log.database, "event_id, kind")
    assert json.loads(heard.payload) == {"event_id": str(event), "kind": kind}


# What goes again


def test_forgetting_somebody_takes_what_was_told_of_them(visit_log: VisitLog) -> None:
    database = visit_log.database
    for i in (0, 1, 2):
        visit_log.recorder.handle(report(axis(i), 0))
    rename(database, "visitor 1", "Sam")
    with database.transaction() as cursor:
        one, other, _ = (people.find(cursor, f"visitor {n}") for n in (1, 2, 3))
        merge_id = merges.merge(cursor, one.visitor_id, other.visitor_id, "me", "why", START)
        corrections.undo(cursor, str(merge_id), "me", "no", START)
    with database.transaction() as cursor:
        erasure.forget(cursor, one)
    assert told(database) == [("arrival", "visitor 2"), ("arrival", "visitor 3")]
    assert {left.name for left in leaves(database, 100)} == {"visitor 2", "visitor 3"}


def test_forgetting_sightings_and_dropping_old_ones_takes_what_was_told_of_them(
    visit_log: VisitLog,
) -> None:
    database = visit_log.database
    tracks = [report(axis(0), 1000 * i) for i in range(3)]
    nobody = report(axis(9), 3000, samples=1, good=False)
    for track in (*tracks, nobody):
        visit_log.recorder.handle(track)
    assert unidentified(database, 4000) == 1

    with database.transaction() as cursor:
        erasure.forget_sightings(cursor, [tracks[1].sighting_id, nobody.sighting_id])
    assert told(database, "at") == [(at(0),), (at(2000),)]
    ask(database, f"select drop_before('{at(500).isoformat()}')")
    assert told(database, "at") == [(at(2000),)]


def test_old_events_are_given_up_in_steps_and_counted_for_whoever_did_not_have_them(
    visit_log: VisitLog,
) -> None:
    database = visit_log.database
    for i in range(4):
        visit_log.recorder.handle(report(axis(i), 0))
    with database.transaction() as cursor:
        cursor.execute("update event set told_at = told_at - interval '1 day' where sequence < 4")
        cursor.execute("insert into event_receiver (name, sequence) values ('a', 1), ('b', 9)")
    before = datetime.now(UTC) - timedelta(hours=1)
    with database.transaction() as cursor:
        assert events.give_up(cursor, before, 2) == GivenUp(2, 1)
        assert events.give_up(cursor, before, 2) == GivenUp(1, 1)
        assert events.give_up(cursor, before, 2) == GivenUp(0, 0)
    assert told(database, "sequence") == [(4,)]
    lost = ask(database, "select name, lost from event_receiver order by name")
    assert lost == [("a", 2), ("b", 0)]


# Who asks


def test_the_command_lists_what_was_told(visit_log: VisitLog, box: Box) -> None:
    assert box.ok("visitorctl", "events") == "No events.\n"
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 0, camera="hall"))
    rename(visit_log.database, "visitor 1", "Sam")
    with visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set crop = %s", ("0" * 64,))

    def listed(*options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            box.ok("visitorctl", "events", *options, "--format", "json")
        )
        return found

    everything = listed()
    kinds = [(event["kind"], event["name"]) for event in everything]
    assert kinds == [("arrival", "visitor 1"), ("arrival", "visitor 2"), ("renamed", "Sam")]
    assert everything[0]["picture"] == "0" * 64
    assert everything[0]["at"] == START.isoformat()
    assert listed("--camera", "hall") == [everything[1]]
    assert listed("--kind", "renamed", "--kind", "merged") == [everything[2]]
    assert listed("--until", at(1).isoformat()) == everything[:2]
    assert "arrival" in box.ok("visitorctl", "events")


def test_who_follows_gets_what_comes_once_and_misses_nothing_while_the_database_is_away(
    visit_log: VisitLog, server_url: str
) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    database = Database(visit_log.database.url)
    news = telling.follow(database, Window())
    assert next(news) == []
    visit_log.recorder.handle(report(axis(1), 100))
    assert [event.name for event in next(news)] == ["visitor 2"]
    assert next(news) == []

    ((backend,),) = ask(database, "select pg_backend_pid()")
    administer(server_url, f"select pg_terminate_backend({backend})")
    visit_log.recorder.handle(report(axis(2), 200))
    assert next(news) == []
    assert [event.name for event in next(news)] == ["visitor 3"]

    since_then = telling.follow(database, Window(since=at(50)), [EventKind.ARRIVAL])
    assert [event.name for event in next(since_then)] == ["visitor 2", "visitor 3"]
    database.close()


def test_status_tells_which_receiver_lacks_events(visit_log: VisitLog, box: Box) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into event_receiver (name, sequence, lost) "
            "values ('ops', 0, 2), ('has everything', 1, 0)"
        )
    said = "1 events wait for ops; 2 were deleted before it had them.\n"
    printed = box.ok("visitorctl", "status")
    assert said in printed
    assert "has everything" not in printed
    everything = json.loads(box.ok("visitorctl", "status", "--format", "json"))
    assert everything["events"] == {
        "kept": 1,
        "receivers": [
            {"receiver": "has everything", "waiting": 0, "lost": 0},
            {"receiver": "ops", "waiting": 1, "lost": 2},
        ],
    }
