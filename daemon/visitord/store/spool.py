"""Finished tracks on disk, until they are in the database: an SQLite file that a crash at any
moment leaves whole.

What waits is a track as it was seen, not yet decided: the decision is made when it is written, in
the order in which tracks ended, so that an outage changes neither who is recognised nor the ids of
those enrolled.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter

from visitord.core.errors import SpoolError
from visitord.core.records import TrackReport

log = logging.getLogger(__name__)

_TRACK = TypeAdapter(TrackReport)
_WITHOUT = {"samples": {"__all__": {"portrait"}}}
FORMAT = 1  # of the file, in its user_version
_USED = "select (page_count - freelist_count) * page_size from pragma_page_count, pragma_freelist_count, pragma_page_size"
_FIRST = "select seq, body, portrait, pack from waiting where refused is null and seq > ? order by seq limit 1"
_EXPIRE = """
delete from waiting
where seq < (select seq from waiting where body ->> '$.ended_at' >= ? order by seq limit 1)
"""
_ERASE = "delete from waiting where body ->> 'sighting_id' in (select value from json_each(?))"
_SCHEMA = """
create table waiting (
    seq integer primary key autoincrement, body text not null, portrait blob not null, pack text not null, refused text
);
create table lost (what text primary key, count integer not null);
insert into lost values ('pictures', 0), ('sightings', 0);
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a spool holds and what it had to give up for want of space; refused: what the database
    will never take.
    """

    sightings: int = 0
    refused: int = 0
    lost_pictures: int = 0
    lost_sightings: int = 0


class Spool:
    """May be used from several threads of one process; other processes may read it with `waiting`."""

    def __init__(
        self, path: Path, max_bytes: int, pack: str, keep: timedelta = timedelta(days=90)
    ) -> None:
        """Opens or makes the file for tracks of a pack; one that cannot be read is put aside.
        Raises SpoolError.
        """
        self._path, self._max_bytes, self._keep, self._pack = path, max_bytes, keep, pack
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._open()
            except sqlite3.OperationalError:  # the disk is full or does not let us write
                raise
            except sqlite3.DatabaseError as error:
                self._file.close()  # later it would delete the new file's log
                broken = path.with_suffix(f".broken-{path.stat().st_mtime_ns}")
                for file in (
                    path,
                    *path.parent.glob(f"{path.name}-*"),
                ):  # the log may hold what was written last
                    file.rename(f"{broken}{file.name.removeprefix(path.name)}")
                log.error(
                    "%s cannot be read (%s) and is kept as %s; a new one is begun.",
                    path,
                    error,
                    broken.name,
                )
                self._open()
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"The spool {path} cannot be used: {error}.") from None

    def put(self, report: TrackReport) -> None:
        """Keep a finished track: once this returns it survives a crash.  Raises SpoolError.

        When the spool is full, the oldest pictures go first, then the oldest tracks; both are
        counted, and so are tracks that have waited too long.
        """
        portrait = report.samples[0].portrait if report.samples else b""
        with self._write() as file:
            file.execute(
                "insert into waiting (body, portrait, pack) values (?, ?, ?)",
                (_TRACK.dump_json(report, exclude=_WITHOUT), portrait, self._pack),
            )
            expired = file.execute(
                _EXPIRE, (f"{report.ended_at - self._keep:%Y-%m-%dT%H:%M:%S}",)
            ).rowcount
            self._count_lost("sightings", expired, "have waited too long")
            for what, oldest, change in (
                (
                    "pictures",
                    "length(portrait) > 0",
                    "update waiting set portrait = x'' where seq = ?",
                ),
                (
                    "sightings",
                    "seq < (select max(seq) from waiting)",
                    "delete from waiting where seq = ?",
                ),
            ):
                lost = 0
                while file.execute(_USED).fetchone()[0] > self._max_bytes:
                    row = file.execute(f"select min(seq) from waiting where {oldest}").fetchone()
                    if row[0] is None:
                        break
                    lost += file.execute(change, row).rowcount
                self._count_lost(what, lost, "are too many for spool.max_mb")

    def _count_lost(self, what: str, count: int, why: str) -> None:
        if count:
            self._file.execute("update lost set count = count + ? where what = ?", (count, what))
            log.error("The %d oldest %s in the spool %s and were deleted.", count, what, why)

    def first(self, after: int) -> tuple[int, TrackReport] | None:
        """The track that ended first of those with a number above `after`; a spoilt record is put
        aside.
        """
        while True:
            with self._write() as file:
                row = file.execute(_FIRST, (after,)).fetchone()
            if row is None:
                return None
            try:
                if row[3] != self._pack:
                    raise ValueError("it is of another recogniser")
                track = _TRACK.validate_json(row[1])
            except ValueError as error:
                self.refuse(row[0], f"the record cannot be used: {str(error).splitlines()[0]}")
                continue
            return row[0], replace(
                track, samples=tuple(replace(s, portrait=row[2]) for s in track.samples)
            )

    def drop(self, seq: int) -> None:
        """Forget the tracks up to this number, which are in the database."""
        with self._write() as file:
            file.execute("delete from waiting where seq <= ? and refused is null", (seq,))

    def refuse(self, seq: int, reason: str) -> None:
        """Put a track aside that the database will never take; it stays in the file with the
        reason.
        """
        log.error("A sighting cannot be written and is put aside: %s", reason)
        with self._write() as file:
            file.execute("update waiting set refused = ? where seq = ?", (reason, seq))

    def _open(self) -> None:
        self._file = file = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
        self._path.chmod(0o600)
        file.executescript(
            "pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;"
        )
        version = file.execute("pragma user_version").fetchone()[0]
        if version == 0:
            file.executescript(f"begin; {_SCHEMA} pragma user_version = {FORMAT}; commit;")
        elif version > FORMAT:
            raise sqlite3.DatabaseError(f"it is of a newer visitord, format {version}")
        if (fault := file.execute("pragma quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(fault)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._file:
                yield self._file
        except sqlite3.Error as error:
            raise SpoolError(f"The spool {self._path} cannot be used: {error}.") from None


def waiting(path: Path) -> Waiting:
    """What the spool at `path` holds; nothing where there is none.  Raises SpoolError."""
    if not path.exists():
        return Waiting()
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        ) as file:
            waits, refused = file.execute(
                "select count(*) - count(refused), count(refused) from waiting"
            ).fetchone()
            lost = dict(file.execute("select what, count from lost").fetchall())
            return Waiting(waits, refused, lost["pictures"], lost["sightings"])
    except sqlite3.Error as error:
        raise SpoolError(f"The spool {path} cannot be read: {error}.") from None


def erase(path: Path, ids: Iterable[UUID]) -> None:
    """Delete every record of these sightings from the spool at `path`, leaving no trace of it.
    Raises SpoolError.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=5)) as file:
            file.execute("pragma secure_delete = on")
            with file:
                erased = json.dumps([str(sighting_id) for sighting_id in ids])
                file.execute(_ERASE, (erased,))
            file.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.Error as error:
        raise SpoolError(f"The spool {path} cannot be used: {error}.") from None
