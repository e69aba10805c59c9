"""Ignored people stay recognised and out of the way: after a restart, a merge job, and with a new
look.
"""

import pytest

from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, VisitLog
from visitord.core.errors import VisitordError
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.store import merges, people, suggestions
from visitord.store.database import Database


@pytest.fixture
def visit_log(database: Database) -> VisitLog:
    visit_log = VisitLog(database)
    visit_log.recorder.handle(report(axis(0), 0))
    return visit_log


def say(visit_log: VisitLog, what: str, who: str) -> None:
    with visit_log.database.transaction() as cursor:
        {"ignore": people.ignore, "unignore": people.unignore}[what](
            cursor, people.find(cursor, who)
        )


def statuses(visit_log: VisitLog) -> list[tuple[object, ...]]:
    return visit_log.rows("select name, status from visitor order by label")


def test_ignored_people_are_in_the_log_and_announced_no_more(visit_log: VisitLog) -> None:
    say(visit_log, "ignore", "visitor 1")
    restarted = VisitLog(visit_log.database)
    restarted.recorder.handle(report(axis(0, 1, 0.9), 1000))
    assert (
        restarted.rows("select status, sightings from visit_log order by started_at")
        == [("ignored", 1)] * 2
    )
    assert restarted.arrivals == []
    visit_log.recorder.handle(report(axis(0, 1, 0.9), 2000))
    assert len(visit_log.arrivals) == 1, "the one before they were ignored"


def test_a_new_look_that_the_merge_job_finds_to_be_theirs_is_ignored_too(
    visit_log: VisitLog,
) -> None:
    with visit_log.database.transaction() as cursor:  # enrolled first, and so would be kept
        cursor.execute("update identity set number = 7")
    visit_log.recorder.handle(report(axis(1), 100))
    visit_log.recorder.handle(report(axis(0), 200))
    say(visit_log, "ignore", "visitor 7")
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update template t set embedding = "
            "(select embedding from template order by created_at limit 1)"
        )
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
    assert statuses(visit_log) == [("visitor 7", "ignored")]


def test_the_merge_job_asks_before_it_makes_an_ignored_and_a_named_one_the_same(
    visit_log: VisitLog,
) -> None:
    visit_log.recorder.handle(report(axis(1), 100))
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update template t set embedding = "
            "(select embedding from template order by created_at limit 1)"
        )
        people.rename(cursor, people.find(cursor, "visitor 2"), "Sam")
    say(visit_log, "ignore", "visitor 1")
    done = merge_job.merge_duplicates(
        visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START
    )
    assert (done.groups, len(done.suggestions)) == ([], 1)
    with (
        visit_log.database.transaction() as cursor,
        pytest.raises(VisitordError, match="are ignored: say who stays with visitorctl merge"),
    ):
        suggestions.pair(cursor, 1)


def test_an_accepted_suggestion_keeps_the_ignored_one(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(1), 100))
    say(visit_log, "ignore", "visitor 2")
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into suggestion (one_id, other_id, agreement, reason, made_at) "
            "select min(identity_id::text)::uuid, max(identity_id::text)::uuid, 0.5, '', now() "
            "from identity"
        )
        pair = suggestions.pair(cursor, 1)
        merges.merge(cursor, pair.kept.visitor_id, pair.merged.visitor_id, "tester", "", START)
    assert statuses(visit_log) == [("visitor 2", "ignored")]


def test_whoever_is_not_ignored_any_more_is_what_they_were(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(1), 100))
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "visitor 2"), "Sam")
    before = statuses(visit_log)
    for who in ("visitor 1", "Sam"):
        say(visit_log, "ignore", who)
        say(visit_log, "ignore", who)
    assert {status for _, status in statuses(visit_log)} == {"ignored"}
    for who in ("visitor 1", "Sam"):
        say(visit_log, "unignore", who)
    assert statuses(visit_log) == before
    with pytest.raises(VisitordError, match="Sam is not ignored; visitorctl list --status ignored"):
        say(visit_log, "unignore", "Sam")


def test_an_ignored_person_who_is_named_stays_ignored(visit_log: VisitLog) -> None:
    say(visit_log, "ignore", "visitor 1")
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "visitor 1"), "Postman")
    assert statuses(visit_log) == [("Postman", "ignored")]
    say(visit_log, "unignore", "Postman")
    assert statuses(visit_log) == [("Postman", "named")]
