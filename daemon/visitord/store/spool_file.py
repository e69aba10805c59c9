"""The SQLite file of a spool: its tables, and how it is opened, whole or put aside."""

import logging
import sqlite3
from pathlib import Path

from visitord.core.files import make_private_folder

log = logging.getLogger(__name__)

FORMAT = 2  # of the file, in its user_version
TIMEOUT_S = 5  # for other processes that use the file
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


def _opened(path: Path) -> sqlite3.Connection:
    """The file with its tables; raises sqlite3.DatabaseError for one that is damaged or newer."""
    file = sqlite3.connect(path, timeout=TIMEOUT_S, check_same_thread=False)
    try:
        path.chmod(0o600)
        file.executescript(
            "pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;"
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
    except BaseException:
        file.close()  # later it would delete the log of the file that takes its place
        raise
    return file


def _put_aside(path: Path) -> str:
    """Rename the file, with its log, which may hold what was written last; returns the new name."""
    aside = path.with_suffix(f".broken-{path.stat().st_mtime_ns}")
    for part in (path, *path.parent.glob(f"{path.name}-*")):
        part.rename(f"{aside}{part.name.removeprefix(path.name)}")
    return aside.name
