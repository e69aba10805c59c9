"""The schema: what brings a database to it, its comments, and the promised views."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from fixtures.databases import account, administer
from fixtures.reports import START, axis, report
from fixtures.schema import dumped
from fixtures.visit_log import VisitLog
from visitord.core.errors import DatabaseError, DatabaseUnavailableError
from visitord.store import migrate, statements
from visitord.store.database import Database

PROMISED = {
    "visitor": "visitor_id name label status first_seen last_seen visits sightings "
    "last_site last_camera groups",
    "visit_log": "visit_id visitor_id name status site cameras started_at ended_at duration "
    "sightings day first_visit away timezone groups",
    "sighting_log": "sighting_id visitor_id name camera started_at ended_at score quality live "
    "decision site candidate second_candidate second_score good_samples face_px static "
    "reason live_score box timezone groups",
    "present_now": "visitor_id name site camera since last_seen timezone groups",
    "daily_footfall": "day site visits visitors new_visitors returning_visitors median_dwell "
    "identified unidentified share_identified timezone",
    "occupancy": "site started_at day local_time people arrivals timezone",
    "frequent_visitor": "visitor_id name visits_30d days_30d median_gap last_seen groups",
    "group_log": "visitor_id name group_name by added_at removed_by removed_at",
    "uncounted": "visitor_id site",
    "merge_log": "merge_id kept_id merged_id by reason evidence merged_at "
    "undone_at undone_by undone_reason",
    "split_log": "split_id from_id to_id sightings by reason split_at",
    "rejection_log": "visitor_id name other_visitor_id other_name by reason rejected_at",
    "seen_together": "sighting_id visitor_id name other_sighting_id other_visitor_id other_name "
    "site camera started_at timezone",
    "camera_health": "camera site state reason last_frame_at fps dropped reconnects reported_at "
    "stream box timezone",
    "event_log": "event_id sequence kind at told_at late site box camera visitor_id name label "
    "status visit_id first_time score duration other_visitor_id other_name undone state reason "
    "timezone",
    "camera_log": "camera site state reason started_at ended_at duration box timezone",
}


NEXT = "0003_floors.sql"


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of a later version, to be changed."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.folder(), folder)
    monkeypatch.setattr(migrate, "folder", lambda: folder)
    return folder


def rewrite(file: Path, text: str, instead: str) -> None:
    before = file.read_text("utf-8")
    assert text in before
    file.write_text(before.replace(text, instead), "utf-8")


def numbered() -> list[str]:
    """The names of the files that are applied once."""
    return sorted(path.stem for path in migrate.folder().glob("[0-9]*.sql"))


def columns(url: str, view: str) -> str:
    """The columns of a table or view of visitord, in order, with a space between them."""
    found = administer(
        url,
        "select column_name from information_schema.columns where table_schema = 'visitord' "
        f"and table_name = '{view}' order by ordinal_position",
    )
    return " ".join(str(row[0]) for row in found)


def record_some(database: Database) -> None:
    """A person at two cameras."""
    visit_log = VisitLog(database)
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0), 100, camera="hall"))


def test_an_empty_database_is_migrated_once_and_each_file_is_recorded(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(DatabaseError, match="visitord migrate"):
        migrate.require_current(database)
    assert migrate.migrate(database) == [*numbered(), "functions", "views", "rights"]
    assert migrate.migrate(database) == []
    migrate.require_current(database)
    applied = "select migration_id from visitord._yoyo_migration order by 1"
    assert [row[0] for row in administer(empty_url, applied)] == numbered()
    noted = {row[0] for row in administer(empty_url, "select file from visitord.schema_file")}
    assert noted == {*numbered(), "functions", "views", "rights"}
    database.close()


def test_migration_files_are_numbered_without_gaps() -> None:
    assert [int(name[:4]) for name in numbered()] == list(range(1, len(numbered()) + 1))


def test_the_schema_to_be_read_is_that_of_a_new_database(database_url: str) -> None:
    written = (migrate.folder() / "schema.sql").read_text("utf-8")
    assert written == dumped(database_url), "write it anew: make schema"


def test_a_migration_that_fails_leaves_nothing_half_done(
    empty_url: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the ones before it, of the same run."""
    (later / "9999_broken.sql").write_text("create table visitord.half (x int); select nonsense;")
    database = Database(empty_url)
    with pytest.raises(DatabaseError, match="nonsense"):
        migrate.migrate(database)
    made = "select count(*) from pg_class where relnamespace = 'visitord'::regnamespace"
    assert administer(empty_url, f"{made} and relname !~ 'yoyo'") == [(0,)]
    monkeypatch.undo()
    migrate.migrate(database)
    migrate.require_current(database)
    database.close()


def test_an_older_database_with_rows_becomes_what_a_new_one_is(
    database: Database, empty_url: str, later: Path
) -> None:
    """A made-up later version adds a column, shows it first in a view, and fills it."""
    record_some(database)
    sightings = "select sighting_id, camera, started_at from visitord.sighting order by 1"
    before = administer(database.url, sightings)
    (later / NEXT).write_text(
        "alter table visitord.sighting add column floor integer not null default 1;\n"
        "comment on column visitord.sighting.floor is 'Made up.';\n"
        "update visitord.sighting set floor = 2 where camera = 'hall';\n"
    )
    rewrite(later / "views.sql", "select g.sighting_id,\n", "select g.floor, g.sighting_id,\n")

    assert migrate.migrate(database) == [Path(NEXT).stem, "views"]
    assert administer(database.url, sightings) == before
    floors = "select floor, count(*) from visitord.sighting_log group by 1 order by 1"
    assert administer(database.url, floors) == [(1, 1), (2, 1)]

    fresh = Database(empty_url)
    migrate.migrate(fresh)
    assert dumped(database.url, rights=True) == dumped(empty_url, rights=True)
    fresh.close()


def test_views_of_another_version_are_noticed_and_put_in_place(
    database: Database, later: Path
) -> None:
    """The owner's own grants on them stay."""
    analyst = account(database.url, "")
    role = re.sub(r".*//([^@]*)@.*", r"\1", analyst)
    administer(database.url, f"grant usage on schema visitord to {role}")
    administer(database.url, f"grant select on visitord.merge_log to {role}")
    rewrite(later / "views.sql", "select merge_id, kept_id", "select kept_id, merge_id")

    with pytest.raises(DatabaseError, match=r"lacks this version's views; run: visitord migrate\."):
        migrate.require_current(database)
    assert not migrate.is_current(database)
    assert migrate.migrate(database) == ["views"]
    migrate.require_current(database)
    assert columns(database.url, "merge_log").startswith("kept_id merge_id")
    assert administer(analyst, "select * from visitord.merge_log") == []


def test_each_run_puts_in_place_what_was_dropped_by_hand(database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("drop view merge_log; drop function drop_before")
    assert migrate.migrate(database) == []
    assert administer(database.url, "select * from visitord.merge_log") == []
    assert administer(database.url, "select visitord.drop_before(now())") == [(0,)]


def test_a_view_of_the_owners_own_stays_and_is_named_where_it_is_in_the_way(
    database: Database, later: Path
) -> None:
    administer(database.url, "create view public.mine as select name, visits from visitord.visitor")
    assert migrate.migrate(database) == []
    rewrite(later / "views.sql", "       i.status,\n", "       1 as more,\n       i.status,\n")

    said = (
        r"for view public\.mine depends on view visitor: drop it, run visitord migrate, and create"
    )
    with pytest.raises(DatabaseError, match=said):
        migrate.migrate(database)
    assert administer(database.url, "select * from public.mine") == []
    assert "more" not in columns(database.url, "visitor")

    administer(database.url, "drop view public.mine")
    assert migrate.migrate(database) == ["views"]
    assert "more" in columns(database.url, "visitor")


def test_an_applied_migration_that_was_edited_is_an_error(database: Database, later: Path) -> None:
    first = numbered()[0]
    rewrite(later / f"{first}.sql", "text", "varchar")
    for check in (migrate.require_current, migrate.migrate):
        with pytest.raises(DatabaseError, match=f"The migration {first} is not the one that was"):
            check(database)


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
    assert columns(database_url, view) == PROMISED[view]


def test_every_table_view_and_column_has_a_comment(database_url: str) -> None:
    missing = administer(
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
                "insert into template "
                "(template_id, identity_id, sighting_id, pack, embedding, quality, created_at) "
                "values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'p', "
                f"{array}, 0.5, now())"
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
    administer(server_url, f"select pg_terminate_backend({backend})")
    with pytest.raises(DatabaseUnavailableError), database.transaction() as cursor:
        cursor.execute("select 1")
    with database.transaction() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


def test_what_is_asked_for_every_sighting_reads_no_table_from_end_to_end(
    database: Database,
) -> None:
    """After years they hold millions of rows."""
    asked: dict[str, object] = {
        "sightings.companions": {"id": UUID(int=1), "together": [UUID(int=2)]},
        "sightings.recent": {"since": START, "until": START},
        "sightings.extend": {
            "sighting_id": UUID(int=1),
            "ended_at": START,
            "static": False,
            "blocked": False,
            "live": None,
            "live_score": None,
        },
        "sightings.arriving": {"id": UUID(int=1)},
        "events.arrival": {"event_id": UUID(int=1), "visit": UUID(int=1)},
        "events.await_visit": {"sighting": UUID(int=1)},
        "events.leaving": {"now": START, "settles": timedelta(0), "most": 1000},
        "events.due": {"now": START, "settles": timedelta(0), "most": 1000},
    }
    with database.transaction() as cursor:
        cursor.execute(
            "insert into site values ('main', 'UTC', '5m'); "
            "insert into identity (identity_id, status, root_id, created_at) "
            "select i, 'provisional', i, now() "
            "from (select gen_random_uuid() from generate_series(1, 100)) x (i); "
            "insert into sighting (sighting_id, identity_id, site, camera, started_at, ended_at, "
            "decision, reason, quality, good_samples, face_px) "
            "select gen_random_uuid(), identity_id, 'main', 'door', at, at, 'matched', '', "
            "1, 3, 80 from identity, generate_series(now() - interval '100 h', now(), '1 h') at; "
            "insert into together select sighting_id, gen_random_uuid() from sighting; "
            "insert into visit select sighting_id, identity_id, site, started_at, ended_at, 1, "
            "'{door}', 'door', started_at::date from sighting; analyze"
        )
        for statement, values in asked.items():
            module, name = statement.split(".")
            cursor.execute(f"explain {statements.load(module)[name]}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert not re.search("Seq Scan on (sighting|visit|together)", plan), (
                f"{statement}:\n{plan}"
            )
