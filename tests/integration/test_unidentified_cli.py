"""What people do with sightings nobody was found for."""

import json
from typing import Any

import pytest

from fixtures.installation import Box
from fixtures.reports import axis, report
from fixtures.terminals import answered
from fixtures.visit_log import VisitLog
from visitord.store.database import Database


@pytest.fixture
def visit_log(database: Database, box: Box) -> VisitLog:
    """Somebody known, and two who were seen too poorly."""
    visit_log = VisitLog(database)
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 100, good=False))
    visit_log.recorder.handle(report(axis(2), 200, good=False, camera="hall"))
    return visit_log


def waiting(box: Box, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        box.ok("visitorctl", "unidentified", *options, "--format", "json")
    )
    return found


def test_who_could_not_be_recognised_is_listed_with_the_reason(
    visit_log: VisitLog, box: Box
) -> None:
    hall, door = waiting(box)
    assert (hall["camera"], door["camera"]) == ("hall", "door")
    assert "good" in door["reason"]
    assert door["site"] == "main"
    assert [row["camera"] for row in waiting(box, "--camera", "hall")] == ["hall"]
    assert len(waiting(box, "--limit", "1")) == 1
    assert door["sighting_id"][:8] in box.ok("visitorctl", "unidentified")


def test_a_sighting_is_filed_under_somebody_known(visit_log: VisitLog, box: Box) -> None:
    _, door = waiting(box)
    said = box.ok(
        "visitorctl", "unidentified", "assign", door["sighting_id"][:8], "--to", "1", "--why", "hat"
    )
    assert said.startswith("1 sighting is now visitor 1's; ")
    assert [row["camera"] for row in waiting(box)] == ["hall"]

    (row,) = visit_log.rows(
        "select name, decision, reason from sighting_log where started_at > '2026-01-05 09:01Z' "
        "and camera = 'door'"
    )
    assert row[:2] == ("visitor 1", "settled")
    assert str(row[2]).endswith("said so: hat")
    assert visit_log.rows("select count(*) from visit_log where name = 'visitor 1'") == [(2,)]
    assert visit_log.rows("select count(*) from visit_log where name is null") == [(1,)]
    assert visit_log.rows("select count(*) from template") == [(1,)]


def test_sightings_become_a_new_person(visit_log: VisitLog, box: Box) -> None:
    ids = [row["sighting_id"] for row in waiting(box)]
    said = box.ok("visitorctl", "unidentified", "enroll", *ids, "--name", "Kim")
    assert said.startswith("2 sightings are now Kim's; ")
    assert waiting(box) == []
    assert visit_log.rows("select sightings, status from visitor where name = 'Kim'") == [
        (2, "named")
    ]
    assert visit_log.rows("select count(*) from template") == [(2,)]


def test_somebody_in_the_same_picture_is_somebody_else(visit_log: VisitLog, box: Box) -> None:
    _, door = waiting(box)
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into together select %s, sighting_id from sighting "
            "where identity_id is not null",
            (door["sighting_id"],),
        )
    command = ("unidentified", "assign", door["sighting_id"], "--to", "1")
    assert "in one picture with this face" in answered(box.folder, "n", *command)
    assert len(waiting(box)) == 2

    done = box.run("visitorctl", *command)
    assert "Warning: visitor 1 was in one picture with this face" in done.err
    assert "visitor 1's" in done.out


def test_what_cannot_be_done_is_one_sentence(visit_log: VisitLog, box: Box) -> None:
    run = box.run
    run("visitorctl", "unidentified", "assign", "00000000", "--to", "1").fails_with("00000000")
    (known,) = visit_log.rows("select sighting_id from sighting where identity_id is not null")
    run("visitorctl", "unidentified", "assign", str(known[0]), "--to", "1").fails_with(
        str(known[0])
    )
    assert run("visitorctl", "unidentified", "assign").code == 2
    assert run("visitorctl", "unidentified", "assign", "3c470725").code == 2
    assert run("visitorctl", "unidentified", "--name", "Kim").code == 2

    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update sighting set embedding = null, pack = null where identity_id is null"
        )
    first = waiting(box)[0]["sighting_id"]
    run("visitorctl", "unidentified", "enroll", first).fails_with("no longer kept")


def test_a_log_in_which_everyone_was_recognised_says_so(box: Box, database: Database) -> None:
    visit_log = VisitLog(database)
    visit_log.recorder.handle(report(axis(0), 0))
    assert box.ok("visitorctl", "unidentified") == "Everyone who came was recognised.\n"
