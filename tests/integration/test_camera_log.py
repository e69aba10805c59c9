"""How cameras were, as the view camera_log tells it."""

from datetime import UTC, datetime, timedelta

import pytest

from fixtures.databases import ask
from fixtures.visit_log import SITE
from visitord.capture.health import Health, State
from visitord.store import cameras
from visitord.store.database import Database
from visitord.store.site import declare_site

LIVE = Health("door", State.LIVE)
GONE = Health("door", State.GONE, "no answer within 5 s")


@pytest.fixture(autouse=True)
def site(database: Database) -> None:
    declare_site(database, SITE)


def tell(database: Database, health: Health, box: str = "front") -> None:
    with database.transaction() as cursor:
        cameras.report(cursor, "main", box, [health])


def let_pass(database: Database, time: str) -> None:
    """Make everything that was told so far older."""
    with database.transaction() as cursor:
        cursor.execute("update camera set reported_at = reported_at - %s::interval", (time,))
        cursor.execute("update camera_change set changed_at = changed_at - %s::interval", (time,))


def told(database: Database) -> list[tuple[str, str, bool]]:
    """Each state in turn, with its reason, and whether it is over."""
    rows = "select state, reason, ended_at is not null from camera_log order by started_at"
    return ask(database, rows)


def test_a_change_of_state_ends_one_row_and_begins_the_next(database: Database) -> None:
    tell(database, LIVE)
    let_pass(database, "20 s")
    tell(database, LIVE)
    let_pass(database, "10 s")
    tell(database, GONE)
    assert told(database) == [("live", "", True), ("gone", "no answer within 5 s", False)]

    (lasted,) = ask(database, "select duration from camera_log where state = 'live'")
    assert timedelta(seconds=30) <= lasted[0] < timedelta(seconds=60)


def test_the_time_in_which_no_daemon_ran_is_told_as_gone(database: Database) -> None:
    tell(database, LIVE)
    let_pass(database, "5 s")
    tell(database, LIVE)
    let_pass(database, "2 h")
    assert told(database) == [("live", "", True), ("gone", "no daemon reports it", False)]

    tell(database, LIVE)
    assert told(database) == [
        ("live", "", True),
        ("gone", "no daemon reported it", True),
        ("live", "", False),
    ]
    (away,) = ask(database, "select duration from camera_log where state = 'gone'")
    assert away[0] >= timedelta(hours=2)


def test_a_daemon_that_was_stopped_leaves_no_second_gap(database: Database) -> None:
    tell(database, LIVE)
    let_pass(database, "5 s")
    tell(database, Health("door", State.GONE, "the daemon was stopped"))
    let_pass(database, "2 h")
    tell(database, LIVE)
    assert told(database) == [
        ("live", "", True),
        ("gone", "the daemon was stopped", True),
        ("live", "", False),
    ]


def test_what_is_left_to_another_box_is_not_noted(database: Database) -> None:
    tell(database, LIVE)
    tell(database, GONE, box="back")
    assert told(database) == [("live", "", False)]


def test_old_states_are_dropped_but_not_the_one_that_lasts(database: Database) -> None:
    tell(database, GONE)
    let_pass(database, "30 days")
    tell(database, LIVE)
    let_pass(database, "400 days")
    with database.transaction() as cursor:
        cameras.sweep(cursor, datetime.now(UTC))
    assert ask(database, "select state from camera_change") == [("live",)]


def test_sites_and_cameras_have_logs_of_their_own(database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("insert into site values ('branch', 'Asia/Tokyo', '5 min')")
        cameras.report(cursor, "branch", "rear", [GONE, Health("gate", State.LIVE)])
    tell(database, LIVE)
    rows = "select site, timezone, camera, state, box from camera_log order by 1, 3"
    assert ask(database, rows) == [
        ("branch", "Asia/Tokyo", "door", "gone", "rear"),
        ("branch", "Asia/Tokyo", "gate", "live", "rear"),
        ("main", "UTC", "door", "live", "front"),
    ]
