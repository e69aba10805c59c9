"""What the server still has of erased rows, and what is told of it."""

import contextlib

from fixtures.databases import account, administer, ask
from fixtures.reports import axis, report
from fixtures.scripted import ManualClock
from fixtures.visit_log import VisitLog
from visitord.core.clock import Clock
from visitord.store import scrubbing
from visitord.store.database import Database


def named(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    administer(visit_log.database.url, "update visitord.identity set name = 'Canary'")


def test_tables_are_rewritten_and_nothing_is_left_to_say(visit_log: VisitLog) -> None:
    named(visit_log)
    files = (
        "select relname, relfilenode from pg_class where relname = any(array['identity', 'visit'])"
    )
    before = ask(visit_log.database, files)
    assert scrubbing.scrub(visit_log.database, Clock(), ours=False) == []
    after = ask(visit_log.database, files)
    assert not set(before) & set(after)
    ((limit,),) = ask(visit_log.database, "show statement_timeout")
    assert limit == "1min", "what the connection began with"


def test_no_name_and_no_embedding_is_in_statistics(visit_log: VisitLog) -> None:
    named(visit_log)
    administer(visit_log.database.url, "analyze")
    told = ask(visit_log.database, "select count(*) from pg_stats where pg_stats::text ~ 'Canary'")
    assert told == [(0,)]
    sampled = ask(
        visit_log.database,
        "select count(*) from pg_stats where schemaname = 'visitord' and attname = 'embedding'",
    )
    assert sampled == [(0,)]


def test_samples_of_before_are_deleted(visit_log: VisitLog) -> None:
    """As they are in a database of an earlier version."""
    named(visit_log)
    administer(
        visit_log.database.url,
        "alter table visitord.identity alter column name set statistics 100",
        "insert into visitord.identity (identity_id, status, name, root_id, created_at) "
        "select id, 'named', 'Canary', id, now() from gen_random_uuid() id",
        "analyze visitord.identity",
        "alter table visitord.identity alter column name set statistics 0",
        "analyze visitord.identity",
    )
    samples = "select count(*) from pg_stats where pg_stats::text ~ 'Canary'"
    assert ask(visit_log.database, samples) == [(1,)]
    assert scrubbing.scrub(visit_log.database, Clock(), ours=False) == []
    assert ask(visit_log.database, samples) == [(0,)]


def test_a_table_that_is_in_use_is_named_and_the_others_are_rewritten(visit_log: VisitLog) -> None:
    named(visit_log)
    analyst = visit_log.database.another()
    with contextlib.closing(analyst), analyst.transaction() as cursor:
        cursor.execute("select count(*) from visitord.rejection")
        told = scrubbing.scrub(visit_log.database, Clock(), ours=False)
    assert len(told) == 1
    assert "in the files of visitord.rejection, which were in use" in told[0]


def test_what_does_not_fit_into_the_time_is_told(visit_log: VisitLog) -> None:
    told = scrubbing.scrub(visit_log.database, ManualClock(), ours=False, within_s=0)
    assert "files of visitord.identity, " in told[0]
    assert "write-ahead log" in told[-1]


def test_what_an_account_may_not_do_is_told(database_url: str, visit_log: VisitLog) -> None:
    named(visit_log)
    theirs = Database(account(database_url, "visitord_daemon"))
    told = scrubbing.scrub(theirs, Clock(), ours=False)
    theirs.close()
    assert len(told) == 2
    assert "another account's" in told[0]
    assert "checkpoint and pg_switch_wal()" in told[1]
