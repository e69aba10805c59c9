"""Who may read what: the reader the views only, the daemon what it needs, and neither owns
anything.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from psycopg2 import errors

from fixtures.corrections import merge, merges, split, undo
from fixtures.databases import account, administer, admit_every_role
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, VisitLog
from visitord.cli import visitord
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.store import adhoc, migrate
from visitord.store.database import Database

VIEWS = {
    *("visitor", "visit_log", "sighting_log", "present_now"),
    *("daily_footfall", "occupancy", "frequent_visitor", "seen_together"),
    *("group_log", "uncounted"),
    *("merge_log", "split_log", "rejection_log", "camera_health", "camera_log", "event_log"),
}


@pytest.fixture
def reader(database_url: str) -> Iterator[Database]:
    opened = Database(account(database_url, "visitord_reader"))
    yield opened
    opened.close()


def relations(url: str, kinds: str) -> set[str]:
    """Names of the tables (r), views (v) and sequences (S) of visitord."""
    ours = f"relnamespace = 'visitord'::regnamespace and relkind in {kinds}"
    return {str(row[0]) for row in administer(url, f"select relname from pg_class where {ours}")}


def refused(url: str, statement: str) -> bool:
    """Whether it fails for want of a right."""
    try:
        administer(url, statement)
    except errors.InsufficientPrivilege:
        return True
    return False


def test_the_reader_reads_each_view_and_nothing_else(database_url: str, reader: Database) -> None:
    assert relations(database_url, "('v')") == VIEWS
    for view in VIEWS:
        with reader.transaction() as cursor:
            adhoc.ask(cursor, f"select * from visitord.{view}")
    others = relations(database_url, "('r', 'S')")
    assert {
        "sighting",
        "template",
        "identity",
        "visit",
        "_yoyo_migration",
        "visitor_number",
    } <= others
    for other in others:
        assert refused(reader.url, f"select * from visitord.{other}"), other
    for call in (
        "drop_before(now())",
        "rebuild_visits('main')",
        "refresh_visits(null, '', '1 s', now(), now())",
    ):
        assert refused(reader.url, f"select visitord.{call}"), call
    assert refused(reader.url, "create table visitord.mine ()")
    assert refused(reader.url, "delete from visitord.merge_log")


def test_no_view_shows_an_embedding_or_where_a_crop_is(database_url: str) -> None:
    rows = administer(
        database_url,
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid "
        "where c.relnamespace = 'visitord'::regnamespace and c.relkind = 'v' and a.attnum > 0 "
        "and (a.attname ~ 'embedding|crop' or a.atttypid in ('real[]'::regtype, 'bytea'::regtype))",
    )
    assert rows == []


def test_the_daemon_records_merges_and_cleans_up_with_its_role_alone(database_url: str) -> None:
    database = Database(account(database_url, "visitord_daemon"))
    migrate.require_current(database)
    visit_log = VisitLog(database)
    for n in range(4):
        visit_log.recorder.handle(report(axis(n % 2), 1000 * n))
    merge(visit_log, "1", "2")
    undo(visit_log, merges(visit_log)[0])
    split(
        visit_log,
        "1",
        visit_log.rows("select sighting_id from sighting_log where name = 'visitor 1'")[0][0],
    )  # type: ignore[arg-type]
    merge_job.merge_duplicates(database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
    assert visit_log.one("select rebuild_visits('main')") == 4
    assert visit_log.one("select drop_before('infinity')") == 4
    owned = (
        "select count(*) from pg_class "
        "where relowner in (select oid from pg_roles where rolname ~ '^visitord_')"
    )
    assert visit_log.one(owned) == 0
    database.close()


def test_where_roles_are_somebody_elses_to_create_they_can_be_granted_later(
    open_path: Path,
) -> None:
    """A server whose administrator gives the owner of the database no right to create roles."""
    database = Database.at("embedded", open_path)
    admit_every_role(database.url)
    administer(database.url, "drop role visitord_reader", "drop role visitord_daemon")
    owner = account(database.url, "")
    name = re.sub(r".*//([^@]*)@.*", r"\1", owner)
    administer(database.url, f"create database other owner {name}")
    theirs = Database(owner.replace("/visitord?", "/other?"))
    config = open_path / "config.toml"
    config.write_text(f'[database]\nurl = "{theirs.url}"\n')
    done = CliRunner().invoke(visitord.main, ["migrate", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert "  create role visitord_reader; create role visitord_daemon;\n" in done.output
    assert "select visitord.grant_roles();" in done.output
    with theirs.transaction() as cursor:
        cursor.execute("select count(*) from pg_roles where rolname ~ '^visitord_'")
        assert cursor.fetchone() == (0,)

    administer(database.url, "create role visitord_reader", "create role visitord_daemon")
    done = CliRunner().invoke(visitord.main, ["migrate", "--config", str(config)])
    assert done.output == "The database is up to date.\n"
    with theirs.transaction() as cursor:
        cursor.execute("select grant_roles()")
    reader = Database(account(database.url, "visitord_reader").replace("/visitord?", "/other?"))
    with reader.transaction() as cursor:
        cursor.execute("select count(*) from visitord.daily_footfall")
        assert cursor.fetchone() == (0,)
    reader.close()
    theirs.close()
    database.close()
