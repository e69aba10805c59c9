"""visitorctl sql: asked as the reader, read-only, one statement; whoever owns the database."""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from fixtures.databases import administer
from fixtures.installation import Box
from fixtures.waiting import wait
from visitord.core.config import Config, load
from visitord.core.errors import DatabaseError
from visitord.store import adhoc, migrate
from visitord.store.adhoc import Table
from visitord.store.database import Database
from visitord.store.reader import reading

PASSWORD = "s3cret"  # noqa: S105 - of a server that is gone after the tests


@pytest.fixture(scope="module")
def theirs(open_folder: Path) -> Iterator[str]:
    """The address of a server on which only its administrator comes in without a password."""
    database = Database.at("embedded", open_folder)
    access = open_folder / "postgres" / "pg_hba.conf"
    access.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    administer(database.url, "select pg_reload_conf()")
    migrate.migrate(database)
    database.close()
    yield database.url


@pytest.fixture
def owner_url(theirs: str) -> Iterator[str]:
    """The address of a migrated database of an account without further rights, with its password;
    the reader may not log in.
    """
    name = f"test_{uuid4().hex}"
    administer(
        theirs,
        f"create role {name} login password '{PASSWORD}'",
        f"grant visitord_reader to {name}",
        "alter role visitord_reader nologin",
        f"create database {name} owner {name}",
    )
    url = theirs.replace("//postgres:@", f"//{name}:{PASSWORD}@")
    url = url.replace("/visitord?", f"/{name}?")
    database = Database(url)
    migrate.migrate(database)
    database.close()
    yield url
    administer(theirs, f"drop database {name} with (force)")


def answer(url: str, question: str, reader_url: str | None = None) -> Table:
    """What the command's own way to the database brings."""
    config = Config.model_validate({"database": {"url": url, "reader_url": reader_url}})
    with contextlib.closing(Database(url)) as owner, reading(owner, config) as cursor:
        return adhoc.ask(cursor, question)


def reader_at(url: str) -> str:
    return re.sub(r"//[^@]*@", f"//visitord_reader:{PASSWORD}@", url)


# What is asked

READS = (
    "select 1 as n",
    "select 1 as n;",
    "-- a comment with ; in it\nselect 1 as n",
    "values (1)",
    "with one as (select 1 as n) select n from one",
    "show timezone",
    "explain select 1",
    "explain analyze select * from visitor",
    "table visitor",
    r"select 'a\'';b' as n",
    r"select E'a\';b' as n",
    "select $x$ ; drop table visit; $x$ as n",
)


@pytest.mark.parametrize("question", READS)
def test_a_statement_with_rows_is_answered(database_url: str, question: str) -> None:
    assert answer(database_url, question).columns


SEVERAL = (
    "",
    ";",
    "-- nothing",
    "select 1; select 2",
    "select 1; drop view visitord.visitor",
    "commit; select 1",
    "rollback; create table visitord.mine (x int)",
    r"select 'a\'; commit; drop view visitord.visitor; --'",
    r"select 'a\'; create table visitord.mine (x int); select ''",
    "select 1 /* ' */; commit; --'",
    "select $a$ $b$ $a$; commit; select $b$ $b$",
)
NO_QUESTION = (
    "delete from visitord.visit",
    "insert into visitord.visit default values",
    "create table visitord.mine (x int)",
    "select 1 as x into visitord.mine",
    "copy (select 1) to program 'touch /tmp/never'",
    "copy visitord.visit from program 'echo 1'",
    "do $$ begin perform 1; end $$",
    "set role none",
    "set transaction read write",
    "begin",
    "commit",
    "listen something",
    "fetch all from answer",
    "prepare more as select 1",
)


@pytest.mark.parametrize("question", SEVERAL + NO_QUESTION)
def test_what_is_not_one_statement_with_rows_is_refused(database_url: str, question: str) -> None:
    with pytest.raises(DatabaseError, match="One statement at a time"):
        answer(database_url, question)


REFUSED = {
    "select pg_read_file('/etc/passwd')": "permission denied",
    "select pg_ls_dir('/')": "permission denied",
    "select lo_export(1, '/tmp/never')": "permission denied",
    "select lo_import('/etc/passwd')": "(permission denied|read-only)",
    "select lo_create(0)": "read-only",
    "select pg_reload_conf()": "permission denied",
    "select set_config('transaction_read_only', 'off', true)": "read-write mode",
    "select set_config('role', 'postgres', true)": "permission denied",
    "select set_config('session_authorization', 'postgres', true)": "permission denied",
    "delete from visitord.visit returning *": "read-only",
    "with gone as (delete from visitord.visit returning *) select * from gone": "read-only",
    "select * from visitord.visit for update": "(read-only|permission denied)",
    "select embedding from visitord.template": "permission denied",
    "select visitord.drop_before(now())": "(read-only|permission denied)",
    "select visitord.forget(gen_random_uuid())": "(read-only|permission denied)",
    "select nextval('visitord.visitor_number')": "(read-only|permission denied)",
    "explain analyze delete from visitord.visit": "(read-only|permission denied)",
    "select query_to_xml('commit', true, true, '')": "invalid query",
    "select $1": "no parameter",
    "select nonsense": "nonsense",
    "commit; drop": "syntax error",
}


@pytest.mark.parametrize("question", REFUSED)
def test_what_writes_or_reaches_out_of_the_views_is_refused(
    database_url: str, question: str
) -> None:
    with pytest.raises(DatabaseError, match=REFUSED[question]):
        answer(database_url, question)


def test_other_accounts_connections_are_out_of_reach(database_url: str) -> None:
    with contextlib.closing(Database(database_url)) as owner, owner.transaction() as cursor:
        cursor.execute("select pg_backend_pid()")
        ((pid,),) = cursor.fetchall()
        with pytest.raises(DatabaseError, match="permission denied"):
            answer(database_url, f"select pg_terminate_backend({pid})")
        cursor.execute("select 1")


def test_a_question_that_takes_too_long_says_which_option_allows_more(box: Box) -> None:
    done = box.run("visitorctl", "sql", "select pg_sleep(60)", "--timeout", "200ms")
    done.fails_with("no answer within 0.2 s", "--timeout")
    assert box.run("visitorctl", "sql", "select 1", "--timeout", "0s").code == 2
    assert box.run("visitorctl", "sql", "select 1", "--timeout", "2d").code == 2


def test_a_question_cannot_give_itself_more_time(database: Database) -> None:
    sleeper = "select set_config('statement_timeout', '0', false), pg_sleep(60)"
    with (
        pytest.raises(DatabaseError, match="no answer within"),
        database.transaction() as cursor,
    ):
        adhoc.ask(cursor, sleeper, timedelta(milliseconds=200))


# As whom it is asked


def test_the_embedded_server_is_asked_as_the_reader(open_path: Path) -> None:
    box = Box(open_path)
    box.configure('[database]\nurl = "embedded"\n')
    who = json.loads(
        box.ok("visitorctl", "sql", "select current_user, session_user", "--format", "json")
    )
    assert who == [{"current_user": "visitord_reader", "session_user": "visitord_reader"}]
    box.run("visitorctl", "sql", "select pg_read_file('/etc/passwd')").fails_with("permission")
    box.run("visitorctl", "sql", "select * from visitord.template").fails_with("permission")
    box.run("visitorctl", "sql", r"select 'a\'; create table t (x int); --'").fails_with(
        "One statement"
    )


def test_where_the_reader_can_log_in_it_does(database_url: str) -> None:
    rows = answer(database_url, "select current_user, session_user").rows
    assert rows == (("visitord_reader", "visitord_reader"),)


def test_an_owner_without_further_rights_becomes_the_reader(owner_url: str) -> None:
    ((current, session),) = answer(owner_url, "select current_user, session_user").rows
    assert (current, str(session)[:5]) == ("visitord_reader", "test_")
    assert answer(owner_url, "select * from visitor").rows == ()
    with pytest.raises(DatabaseError, match="permission denied"):
        answer(owner_url, "select embedding from visitord.template")


def test_an_owner_who_takes_its_rights_back_still_writes_nothing(owner_url: str) -> None:
    back = "select set_config('role', 'none', true), "
    for writing in (
        "set_config('transaction_read_only', 'off', true)",
        "visitord.drop_before(now())",
        "query_to_xml('delete from visitord.visit', true, true, '')",
    ):
        with pytest.raises(DatabaseError):
            answer(owner_url, back + writing)


def test_the_reader_has_an_address_of_its_own_with_its_password(
    owner_url: str, theirs: str
) -> None:
    administer(theirs, f"alter role visitord_reader login password '{PASSWORD}'")
    rows = answer(owner_url, "select session_user", reader_at(owner_url)).rows
    assert rows == (("visitord_reader",),)


def test_a_reader_who_needs_a_password_that_is_not_told_is_done_without(
    owner_url: str, theirs: str
) -> None:
    administer(theirs, f"alter role visitord_reader login password '{PASSWORD}'")
    ((current, session),) = answer(owner_url, "select current_user, session_user").rows
    assert (current, session == current) == ("visitord_reader", False)


@pytest.mark.parametrize("reader_url", [None, "the same"])
def test_a_superuser_is_refused_with_what_to_do(
    owner_url: str, theirs: str, reader_url: str | None
) -> None:
    del owner_url  # it sees to it that the reader may not log in
    with pytest.raises(DatabaseError, match=r"set database\.reader_url") as refused:
        answer(theirs, "select 1", reader_url and theirs)
    assert "\n" not in str(refused.value)


def test_a_superuser_lets_the_reader_in_where_the_server_asks_for_no_password(
    theirs: str, open_folder: Path
) -> None:
    access = open_folder / "postgres" / "pg_hba.conf"
    before = access.read_text()
    access.write_text("local all all trust\n")
    administer(theirs, "alter role visitord_reader nologin", "select pg_reload_conf()")

    def lets_it_in() -> bool:
        with contextlib.suppress(DatabaseError):  # until it has read its file
            return answer(theirs, "select session_user").rows == (("visitord_reader",),)
        return False

    wait(lets_it_in)
    access.write_text(before)
    administer(theirs, "select pg_reload_conf()")


def test_an_account_of_a_daemon_becomes_the_reader(owner_url: str, theirs: str) -> None:
    name = f"test_{uuid4().hex}"
    administer(theirs, f"create role {name} login password '{PASSWORD}' in role visitord_daemon")
    url = re.sub(r"//[^@]*@", f"//{name}:{PASSWORD}@", owner_url)
    assert answer(url, "select current_user").rows == (("visitord_reader",),)


def test_the_address_of_the_reader_may_hold_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "READER_PASSWORD", "p%40ss")
    path = tmp_path / "config.toml"
    path.write_text(
        '[database]\nreader_url = "postgresql://visitord_reader:${READER_PASSWORD}@db/visits"\n'
    )
    assert load(path).reader_url() == "postgresql://visitord_reader:p%40ss@db/visits"
