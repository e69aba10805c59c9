"""As which account the embedded server runs: as ours, or where that is root as one made for it."""

import os
import shutil
import subprocess
from pathlib import Path

from visitord.core.accounts import Account, anothers
from visitord.core.errors import DatabaseError
from visitord.store import postgres_programs

ROOTS_ACCOUNT = "visitord-postgres"
ROOTS_OLD_ACCOUNT = "pgserver"  # of data folders that were made up to version 0.1
_MADE_WITHIN_S = 60


def server_account(state: Path, data: Path) -> Account:
    """The account that runs the server, made where this is root and there is none yet.

    Parameters
    ----------
    state
        The state folder, which exists.
    data
        The data folder, which need not.

    Raises
    ------
    DatabaseError
        When one of them belongs to an account that is to run this itself, or no account can be had.
    """
    ours = Account.current()
    if ours is None:
        raise DatabaseError(
            f"The embedded PostgreSQL cannot run as account {os.geteuid()}, which has no name; run "
            "this as another one, or set database.url to a postgresql:// address."
        )

    if ours.uid != 0:
        _require_owner(data, {ours.uid})
        return ours
    _require_owner(state, {0})
    old = Account.named(ROOTS_OLD_ACCOUNT)
    if old is not None and _owner(data) == old.uid:
        return old

    account = Account.named(ROOTS_ACCOUNT) or _made()
    _require_owner(data, {account.uid})
    return account


def _owner(path: Path) -> int | None:
    """Whose it is, or what keeps us from seeing it; None where it is not there."""
    for seen in (path, *path.parents):
        try:
            return seen.stat().st_uid
        except FileNotFoundError:
            return None
        except PermissionError:
            continue
    return None


def _require_owner(path: Path, owners: set[int]) -> None:
    owner = _owner(path)
    if owner is not None and owner not in owners:
        raise DatabaseError(anothers(path, owner))


def _made() -> Account:
    """The account for a server that root starts, new to this machine."""
    reason = "there is no useradd"
    program = shutil.which("useradd", path=postgres_programs.PATH)
    if program is not None:
        command = [program, "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", ROOTS_ACCOUNT]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_MADE_WITHIN_S,
        )
        reason = done.stderr.strip().removesuffix(".") or "useradd failed"

    account = Account.named(ROOTS_ACCOUNT)
    if account is None:
        raise DatabaseError(
            f"PostgreSQL does not run as root, and its account {ROOTS_ACCOUNT} cannot be made "
            f"({reason}); run this as another account: sudo -u ACCOUNT …"
        )
    return account
