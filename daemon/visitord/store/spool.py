"""Finished tracks on disk, until they are in the database: an SQLite file that a crash at any moment leaves whole.

What waits is a track as it was seen, not yet decided: the decision is made when it is written, in the order in which
tracks ended, so that an outage changes neither who is recognised nor the ids of those enrolled.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from visitord.errors import SpoolError
from visitord.records import TrackReport

log = logging.getLogger(__name__)

_TRACK = TypeAdapter(TrackReport)
_WITHOUT = {"shots": {"__all__": {"portrait"}}}
FORMAT = 1  # of the file, in its user_version
_USED = (
    "select (page_count - freelist_count) * page_size from pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_SCHEMA = """
create table waiting (seq integer primary key autoincrement, body text not null, portrait blob not null, refused text);
create table lost (what text primary key, count integer not null);
insert into lost values ('pictures', 0), ('sightings', 0);
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a spool holds and what it had to give up for want of space; refused: what the database will never take."""

    sightings: int = 0
    refused: int = 0
    lost_pictures: int = 0
    lost_sightings: int = 0


class Spool:
    """May be used from several threads of one process; other processes may read it with `waiting`."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Opens or makes the file; one that cannot be read is put aside.  Raises SpoolError."""
        self._path, self._max_bytes = path, max_bytes
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._file = _open(path)
            except sqlite3.OperationalError:  # the disk is full or does not let us write
                raise
            except sqlite3.DatabaseError as error:
                broken = path.with_suffix(f".broken-{path.stat().st_mtime:.0f}")
                path.rename(broken)
                log.error("%s cannot be read (%s) and is kept as %s; a new one is begun.", path, error, broken.name)
                self._file = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"The spool {path} cannot be used: {error}.") from None

    def put(self, report: TrackReport) -> None:
        """Keep a finished track: once this returns it survives a crash.  Raises SpoolError.

        When the spool is full, the oldest pictures go first, then the oldest tracks; both are counted.
        """
        portrait = report.shots[0].portrait if report.shots else b""
        with self._write() as file:
            file.execute(
                "insert into waiting (body, portrait) values (?, ?)",
                (_TRACK.dump_json(report, exclude=_WITHOUT), portrait),
            )
            for what, oldest, change in (
                ("pictures", "length(portrait) > 0", "update waiting set portrait = x'' where seq = ?"),
                ("sightings", "true", "delete from waiting where seq = ?"),
            ):
                lost = 0
                while file.execute(_USED).fetchone()[0] > self._max_bytes:
                    row = file.execute(f"select min(seq) from waiting where {oldest}").fetchone()
                    if row[0] is None:
                        break
                    lost += file.execute(change, row).rowcount
                if lost:
                    file.execute("update lost set count = count + ? where what = ?", (lost, what))
                    log.error("The spool is full: its %d oldest %s were deleted.", lost, what)

    def first(self, after: int) -> tuple[int, TrackReport] | None:
        """The track that ended first of those with a number above `after`; a spoilt record is put aside."""
        while True:
            with self._write() as file:
                row = file.execute(
                    "select seq, body, portrait from waiting where refused is null and seq > ? order by seq limit 1",
                    (after,),
                ).fetchone()
            if row is None:
                return None
            try:
                track = _TRACK.validate_json(row[1])
            except ValueError as error:
                self.refuse(row[0], f"the record is spoilt: {str(error).splitlines()[0]}")
                continue
            return row[0], replace(track, shots=tuple(replace(s, portrait=row[2]) for s in track.shots))

    def drop(self, seq: int) -> None:
        """Forget the tracks up to this number, which are in the database."""
        with self._write() as file:
            file.execute("delete from waiting where seq <= ? and refused is null", (seq,))

    def refuse(self, seq: int, reason: str) -> None:
        """Put a track aside that the database will never take; it stays in the file with the reason."""
        log.error("A sighting cannot be written and is put aside: %s", reason)
        with self._write() as file:
            file.execute("update waiting set refused = ? where seq = ?", (reason, seq))

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
    file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        waits, refused = file.execute("select count(*) - count(refused), count(refused) from waiting").fetchone()
        lost = dict(file.execute("select what, count from lost").fetchall())
        return Waiting(waits, refused, lost["pictures"], lost["sightings"])
    except sqlite3.Error as error:
        raise SpoolError(f"The spool {path} cannot be read: {error}.") from None
    finally:
        file.close()


def _open(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=5, check_same_thread=False)
    path.chmod(0o600)
    file.executescript("pragma journal_mode = wal; pragma synchronous = full;")
    version = file.execute("pragma user_version").fetchone()[0]
    if version == 0:
        file.executescript(f"begin; {_SCHEMA} pragma user_version = {FORMAT}; commit;")
    elif version > FORMAT:
        raise sqlite3.DatabaseError(f"it is of a newer visitord, format {version}")
    return file
