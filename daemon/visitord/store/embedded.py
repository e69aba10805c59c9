"""A PostgreSQL of our own, in the state folder, for boxes that have none.

One server serves all processes of the box that ask for it, until the last of them leaves.  Each
shares a lock for as long as it lives, however it ends; whoever leaves and can have that lock alone
stops the server.  So who was killed counts no more, and the next to leave stops what they left.
"""

import atexit
import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError, DatabaseUnavailableError, VisitordError
from visitord.core.files import make_private_folder
from visitord.store.postgres_account import server_account
from visitord.store.postgres_server import PostgresServer
from visitord.store.postgres_settings import SUPERUSER
from visitord.store.postgres_socket import address
from visitord.store.process_lock import lock, open_lock, try_lock, unlock

log = logging.getLogger(__name__)

DATABASE = "visitord"
FOLDER = "postgres"
GATE = ".postgres.lock"  # held by who starts or stops the server
USERS = ".postgres.users"  # shared by who uses it
START_LOG = "postgres.log"
WAIT_S = 60.0  # for others who start or stop it
LEAVE_S = 20.0  # the same at the end, which systemd gives a minute with the stop itself


@dataclass(frozen=True, slots=True)
class _Use:
    """This process's use of the server of one state folder."""

    state: Path
    server: PostgresServer
    gate: int  # open files of the two locks
    users: int
    process: int = field(default_factory=os.getpid)  # a fork of it uses nothing

    def close(self) -> None:
        """Let go of both locks."""
        os.close(self.gate)
        os.close(self.users)


_guard = threading.Lock()
_uses: dict[Path, _Use] = {}  # by state folder; read and changed with _guard only


def start(state: Path) -> str:
    """Start (or join) the server whose data lies in state/postgres; returns its database's URL.

    The server is shared by every process on the box that asked for it and stops with the last one.
    Called again, it starts a server that has died meanwhile.

    Raises
    ------
    DatabaseUnavailableError
        when others have kept it locked for a minute
    DatabaseError
        when the wheel is not installed, the data belongs to another account, or the server does not
        start
    """
    state = state.absolute()
    try:
        make_private_folder(state)
        account = server_account(state, state / FOLDER)
        with _guard, _entered(state, account) as use:
            use.server.require_cluster()
            sockets = use.server.require_running(DATABASE)
    except OSError as error:
        raise DatabaseError(
            f"The embedded database in {state / FOLDER} cannot be set up: "
            f"{error.strerror or error}."
        ) from None
    return address(sockets, SUPERUSER, DATABASE)


def leave(state: Path) -> None:
    """Use the server no longer, and stop it if nobody else does; nothing where it is not used.

    Raises DatabaseUnavailableError when others keep it locked; it is then left to whoever leaves it
    next.
    """
    state = state.absolute()
    if not _guard.acquire(timeout=LEAVE_S):
        raise DatabaseUnavailableError(
            f"The embedded database in {state / FOLDER} is being started all the while; "
            "it is left to whoever uses it next."
        )
    try:
        use = _uses.pop(state, None)
        if use is not None and use.process == os.getpid():
            _let_go(use)
    finally:
        _guard.release()


def _let_go(use: _Use) -> None:
    try:
        lock(use.gate, use.state / GATE, LEAVE_S)
        if try_lock(use.users):
            use.server.stop()
    finally:
        use.close()


@atexit.register
def _leave_all() -> None:
    """Leave at the end; a second signal ends the wait, and the server then ends by itself."""
    with contextlib.suppress(SystemExit, KeyboardInterrupt):
        for state in list(_uses):
            try:
                leave(state)
            except (VisitordError, OSError) as error:
                log.warning("%s", error)


@contextlib.contextmanager
def _entered(state: Path, account: Account) -> Iterator[_Use]:
    """The server, used by this process from now on; nobody else starts or stops it meanwhile."""
    known = _uses.get(state)
    if known is not None and not _still_counts(known):
        del _uses[state]
        known.close()
        known = None

    use = known or _opened(state, account)
    try:
        lock(use.gate, state / GATE, WAIT_S)
        lock(use.users, state / USERS, WAIT_S, shared=True)
    except BaseException:
        if known is None:
            use.close()
        else:
            unlock(use.gate)
        raise

    _uses[state] = use
    try:
        yield use
    finally:
        unlock(use.gate)


def _opened(state: Path, account: Account) -> _Use:
    gate = open_lock(state / GATE)
    try:
        users = open_lock(state / USERS)
    except BaseException:
        os.close(gate)
        raise
    server = PostgresServer(state / FOLDER, account, state / START_LOG)
    return _Use(state, server, gate, users)


def _still_counts(use: _Use) -> bool:
    """Whether others see the same lock: not if this is a fork, or the folder was made anew."""
    if use.process != os.getpid():
        return False
    try:
        return os.path.samestat(os.fstat(use.gate), (use.state / GATE).stat())
    except FileNotFoundError:
        return False
