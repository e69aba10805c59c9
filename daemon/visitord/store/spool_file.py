"""The SQLite file of a spool: its tables, and how it is opened, put aside and made smaller."""

import contextlib
import logging
import sqlite3
from pathlib import Path

from visitord.core.files import make_private_folder

log = logging.getLogger(__name__)

FORMAT = 2  # of the file, in its user_version
TIMEOUT_S = 5  # for other processes that use the file
FREE_KEPT_BYTES = 1_000_000  # room for what comes next
SHRINK_PAGES = 1000  # given back at once, which keeps nobody waiting for long
INCREMENTAL = 2  # what "pragma auto_vacuum" says of a file that can be made smaller
_TABLES = """
create table waiting (
    seq       integer primary key autoincrement,
    body      text not null,    -- the track, in JSON, without pictures
    portrait  blob not null,    -- the picture of its best sample, empty where there is none
    pack      text not null,    -- fingerprint of the recogniser that made its embeddings
    refused   text              -- why the database will never take it
);
create table lost (
    what   text primary key,
    count  integer not null
);
insert into lost values ('pictures', 0), ('sightings', 0);
"""
_SINCE_FORMAT_2 = """
alter table waiting add column put_s real not null default 0;  -- ran.ran_s when it was put
create table ran (
    ran_s  real not null        -- for so many seconds has this spool been open in a daemon
);
insert into ran values (0);
insert into lost values ('expired', 0);
"""


_SPACE_BYTES = """
select freelist_count * page_size, (page_count - freelist_count) * page_size
from pragma_page_count, pragma_freelist_count, pragma_page_size
"""


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make a spool's file; one that cannot be read is put aside, and a new one begun.

    The connection may be used from several threads, one at a time.  Raises OSError, sqlite3.Error
    where the disk is full or does not let us write.
    """
    make_private_folder(path.parent)
    try:
        return _opened(path)
    except sqlite3.OperationalError:  # a fault of the disk, not of the file
        raise
    except sqlite3.DatabaseError as error:
        kept = _put_aside(path)
        log.error(
            "%s cannot be read (%s) and is kept as %s; a new one is begun.", path, error, kept
        )
        return _opened(path)


def space_bytes(file: sqlite3.Connection) -> tuple[int, int]:
    """How much of the file is free, and how much is used."""
    free, used = file.execute(_SPACE_BYTES).fetchone()
    return int(free), int(used)


def shrink(file: sqlite3.Connection) -> None:
    """Give back to the disk some of what is free, where that is more than what is used.

    Called after each deletion, it costs no more than what was deleted, and leaves an empty file
    small.  Raises sqlite3.Error.
    """
    free, used = space_bytes(file)
    if free <= max(FREE_KEPT_BYTES, used):
        return

    # As a script, for it has a step for each page, of which `execute` takes the first.
    file.executescript(f"pragma incremental_vacuum({SHRINK_PAGES});")
    file.execute("pragma wal_checkpoint(truncate)")


def _opened(path: Path) -> sqlite3.Connection:
    """The file with its tables; raises sqlite3.DatabaseError for one that is damaged or newer."""
    file = sqlite3.connect(path, timeout=TIMEOUT_S, check_same_thread=False)
    try:
        path.chmod(0o600)
        file.executescript(
            f"pragma auto_vacuum = {INCREMENTAL}; pragma journal_mode = wal; "
            "pragma synchronous = full; pragma secure_delete = on;"
        )
        (version,) = file.execute("pragma user_version").fetchone()
        if version > FORMAT:
            raise sqlite3.DatabaseError(f"it is of a newer visitord, format {version}")
        if version < FORMAT:
            lacks = _SINCE_FORMAT_2 if version else _TABLES + _SINCE_FORMAT_2
            file.executescript(f"begin; {lacks} pragma user_version = {FORMAT}; commit;")

        (fault,) = file.execute("pragma quick_check(1)").fetchone()
        if fault != "ok":
            raise sqlite3.DatabaseError(fault)
        _let_shrink(file)
    except BaseException:
        file.close()  # later it would delete the log of the file that takes its place
        raise
    return file


def _let_shrink(file: sqlite3.Connection) -> None:
    """Write a file of an earlier version anew, which could not be made smaller."""
    (way,) = file.execute("pragma auto_vacuum").fetchone()
    if way != INCREMENTAL:
        with contextlib.suppress(sqlite3.OperationalError):  # no room to do it, or somebody reads
            file.executescript(f"pragma auto_vacuum = {INCREMENTAL}; vacuum;")


def _put_aside(path: Path) -> str:
    """Rename the file, with its log, which may hold what was written last; returns the new name."""
    aside = path.with_suffix(f".broken-{path.stat().st_mtime_ns}")
    for part in (path, *path.parent.glob(f"{path.name}-*")):
        part.rename(f"{aside}{part.name.removeprefix(path.name)}")
    return aside.name
