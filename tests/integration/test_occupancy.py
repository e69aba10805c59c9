"""How many are there at once, as the view occupancy tells it."""

from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from fixtures.databases import ask
from visitord.store.database import Database

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def site(database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("insert into site values ('main', 'Europe/Berlin', '5 min')")


def stay(database: Database, start: str, end: str, status: str = "provisional") -> None:
    """Somebody is there, between two local times on Monday, 5 January 2026."""
    person: UUID | None = None
    if status != "unidentified":
        person = uuid4()
    times = [
        datetime.fromisoformat(f"2026-01-05T{time}").replace(tzinfo=BERLIN) for time in (start, end)
    ]
    _record(database, person, status, *times)


def _record(
    database: Database, person: UUID | None, status: str, start: datetime, end: datetime
) -> None:
    with database.transaction() as cursor:
        if person:
            cursor.execute(
                "insert into identity (identity_id, root_id, status, created_at) "
                "values (%s, %s, %s, now())",
                (person, person, status),
            )
        decision = "enrolled" if person else "pending"
        cursor.execute(
            "insert into sighting (sighting_id, identity_id, site, camera, started_at, ended_at, "
            "decision, reason, quality, good_samples, face_px) "
            "values (%s, %s, 'main', 'door', %s, %s, %s, '', 0.5, 5, 90)",
            (uuid4(), person, start, end, decision),
        )
        cursor.execute("select rebuild_visits('main')")


def people(database: Database) -> dict[str, int]:
    return dict(ask(database, "select local_time, people from occupancy order by started_at"))


def test_a_stay_shorter_than_a_quarter_of_an_hour_counts(database: Database) -> None:
    stay(database, "09:01", "09:02")
    assert people(database) == {"09:00": 1}


def test_those_who_follow_one_another_are_not_there_at_once(database: Database) -> None:
    stay(database, "09:01", "09:04")
    stay(database, "09:05", "09:09")
    assert people(database) == {"09:00": 1}


def test_the_fullest_moment_counts(database: Database) -> None:
    stay(database, "09:01", "09:20")
    stay(database, "09:05", "09:08")
    stay(database, "09:07", "09:09")
    stay(database, "09:18", "09:40")
    assert people(database) == {"09:00": 3, "09:15": 2, "09:30": 1}


def test_who_leaves_as_another_comes_was_there_at_once(database: Database) -> None:
    stay(database, "09:01", "09:05")
    stay(database, "09:05", "09:09")
    assert people(database) == {"09:00": 2}


def test_nobody_is_a_row_of_its_own(database: Database) -> None:
    stay(database, "09:01", "09:02")
    stay(database, "09:31", "09:32")
    assert people(database) == {"09:00": 1, "09:15": 0, "09:30": 1}


def test_ignored_people_are_left_out_and_the_unidentified_are_not(database: Database) -> None:
    stay(database, "09:01", "09:02", "ignored")
    stay(database, "09:16", "09:17", "unidentified")
    assert people(database) == {"09:00": 0, "09:15": 1}


def test_arrivals_count_where_they_begin(database: Database) -> None:
    stay(database, "09:14", "09:31")
    stay(database, "09:15", "09:16")
    rows = "select local_time, arrivals from occupancy order by started_at"
    assert ask(database, rows) == [("09:00", 1), ("09:15", 1), ("09:30", 0)]


def test_the_hour_that_is_repeated_has_eight_quarters(database: Database) -> None:
    start = datetime(2026, 10, 25, 1, 59, tzinfo=BERLIN)
    end = datetime(2026, 10, 25, 3, 1, tzinfo=BERLIN)
    _record(database, uuid4(), "provisional", start, end)
    rows = ask(database, "select day, local_time, people from occupancy order by started_at")
    assert [row[1] for row in rows] == [
        "01:45",
        *("02:00", "02:15", "02:30", "02:45"),
        *("02:00", "02:15", "02:30", "02:45"),
        "03:00",
    ]
    assert {(str(row[0]), row[2]) for row in rows} == {("2026-10-25", 1)}
