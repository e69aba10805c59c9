"""The server of one data folder: made, started, found running, and stopped.

Whoever calls this has seen to it that nobody else does so at the same time.
"""

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions

from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError, DatabaseUnavailableError
from visitord.store import postgres_settings, postgres_waits
from visitord.store.postgres_programs import HERE, find_programs, launch, run
from visitord.store.postgres_settings import CLIENT_ROLES, SUPERUSER
from visitord.store.postgres_socket import NAME as SOCKET
from visitord.store.postgres_socket import address, can_be_told, require_private, socket_folder

log = logging.getLogger(__name__)

MAKE_S = 300.0
START_S = 60.0  # it may have to recover from a crash
ANSWER_S = 60.0  # making a database copies files
STOP_S = 30.0  # until it is told more harshly
KILL_S = 5.0
LOOK_EVERY_S = 0.02
LAST_WORDS_S = 2.0
CLAIM = "postmaster.pid"
_SOCKETS_LINE = 4  # of the claim, counted from 0
# Of a file that is never written again, in whole seconds
_FILE_MADE_AT = "select extract(epoch from change)::bigint from pg_stat_file('PG_VERSION')"


@dataclass(frozen=True, slots=True)
class _Running:
    """A server's process.  sockets: where its socket lies, None until it has said so."""

    pid: int
    sockets: Path | None


class PostgresServer:
    """The server of a data folder, whoever started it.

    Parameters
    ----------
    data
        The data folder, made by `require_cluster`; its path is absolute.
    account
        Whose it is, and as which the server runs.
    start_log
        The file for what the server says before it has logs of its own.
    """

    def __init__(self, data: Path, account: Account, start_log: Path) -> None:
        self.data = data
        self._account = account
        self._start_log = start_log
        self._children: list[subprocess.Popen[bytes]] = []  # servers that this process started

    def require_cluster(self) -> None:
        """Make the data folder if there never was one; it gets its name when it is whole.

        Raises
        ------
        DatabaseError
            When there was one, or none can be made.
        OSError
            When the disk does not take it.
        """
        if (self.data / "PG_VERSION").exists():
            return
        if self._start_log.exists():  # written at every start, never before the first
            raise DatabaseError(
                f"The embedded database in {self.data} is gone; {self._begin_anew()}"
            )

        data = self.data.resolve()
        aside = data.with_name(f".{data.name}.part")
        if aside.exists():
            shutil.rmtree(aside)  # of one who was killed
        aside.mkdir(mode=0o700)
        if self._account.uid != os.geteuid():
            os.chown(aside, self._account.uid, self._account.gid)

        self._initialise(aside)
        aside.rename(data)

    def require_running(self, database: str) -> Path:
        """Start the server if it does not run, and make it ready for clients.

        Parameters
        ----------
        database
            The name of a database that it must have.

        Returns
        -------
        Path
            The folder of its socket.

        Raises
        ------
        DatabaseUnavailableError
            When somebody has stopped it.
        DatabaseError
            When it does not answer in time, or does not start at all.
        OSError
            When its files cannot be written.
        """
        until = time.monotonic() + START_S
        started: subprocess.Popen[bytes] | None = None
        reason = f"not within {START_S:.0f} s"
        log_file = self._start_log

        while time.monotonic() < until:
            found = self._running()
            if found is not None and found.sockets is not None:
                try:
                    self._make_ready(found.sockets, database)
                    return found.sockets
                except psycopg2.OperationalError as error:
                    self._require_going(found.pid)
                    reason = _last_line(error)
                except psycopg2.Error as error:
                    raise DatabaseError(
                        f"The embedded database in {self.data} cannot be made ready: "
                        f"{_last_line(error)}."
                    ) from None
            elif found is None and started is None:
                started = self._start()
            elif found is None and started is not None and started.poll() is not None:
                reason, log_file = self._last_words(f"exit status {started.returncode}")
                break
            time.sleep(LOOK_EVERY_S)

        raise DatabaseError(
            f"The embedded database in {self.data} did not start ({reason}); its log is {log_file}."
        )

    def stop(self) -> None:
        """Stop the server, if it runs, and wait until it has ended."""
        found = self._running()
        if found is not None:
            pids = [found.pid]
        else:  # its files may be gone
            pids = [child.pid for child in self._children if child.poll() is None]

        for pid in pids:
            if self._is_stopped(pid):
                os.kill(pid, signal.SIGINT)  # which it hears when it goes on
                log.warning("%s It then ends.", self._stopped(pid))
            elif not self._ended(pid, signal.SIGINT, STOP_S):
                self._ended(pid, signal.SIGQUIT, KILL_S)

    def _initialise(self, folder: Path) -> None:
        """Make a cluster in an empty folder."""
        command: list[str | Path] = [find_programs(self._account) / "initdb"]
        command += [f"--pgdata={HERE}", f"--username={SUPERUSER}", "--encoding=utf8", "--auth=peer"]
        try:
            made = run(command, folder, self._account, MAKE_S)
        except subprocess.TimeoutExpired:
            reason = f"initdb took over {MAKE_S:.0f} s"
        else:
            if made.returncode == 0:
                return
            reason = _complaint(made.stderr) or f"initdb ended with {made.returncode}"
        raise DatabaseError(f"The embedded database in {self.data} cannot be made: {reason}.")

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the server with the settings of this version; it is not ready yet."""
        self._drop_strangers_claim()
        programs = find_programs(self._account)
        sockets = socket_folder(self.data, self._account)
        postgres_settings.write(self.data, sockets, self._account)
        postgres_settings.drop_old_log(self.data)

        command: list[str | Path] = [programs / "postgres", "-D", HERE]
        command += ["-c", f"config_file={HERE}/{postgres_settings.FILE}"]
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self._start_log, flags, 0o600), "wb") as output:
            child = launch(command, self.data, self._account, output)
        self._children.append(child)
        return child

    def _running(self) -> _Running | None:
        """The server's process, as its own file tells it; None where that one has died."""
        lines = self._claim()
        if not lines or not self._is_ours(int(lines[0])):
            return None

        pid = int(lines[0])
        if len(lines) <= _SOCKETS_LINE or not lines[_SOCKETS_LINE]:
            return _Running(pid, None)
        sockets = self.data / lines[_SOCKETS_LINE]
        if sockets != self.data:
            require_private(sockets, self._account)
        if not can_be_told(sockets):
            raise DatabaseError(
                f"The embedded database in {self.data} was started under another path; "
                "stop what uses it, or use that path."
            )
        return _Running(pid, sockets)

    def _claim(self, name: str = CLAIM) -> list[str]:
        """What a server wrote when it took the data folder; the first line is its process."""
        try:
            told = (self.data / name).read_text("utf-8", "surrogateescape")
        except (FileNotFoundError, IsADirectoryError):
            return []
        lines = told.splitlines()
        return lines if lines and lines[0].isdecimal() else []

    def _drop_strangers_claim(self) -> None:
        """Take back the claims of a server that died, or ran where this folder was copied from.

        PostgreSQL would take whatever has its number now for the server: after a power cut a box
        starts the same programs in the same order.
        """
        for name in (CLAIM, f"{SOCKET}.lock"):
            lines = self._claim(name)
            if not lines or not Path("/proc", lines[0]).exists() or self._is_ours(int(lines[0])):
                continue  # what a dead one left behind, PostgreSQL knows better
            if name == CLAIM and self._lives(int(lines[0])):
                log.warning(
                    "%s was copied while the server of the original ran (process %s); such a copy "
                    "may be damaged, and a backup is not.",
                    self.data,
                    lines[0],
                )
            (self.data / name).unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        """Whether the process is a server of that account that works in the data folder.

        The file that names it is the server's to write: it must not have us signal just any.
        """
        place = Path("/proc", str(pid))
        try:
            if not self._lives(pid) or place.stat().st_uid != self._account.uid:
                return False
            with contextlib.suppress(PermissionError):  # of another account, in some containers
                return (place / "cwd").samefile(self.data)
        except OSError:
            return False
        return True

    def _lives(self, pid: int) -> bool:
        """Whether this is a process of PostgreSQL's that has not ended."""
        try:
            told = Path("/proc", str(pid), "stat").read_text("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            return False
        if "(postgres) Z" in told:
            for child in self._children:
                child.poll()  # buries it, if it is one of ours
        return "(postgres) " in told and "(postgres) Z" not in told

    def _make_ready(self, sockets: Path, database: str) -> None:
        """See to the database, and to the roles as which clients come in.

        Raises psycopg2.OperationalError while the server takes no connections, DatabaseError.
        """
        url = address(sockets, SUPERUSER, "postgres")
        with contextlib.closing(postgres_waits.connect(url, ANSWER_S)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                self._require_own(cursor)

                cursor.execute("select rolname, rolcanlogin from pg_roles")
                can_login = dict(cursor.fetchall())
                cursor.execute("select datname from pg_database")
                if (database,) not in cursor.fetchall():
                    self._require_fresh(database, can_login)
                    cursor.execute(f"create database {database}")

                for role in CLIENT_ROLES:
                    if not can_login.get(role):
                        verb = "alter" if role in can_login else "create"
                        cursor.execute(f"{verb} role {role} login")

    def _require_own(self, cursor: psycopg2.extensions.cursor) -> None:
        """Raises DatabaseError where the server that answers has its data in another folder.

        It knows its own by the name that all of them have.  A copy has the same content and dates,
        but for the time at which each file of it was made.
        """
        cursor.execute(_FILE_MADE_AT)
        ((made_at_s,),) = cursor.fetchall()
        if made_at_s != int((self.data / "PG_VERSION").stat().st_ctime):
            raise DatabaseError(
                f"{self.data} is a copy of the data folder of a server that runs, and which would "
                f"be used in its place; remove {CLAIM} and {SOCKET}.lock from the copy, and it "
                "gets a server of its own."
            )

    def _require_fresh(self, database: str, roles: Collection[str]) -> None:
        """Raises DatabaseError where the database is not there but was: roles come after it."""
        if any(role in roles for role in CLIENT_ROLES):
            raise DatabaseError(
                f"The embedded server in {self.data} has lost its database {database}; "
                f"{self._begin_anew()}"
            )

    def _begin_anew(self) -> str:
        """What to do where a database is gone, which must not be taken for one that never was."""
        return (
            "bring the folder back from where it is kept, or begin anew with an empty database, "
            f"into which a backup can be restored: remove {self.data} and {self._start_log}."
        )

    def _require_going(self, pid: int) -> None:
        """Raises DatabaseUnavailableError for a process that somebody has stopped."""
        if self._is_stopped(pid):
            raise DatabaseUnavailableError(self._stopped(pid))

    def _is_stopped(self, pid: int) -> bool:
        """Whether the process is there and does not run, as after SIGSTOP or in a debugger."""
        try:
            told = Path("/proc", str(pid), "stat").read_text("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return told.rpartition(")")[2].split()[0] in ("T", "t")

    def _stopped(self, pid: int) -> str:
        return (
            f"The embedded database in {self.data} does not answer, for somebody has stopped its "
            f"process {pid}; let it go on with: kill -CONT {pid}."
        )

    def _ended(self, pid: int, number: signal.Signals, within_s: float) -> bool:
        """Whether the process ends in time when it is told to."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if not self._lives(pid):
                return True
            time.sleep(LOOK_EVERY_S)

        log.warning(
            "The embedded database in %s has not stopped for %.0f s: process %d.",
            self.data,
            within_s,
            pid,
        )
        return False

    def _last_words(self, otherwise: str) -> tuple[str, Path]:
        """Why the server ended, and the file that says so: the first log, or the newest other."""
        logs = self.data / postgres_settings.LOG_FOLDER
        until = time.monotonic() + LAST_WORDS_S  # its logger writes on after it has ended
        while time.monotonic() < until:
            others = sorted(logs.glob("*.log"), key=lambda path: path.lstat().st_mtime)
            for path in (self._start_log, *others[-1:]):
                reason = _complaint(path.read_text("utf-8", "replace"))
                if reason:
                    return reason, path
            time.sleep(LOOK_EVERY_S)
        return otherwise, self._start_log


def _last_line(error: psycopg2.Error) -> str:
    """What the driver says, without what stands before it."""
    return str(error).strip().splitlines()[-1].strip().removesuffix(".")


def _complaint(output: str) -> str:
    """The last error that PostgreSQL printed, without what stands before and after it.

    What it tells clients that come too early or too late is none.
    """
    found = re.findall(r"(?:FATAL|PANIC|error): +(?! |the database system is )(.*)", output)
    return found[-1].strip().removesuffix(".") if found else ""
