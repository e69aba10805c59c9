"""The schema: migrated by numbered files, commented throughout, with the promised views."""

import re
import shutil
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest

from fixtures.reports import START
from visitord.core.errors import DatabaseError, DatabaseUnavailableError
from visitord.store import migrate, statements
from visitord.store.database import Database

PROMISED = {
    "visitor": "visitor_id name label status first_seen last_seen visits sightings",
    "visit_log": "visit_id visitor_id name status site cameras started_at ended_at duration sightings "
    "day first_visit away",
    "sighting_log": "sighting_id visitor_id name camera started_at ended_at score quality live decision "
    "site candidate second_candidate second_score good_samples face_px static reason live_score",
    "present_now": "visitor_id name site camera since last_seen",
    "daily_footfall": "day site visits visitors new_visitors returning_visitors median_dwell",
    "frequent_visitor": "visitor_id name visits_30d days_30d median_gap last_seen",
    "merge_log": "merge_id kept_id merged_id by reason evidence merged_at undone_at undone_by undone_reason",
}


def _query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_an_empty_database_is_migrated_once_and_each_file_is_recorded(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(DatabaseError, match="visitord migrate"):
        migrate.require_current(database)
    files = sorted(path.stem for path in migrate.folder().glob("*.sql"))
    assert migrate.migrate(database) == files
    assert migrate.migrate(database) == []
    migrate.require_current(database)
    assert [
        row[0]
        for row in _query(empty_url, "select migration_id from visitord._yoyo_migration order by 1")
    ] == files
    database.close()


def test_migration_files_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted(migrate.folder().glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_migration_that_fails_leaves_nothing_half_done(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "migrations"
    shutil.copytree(migrate.folder(), aside)
    (aside / "9999_broken.sql").write_text("create table visitord.half (x int); select nonsense;")
    monkeypatch.setattr(migrate, "folder", lambda: aside)
    database = Database(empty_url)
    with pytest.raises(DatabaseError, match="nonsense"):
        migrate.migrate(database)
    assert _query(empty_url, "select to_regclass('visitord.half') is null") == [(True,)]
    monkeypatch.undo()
    migrate.migrate(database)
    migrate.require_current(database)
    database.close()


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute(
            "insert into _yoyo_migration (migration_hash, migration_id, applied_at_utc) "
            "values ('x', '9999_later', now())"
        )
    with pytest.raises(DatabaseError, match="newer visitord"):
        migrate.require_current(database)
    with pytest.raises(DatabaseError, match="newer visitord"):
        migrate.migrate(database)


@pytest.mark.parametrize("view", sorted(PROMISED))
def test_a_promised_view_has_its_columns(database_url: str, view: str) -> None:
    found = _query(
        database_url,
        "select column_name from information_schema.columns where table_schema = 'visitord' "
        f"and table_name = '{view}' order by ordinal_position",
    )
    assert " ".join(str(row[0]) for row in found) == PROMISED[view]


def test_every_table_view_and_column_has_a_comment(database_url: str) -> None:
    missing = _query(
        database_url,
        "select c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
        "where n.nspname = 'visitord' and c.relkind in ('r', 'v') and c.relname !~ 'yoyo' "
        "and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)",
    )
    assert missing == []


def test_embeddings_with_holes_or_of_no_length_are_refused(database: Database) -> None:
    for array in (
        "array[]::real[]",
        "array_fill(null::real, array[128])",
        "array_fill(0::real, array[2, 64])",
    ):
        with (
            pytest.raises(DatabaseError, match="check constraint"),
            database.transaction() as cursor,
        ):
            cursor.execute(
                "insert into template (template_id, identity_id, sighting_id, pack, embedding, quality, created_at) "
                f"values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'p', {array}, 0.5, now())"
            )


def test_a_server_that_is_not_there_is_a_passing_error_without_the_password() -> None:
    with (
        pytest.raises(DatabaseUnavailableError) as caught,
        Database("postgresql://someone:hidden@127.0.0.1:9/none").transaction(),
    ):
        pass
    assert "hidden" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)


def test_a_lock_held_elsewhere_is_a_passing_error_that_says_busy(database: Database) -> None:
    other = database.another()
    with database.transaction() as cursor:
        cursor.execute("lock table identity in access exclusive mode")
        with (
            pytest.raises(DatabaseUnavailableError, match="is busy"),
            other.transaction() as blocked,
        ):
            blocked.execute("set local lock_timeout = '100ms'")
            blocked.execute("select * from identity")
    with other.transaction() as cursor:
        cursor.execute("select 1 from identity")
    other.close()


def test_a_broken_connection_is_opened_again(database: Database, server_url: str) -> None:
    with database.transaction() as cursor:
        cursor.execute("select pg_backend_pid()")
        (backend,) = cursor.fetchone() or (0,)
    _query(server_url, f"select pg_terminate_backend({backend})")
    with pytest.raises(DatabaseUnavailableError), database.transaction() as cursor:
        cursor.execute("select 1")
    with database.transaction() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


def test_visits_written_before_are_what_they_would_be_now(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log of some days is carried from the fifth migration to the newest."""
    old = tmp_path / "migrations"
    old.mkdir()
    for path in sorted(migrate.folder().glob("*.sql"))[:5]:
        shutil.copy(path, old)
    database = Database(empty_url)
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "folder", lambda: old)
        migrate.migrate(database)
    with database.transaction() as cursor:
        cursor.execute(
            "insert into site values ('a', 'Europe/Berlin', '5 minutes'), ('b', 'UTC', '5 minutes')"
        )
        cursor.execute(
            "insert into identity (identity_id, status, root_id, created_at) "
            "select i, 'provisional', i, now() from (select gen_random_uuid() i from generate_series(1, 5)) s"
        )
        cursor.execute(
            "insert into sighting (sighting_id, identity_id, site, camera, started_at, ended_at, decision, reason, "
            "quality, good_samples, face_px) "
            "select gen_random_uuid(), identity_id, site, 'door', t, t + interval '20 min', 'matched', '', 1, 1, 80 "
            "from identity, site, generate_series('2026-03-28'::timestamptz, '2026-03-31', '7 hours') t"
        )
        cursor.execute(
            "select count(*) from identity, site, "
            "lateral refresh_visits(identity_id, site, visit_gap, '-infinity', 'infinity')"
        )
    migrate.migrate(database)
    with database.transaction() as cursor:
        cursor.execute("select xmin::text, visit.* from visit order by visit_id")
        before = cursor.fetchall()
        cursor.execute("select rebuild_visits(site) from site")
        cursor.execute("select xmin::text, visit.* from visit order by visit_id")
        assert cursor.fetchall() == before
        assert len(before) == 110
    database.close()


def test_what_is_asked_for_every_sighting_reads_no_table_from_end_to_end(
    database: Database,
) -> None:
    """After years they hold millions of rows."""
    asked: dict[str, object] = {
        "sightings.companions": {"id": UUID(int=1), "together": [UUID(int=2)]},
        "sightings.extend": {
            "sighting_id": UUID(int=1),
            "ended_at": START,
            "static": False,
            "live": None,
            "live_score": None,
        },
        "sightings.arriving": {"id": UUID(int=1)},
        "visits.departures": {"since": START, "until": START},
    }
    with database.transaction() as cursor:
        cursor.execute(
            "insert into site values ('main', 'UTC', '5m'); "
            "insert into identity (identity_id, status, root_id, created_at) select i, 'provisional', i, now() "
            "from (select gen_random_uuid() from generate_series(1, 100)) x (i); "
            "insert into sighting (sighting_id, identity_id, site, camera, started_at, ended_at, decision, reason, "
            "quality, good_samples, face_px) select gen_random_uuid(), identity_id, 'main', 'door', at, at, 'matched', "
            "'', 1, 3, 80 "
            "from identity, generate_series(now() - interval '100 h', now(), '1 h') at; "
            "insert into together select sighting_id, gen_random_uuid() from sighting; "
            "insert into visit select sighting_id, identity_id, site, started_at, ended_at, 1, '{door}', 'door', "
            "started_at::date from sighting; analyze"
        )
        for statement, values in asked.items():
            module, name = statement.split(".")
            cursor.execute(f"explain {statements.load(module)[name]}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert not re.search("Seq Scan on (sighting|visit|together)", plan), (
                f"{statement}:\n{plan}"
            )
