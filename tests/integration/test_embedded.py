"""The embedded server: wherever the state folder lies, whoever else is on the machine, and however
those that use it end.
"""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from fixtures.databases import administer, ask, stopped
from fixtures.installation import Box
from fixtures.waiting import wait
from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError, DatabaseUnavailableError
from visitord.store import (
    embedded,
    migrate,
    postgres_account,
    postgres_programs,
    postgres_settings,
    postgres_socket,
    postgres_waits,
    process_lock,
)
from visitord.store.database import Database
from visitord.store.postgres_server import PostgresServer

NOBODY = 65534  # an account that owns nothing
NASTY = "a b&c#d%20e$(touch ran)`touch ran`;touch ran\n'é\"\\漢"
LONG = "x" * 120
USE = """
import sys, time
from pathlib import Path
from visitord.store import embedded
embedded.start(Path(sys.argv[1]))
print("started", flush=True)
sys.stdin.read()
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="other accounts are root's to be")


@pytest.fixture
def new(open_path: Path) -> Iterator[Path]:
    """A state folder that is not there yet, below a folder that nobody else may enter."""
    folder = open_path / "private" / "state"
    folder.parent.mkdir(mode=0o700)
    yield folder
    embedded.leave(folder)


@pytest.fixture(scope="module")
def made(open_folder: Path) -> Path:
    """A state folder whose server was used before and has been stopped."""
    folder = open_folder / NASTY
    embedded.start(folder)
    embedded.leave(folder)
    return folder


@pytest.fixture
def state(new: Path, made: Path) -> Path:
    """The same as `new`, with a data folder in it, whose server does not run."""
    new.mkdir(mode=0o700)
    subprocess.run(["cp", "-a", made / "postgres", new], check=True)
    return new


@pytest.fixture
def runtime(open_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for short-lived files of this account."""
    folder = open_path / "run"
    open_path.chmod(0o755)  # the server may be of another account
    folder.mkdir(mode=0o755)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setattr(postgres_socket, "ROOTS_RUNTIME", folder)
    return folder


@contextlib.contextmanager
def renamed(folder: Path, name: str) -> Iterator[Path]:
    """The folder by another name while the block runs."""
    other = folder.with_name(name)
    folder.rename(other)
    try:
        yield other
    finally:
        embedded.leave(other)
        other.rename(folder)


def server_pid(state: Path) -> int:
    return int((state / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def runs(state: Path) -> bool:
    return (state / "postgres" / "postmaster.pid").exists()


def user(state: Path) -> subprocess.Popen[str]:
    """Another process that uses the server of this state folder until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", USE, str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def as_nobody(work: Callable[[], object]) -> str:
    """What a forked process of an account that owns nothing says of the work: its error, or ''."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        text = "it did not begin"
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            work()
            text = ""
        except Exception as error:
            text = str(error)
        finally:
            os.write(writing, text.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


# Where it lies


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a&b",
        "a#b",
        "a%20b",
        "a?b=c",
        "$(touch ran)",
        "`touch ran`",
        "a;touch ran;",
        "a\nb",
        "'a\"b'",
        "a\\b",
        "été漢字",
        "a,b",
        LONG,
    ],
)
def test_a_state_folder_may_have_any_name(
    made: Path, name: str, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.parent)
    with renamed(made, name) as state:
        url = embedded.start(state)
        assert administer(url, "select current_user, 1") == [("postgres", 1)]
        assert not list(made.parent.rglob("ran"))
        assert len(list(runtime.iterdir())) == (name in ("a,b", LONG))


def test_a_new_database_is_made_and_migrated_in_a_folder_of_any_name(made: Path) -> None:
    database = Database.at("embedded", made)
    migrate.migrate(database)
    assert migrate.is_current(database)
    database.close()
    embedded.leave(made)
    assert not list(made.parent.rglob("ran"))
    assert not Path("ran").exists()


def test_where_the_path_is_long_the_socket_is_in_a_folder_of_its_account_alone(
    made: Path, runtime: Path
) -> None:
    with renamed(made, LONG) as state:
        embedded.start(state)
        (folder,) = runtime.iterdir()
        assert (folder / postgres_socket.NAME).is_socket()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == (state / "postgres").stat().st_uid


def test_a_long_path_is_refused_where_there_is_no_folder_of_this_account(
    made: Path, runtime: Path
) -> None:
    runtime.chmod(0o777)
    with renamed(made, LONG) as state, pytest.raises(DatabaseError, match="set another state_dir"):
        embedded.start(state)
    assert not list(runtime.iterdir())


def test_a_folder_for_sockets_that_others_may_enter_is_refused(made: Path, runtime: Path) -> None:
    with renamed(made, LONG) as state:
        embedded.start(state)
        embedded.leave(state)
        (folder,) = runtime.iterdir()
        folder.chmod(0o755)
        with pytest.raises(DatabaseError, match="not a folder of the account"):
            embedded.start(state)


def test_nothing_changes_outside_the_state_folder(new: Path) -> None:
    def above() -> list[tuple[int, int]]:
        return [(p.stat().st_mode, p.stat().st_uid) for p in new.parents]

    before = above()
    url = embedded.start(new)
    assert administer(url, "select 1") == [(1,)]
    assert above() == before
    assert stat.S_IMODE(new.stat().st_mode) == 0o700


@needs_root
def test_as_root_the_server_runs_as_an_account_that_owns_the_data_folder_alone(
    new: Path,
) -> None:
    embedded.start(new)
    account = Account.named(postgres_account.ROOTS_ACCOUNT)
    assert account is not None
    assert Path("/proc", str(server_pid(new))).stat().st_uid == account.uid
    assert (new / "postgres").stat().st_uid == account.uid
    assert {p.stat().st_uid for p in (new, *new.glob(".postgres*"))} == {0}


@needs_root
def test_as_root_a_state_folder_of_another_account_is_left_to_it(new: Path) -> None:
    new.mkdir()
    os.chown(new, NOBODY, NOBODY)
    with pytest.raises(DatabaseError, match="sudo -u"):
        embedded.start(new)
    assert not list(new.iterdir())


@needs_root
def test_programs_that_roots_account_cannot_reach_are_copied_for_it(
    state: Path, open_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_path.chmod(0o755)
    monkeypatch.setattr(postgres_programs, "COPIES", open_path / "copies")
    monkeypatch.setattr(postgres_programs, "_can_run", lambda *_: False)
    url = embedded.start(state)
    program = Path("/proc", str(server_pid(state)), "exe").readlink()
    assert program.is_relative_to(open_path / "copies")
    assert administer(url, "create extension vector", "select '[1]'::vector::text") == [("[1]",)]


# Who comes in


@needs_root
def test_another_account_comes_in_neither_by_the_folder_nor_as_anyone(state: Path) -> None:
    url = embedded.start(state)
    assert "Permission denied" in as_nobody(lambda: psycopg2.connect(url))

    # Even where the ways in are opened, the server asks the system who is there.
    sockets = state / "postgres"
    for folder in (state.parent.parent, state.parent, state, sockets):
        folder.chmod(0o755)
    (sockets / postgres_socket.NAME).chmod(0o777)
    for role in (postgres_settings.SUPERUSER, *postgres_settings.CLIENT_ROLES):
        refusal = as_nobody(lambda role=role: psycopg2.connect(url, user=role))  # type: ignore[misc]
        assert "Peer authentication failed" in refusal


def test_it_listens_on_no_network(state: Path) -> None:
    url = embedded.start(state)
    assert administer(url, "show listen_addresses") == [("",)]


def test_the_reader_comes_in_as_such_and_only_reads(state: Path) -> None:
    database = Database.at("embedded", state)
    migrate.migrate(database)
    database.close()
    with (
        contextlib.closing(psycopg2.connect(database.url, user="visitord_reader")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select current_user, count(*) from visitord.visitor")
        assert cursor.fetchall() == [("visitord_reader", 0)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("select from visitord.identity")


def test_a_data_folder_that_trusted_everyone_trusts_nobody_any_more(state: Path) -> None:
    url = embedded.start(state)
    administer(url, "create table kept as select 7 as n")
    embedded.leave(state)
    data = state / "postgres"
    (data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    (data / "pg_ident.conf").write_text("")
    (data / "log").write_text("STATEMENT:  insert into identity (name) values ('Ann')\n")

    url = embedded.start(state)
    assert administer(url, "select n from kept") == [(7,)]
    rules = "select type, auth_method from pg_hba_file_rules"
    assert administer(url, rules) == [("local", "peer")]
    assert not (data / "log").exists()


@needs_root
def test_a_data_folder_of_the_account_of_earlier_versions_stays_its(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Account.named("daemon")
    assert old is not None
    monkeypatch.setattr(postgres_account, "ROOTS_OLD_ACCOUNT", old.name)
    for path in (state / "postgres", *(state / "postgres").rglob("*")):
        os.chown(path, old.uid, old.gid)

    url = embedded.start(state)
    assert administer(url, "select 1") == [(1,)]
    assert Path("/proc", str(server_pid(state))).stat().st_uid == old.uid


def test_everything_is_private_from_the_start_whatever_the_umask_is(new: Path) -> None:
    before = os.umask(0)
    try:
        url = embedded.start(new)
        administer(url, "create table anything (n int)", "checkpoint")
    finally:
        os.umask(before)
    files = [new, *new.rglob("*")]
    assert [p for p in files if stat.S_IMODE(p.lstat().st_mode) & 0o077] == []
    assert len(files) > 900


# Who waits for whom


@pytest.fixture
def locked(new: Path) -> Iterator[Path]:
    """The state folder, while another process has its lock."""
    new.mkdir(mode=0o700)
    holder = subprocess.Popen(
        ["flock", new / embedded.GATE, "sh", "-c", "echo locked; read nothing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    yield new
    holder.communicate("\n")


def test_who_waits_says_once_for_what_and_gives_up(
    locked: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embedded, "WAIT_S", 0.3)
    monkeypatch.setattr(process_lock, "SILENT_S", 0.05)
    with pytest.raises(DatabaseUnavailableError, match=r"\.postgres\.lock has been locked for"):
        embedded.start(locked)
    (told,) = caplog.messages
    assert told.startswith(f"Waiting for {locked / embedded.GATE}, which is locked by process ")
    assert not runs(locked)


def test_who_waits_hears_that_it_is_to_end(locked: Path, open_path: Path) -> None:
    box = Box(open_path)
    box.configure(f'state_dir = "{locked}"\n')
    waiting = box.start("visitorctl", "list")
    assert waiting.stderr is not None
    assert f"Waiting for {locked / embedded.GATE}" in waiting.stderr.readline()
    waiting.terminate()
    _, err = waiting.communicate()
    assert waiting.returncode == 128 + signal.SIGTERM
    assert err == ""


def test_a_lock_that_others_could_open_is_closed_to_them(state: Path) -> None:
    (state / embedded.GATE).touch()
    (state / embedded.GATE).chmod(0o644)
    embedded.start(state)
    assert stat.S_IMODE((state / embedded.GATE).stat().st_mode) == 0o600


@pytest.mark.parametrize("planted", ["link", "pipe", "folder"])
def test_what_was_put_in_the_place_of_a_lock_is_not_followed(new: Path, planted: str) -> None:
    new.mkdir(mode=0o700)
    place = new / embedded.GATE
    other = new.parent / "other"
    match planted:
        case "link":
            place.symlink_to(other)
        case "pipe":
            os.mkfifo(place)
        case _:
            place.mkdir()
    with pytest.raises(DatabaseError):
        embedded.start(new)
    assert not other.exists()
    assert not (new / "postgres").exists()


# How it ends


def test_it_stops_with_the_last_that_uses_it(state: Path) -> None:
    embedded.start(state)
    pid = server_pid(state)
    other = user(state)
    embedded.leave(state)
    assert server_pid(state) == pid
    other.communicate("")
    assert not runs(state)


def test_who_cannot_have_the_lock_at_the_end_leaves_it_to_the_next(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.start(state)
    pid = server_pid(state)
    monkeypatch.setattr(embedded, "LEAVE_S", 0.2)
    gate = process_lock.open_lock(state / embedded.GATE)
    assert process_lock.try_lock(gate)
    with pytest.raises(DatabaseUnavailableError):
        embedded.leave(state)
    os.close(gate)

    assert server_pid(state) == pid
    embedded.start(state)
    embedded.leave(state)
    assert not runs(state)


def test_who_was_killed_does_not_keep_it_running(state: Path) -> None:
    killed = user(state)
    pid = server_pid(state)
    killed.kill()
    killed.communicate()
    url = embedded.start(state)
    assert server_pid(state) == pid, "it was joined"
    assert administer(url, "select 1") == [(1,)]
    embedded.leave(state)
    assert not runs(state)


def test_processes_that_come_at_the_same_time_share_one(new: Path) -> None:
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USE, str(new)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in users:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
    assert runs(new)
    for process in users:
        process.communicate("")
        assert process.returncode == 0
    assert not runs(new)


def test_a_server_that_hangs_keeps_nobody_waiting(
    state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(postgres_waits, "CONNECT_WITHIN_S", 0.3)
    monkeypatch.setattr(postgres_waits, "LOOK_EVERY_S", 0.05)
    database = Database.at("embedded", state)
    assert ask(database, "select 1") == [(1,)]
    with stopped(state) as pid:
        database.another().hasten(0.2)
        with pytest.raises(DatabaseUnavailableError, match="it gave no answer for 0 s; check"):
            ask(database, "select 1")
        with pytest.raises(DatabaseUnavailableError, match=f"let it go on with: kill -CONT {pid}"):
            ask(database, "select 1")
        embedded.leave(state)
        assert f"kill -CONT {pid}. It then ends." in caplog.text
        assert runs(state)
    wait(lambda: not runs(state))


def test_a_cluster_that_was_not_finished_is_made_anew(new: Path) -> None:
    half = new / ".postgres.part"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    url = embedded.start(new)
    assert administer(url, "select 1") == [(1,)]
    assert not half.exists()


def test_another_program_with_the_number_of_a_server_that_died_is_left_alone(state: Path) -> None:
    embedded.start(state)
    owner = (state / "postgres").stat().st_uid
    claim = (state / "postgres" / "postmaster.pid").read_text().splitlines()
    embedded.leave(state)
    with subprocess.Popen(["sleep", "1000"], user=owner) as stranger:
        claim[0] = str(stranger.pid)
        for name in ("postmaster.pid", f"{postgres_socket.NAME}.lock"):
            (state / "postgres" / name).write_text("\n".join(claim))
        url = embedded.start(state)
        assert administer(url, "select 1") == [(1,)]
        embedded.leave(state)
        assert stranger.poll() is None
        stranger.kill()


@contextlib.contextmanager
def copied(state: Path) -> Iterator[Path]:
    """A copy of a state folder whose server runs, made while the block runs."""
    url = embedded.start(state)
    administer(url, "create table which as select 'the original' as one", "checkpoint")
    copy = state.with_name(f"{state.name}2")
    subprocess.run(["cp", "-a", state, copy], check=True)
    try:
        yield copy
    finally:
        embedded.leave(copy)


def test_a_copy_of_a_state_folder_in_use_has_a_server_of_its_own(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with copied(state) as copy:
        url = embedded.start(copy)
        administer(url, "update which set one = 'the copy'")
        assert server_pid(copy) != server_pid(state)
        assert administer(embedded.start(state), "select one from which") == [("the original",)]
    assert f"{copy / 'postgres'} was copied while the server of the original ran" in caplog.text


def test_a_server_that_has_its_data_in_another_folder_is_not_used(
    made: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one cannot see in which folder another account's process works."""
    monkeypatch.setattr(PostgresServer, "_is_ours", PostgresServer._lives)
    with (
        renamed(made, LONG) as state,
        copied(state) as copy,
        pytest.raises(DatabaseError, match="is a copy of the data folder") as caught,
    ):
        assert runtime.exists()
        embedded.start(copy)
    assert "remove postmaster.pid" in str(caught.value)


def test_a_database_that_is_gone_is_not_replaced_by_an_empty_one(state: Path) -> None:
    embedded.start(state)
    embedded.leave(state)
    data = state / "postgres"
    data.rename(state / "elsewhere")
    with pytest.raises(DatabaseError, match=f"The embedded database in {data} is gone; bring"):
        embedded.start(state)
    assert not data.exists()

    (state / "elsewhere").rename(data)
    url = embedded.start(state)
    administer(url.replace("/visitord?", "/postgres?"), "drop database visitord")
    with pytest.raises(DatabaseError, match="has lost its database visitord; bring") as caught:
        embedded.start(state)
    assert str(caught.value).endswith(f"remove {data} and {state / embedded.START_LOG}.")


def test_a_first_start_that_was_cut_short_is_made_up_for(state: Path) -> None:
    """The server was there, and its database and roles were not yet."""
    url = embedded.start(state)
    postgres = url.replace("/visitord?", "/postgres?")
    administer(postgres, "drop database visitord")
    for role in postgres_settings.CLIENT_ROLES:
        administer(postgres, f"drop role {role}")
    assert administer(embedded.start(state), "select current_database()") == [("visitord",)]


def test_a_server_that_does_not_let_itself_be_made_ready_is_one_sentence(state: Path) -> None:
    url = embedded.start(state)
    administer(url, "alter role visitord_reader nologin")
    administer(url, "alter system set default_transaction_read_only = on")
    embedded.leave(state)
    with pytest.raises(DatabaseError, match="cannot be made ready: cannot execute ALTER ROLE in"):
        embedded.start(state)


def test_a_start_that_fails_says_why_in_one_sentence(state: Path) -> None:
    (state / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseError) as caught:
        embedded.start(state)
    assert "did not start (database files are incompatible with server)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_why_it_does_not_start_is_found_in_its_own_logs_too(state: Path) -> None:
    (state / "postgres" / f"{postgres_socket.NAME}.lock").mkdir()
    with pytest.raises(DatabaseError, match="lock file") as caught:
        embedded.start(state)
    logs = state / "postgres" / postgres_settings.LOG_FOLDER
    assert f"its log is {logs}/postgres-" in str(caught.value)


# What it logs


def test_what_was_asked_and_what_went_wrong_with_it_is_in_no_log(state: Path) -> None:
    secret = f"Ann-{uuid4().hex}"
    url = embedded.start(state)
    administer(url, "create table person (name text primary key, number int check (number > 0))")
    wrong = [
        (f"select '{secret}'::int", None),
        (f"select from {secret.replace('-', '_')}", None),
        (f"nonsense {secret}", None),
        ("insert into person values (%s, -1)", (secret,)),
        (f"do $$ begin raise exception '{secret}'; end $$", None),
    ]
    for statement, values in wrong:
        with (
            contextlib.closing(psycopg2.connect(url)) as connection,
            connection.cursor() as cursor,
            pytest.raises(psycopg2.Error, match=secret[-32:]),
        ):
            cursor.execute(statement, values)

    # A backend that is killed is told of with the statement it ran.
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        killing = f"select pg_backend_pid(), '{secret}'"
        cursor.execute(killing)
        ((backend, _),) = cursor.fetchall()
        os.kill(backend, signal.SIGKILL)
    logs = state / "postgres" / "logs"
    wait(lambda: "terminated by signal" in "".join(p.read_text() for p in logs.iterdir()))

    written = [state / embedded.START_LOG, *logs.iterdir()]
    assert [p for p in written if secret[-32:] in p.read_text()] == []


def test_its_log_is_bounded_to_a_week(state: Path) -> None:
    url = embedded.start(state)
    asked = ("log_filename", "log_rotation_age", "log_truncate_on_rotation", "logging_collector")
    answer = administer(url, "select " + ", ".join(f"current_setting('{name}')" for name in asked))
    assert answer == [("postgres-%a.log", "1d", "on", "on")]
