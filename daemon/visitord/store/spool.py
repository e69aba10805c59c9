"""Finished tracks on disk, until they are in the database: a crash at any moment leaves them whole.

What waits is a track as it was seen, not yet decided: the decision is made when it is written, in
the order in which tracks ended, so that an outage changes neither who is recognised nor the ids of
those enrolled.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter

from visitord.core.clock import Clock
from visitord.core.errors import SpoolError
from visitord.core.records import TrackReport
from visitord.store.spool_file import TIMEOUT_S, open_file, shrink, space_bytes

log = logging.getLogger(__name__)

_TRACK = TypeAdapter(TrackReport)
_WITHOUT = {"samples": {"__all__": {"portrait"}}}

_PUT = """
insert into waiting (body, portrait, pack, put_s)
values (:body, :portrait, :pack, (select ran_s from ran))
"""
_RUN_ON = "update ran set ran_s = ran_s + :seconds"
_FIRST = """
select seq, body, portrait, pack
from waiting
where refused is null and seq > :after
order by seq
limit 1
"""
_DROP = "delete from waiting where seq <= :seq and refused is null"
_REFUSE = "update waiting set refused = :reason where seq = :seq"
_IDS = """
select distinct body ->> 'sighting_id'
from waiting
where json_valid(body) and body ->> 'sighting_id' is not null
"""
_ERASE = """
delete from waiting
where json_valid(body) and body ->> 'sighting_id' in (select value from json_each(:ids))
"""
_EXPIRE = "delete from waiting where put_s < (select ran_s from ran) - :keep_s"
_COUNT = "select count(*) - count(refused), count(refused) from waiting"
_COUNT_LOST = "update lost set count = count + :count where what = :what"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a spool holds, and what it had to give up.

    refused: what the database will never take.  lost: for want of space.  expired: because it had
    waited too long.
    """

    sightings: int = 0
    refused: int = 0
    lost_pictures: int = 0
    lost_sightings: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class WaitingTrack:
    """A track that waits, and its number: tracks that end later have greater ones."""

    seq: int
    report: TrackReport


@dataclass(frozen=True, slots=True)
class _Loss:
    """What may be given up for want of space; what: its name in the table `lost`."""

    what: str
    oldest: str
    give_up: str


_LOSSES = (
    _Loss(
        "pictures",
        "select min(seq) from waiting where length(portrait) > 0",
        "update waiting set portrait = x'' where seq = :seq",
    ),
    _Loss(
        "sightings",
        "select min(seq) from waiting where seq < (select max(seq) from waiting)",
        "delete from waiting where seq = :seq",
    ),
)
"""What goes first comes first; the track that was put last is never given up."""


class Spool:
    """May be used from several threads of one process; others may look at it with `waiting`.

    How long a track has waited is measured by the steady clock, summed over all starts in the file:
    the time of day may have been wrong when it was seen, and may be wrong now.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        pack: str,
        keep: timedelta = timedelta(days=90),
        *,
        clock: Clock | None = None,
    ) -> None:
        """Open or make the file; one that cannot be read is put aside.

        Parameters
        ----------
        path : of the file
        max_bytes : how large it may become
        pack : fingerprint of the recogniser whose tracks these are
        keep : how long a track may wait, while the daemon runs
        clock : the process's clock

        Raises
        ------
        SpoolError
            if the disk does not let us
        """
        self._path = path
        self._max_bytes = max_bytes
        self._keep_s = keep.total_seconds()
        self._pack = pack
        self._clock = clock or Clock()
        self._counted_t = self._clock.monotonic()  # until then the file knows that it was open
        self._lock = threading.Lock()
        try:
            self._file = open_file(path)
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"The spool {path} cannot be used: {error}.") from None

    def put(self, report: TrackReport) -> None:
        """Keep a finished track: once this returns it survives a crash.  Raises SpoolError.

        When the spool is full, the oldest pictures go first, then the oldest tracks; both are
        counted, and so, apart from them, are tracks that have waited too long.
        """
        values = {
            "body": _TRACK.dump_json(report, exclude=_WITHOUT),
            "portrait": report.samples[0].portrait if report.samples else b"",
            "pack": self._pack,
        }
        with self._write() as file:
            self._run_on(file)
            file.execute(_PUT, values)
            _expire(file, self._keep_s)
            _make_room(file, self._max_bytes)

    def _run_on(self, file: sqlite3.Connection) -> None:
        """Add to the file's own time what has passed since that was last done."""
        now_t = self._clock.monotonic()
        file.execute(_RUN_ON, {"seconds": now_t - self._counted_t})
        self._counted_t = now_t

    def first(self, after: int) -> WaitingTrack | None:
        """The track that ended first of those with a number above `after`.

        A record that is spoilt, or of another recogniser, is put aside.
        """
        while True:
            with self._write() as file:
                row = file.execute(_FIRST, {"after": after}).fetchone()
            if row is None:
                return None

            seq, body, portrait, pack = row
            try:
                if pack != self._pack:
                    raise ValueError("it is of another recogniser")
                track = _TRACK.validate_json(body)
            except ValueError as error:
                self.refuse(seq, f"the record cannot be used: {str(error).splitlines()[0]}")
                continue

            samples = tuple(replace(sample, portrait=portrait) for sample in track.samples)
            return WaitingTrack(seq, replace(track, samples=samples))

    def drop(self, seq: int) -> None:
        """Forget the tracks up to this number, which are in the database."""
        with self._write() as file:
            file.execute(_DROP, {"seq": seq})
        self._shrink()

    def _shrink(self) -> None:
        """Let the disk have what an outage took, which others may be in want of."""
        try:
            with self._lock:
                shrink(self._file)
        except sqlite3.Error as error:
            raise SpoolError(f"The spool {self._path} cannot be used: {error}.") from None

    def refuse(self, seq: int, reason: str) -> None:
        """Put a track aside that the database will never take; it stays, with the reason."""
        log.error("A sighting cannot be written and is put aside: %s", reason)
        with self._write() as file:
            file.execute(_REFUSE, {"seq": seq, "reason": reason})

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """The file for one transaction, to one thread at a time; raises SpoolError."""
        try:
            with self._lock, self._file:
                yield self._file
        except sqlite3.Error as error:
            raise SpoolError(f"The spool {self._path} cannot be used: {error}.") from None


def _expire(file: sqlite3.Connection, keep_s: float) -> None:
    """Give up the tracks that have waited for longer than that."""
    expired = file.execute(_EXPIRE, {"keep_s": keep_s}).rowcount
    _count_lost(file, "expired", expired, "sightings in the spool have waited for spool.keep")


def _make_room(file: sqlite3.Connection, max_bytes: int) -> None:
    """Give up the oldest of what may be lost, until the file is no larger than that."""
    for loss in _LOSSES:
        lost = 0
        while space_bytes(file)[1] > max_bytes:
            (oldest,) = file.execute(loss.oldest).fetchone()
            if oldest is None:
                break
            lost += file.execute(loss.give_up, {"seq": oldest}).rowcount
        _count_lost(
            file, loss.what, lost, f"{loss.what} in the spool are too many for spool.max_mb"
        )


def _count_lost(file: sqlite3.Connection, what: str, count: int, why: str) -> None:
    if count:
        file.execute(_COUNT_LOST, {"count": count, "what": what})
        log.error("The %d oldest %s and were deleted.", count, why)


def waiting(path: Path) -> Waiting:
    """What the spool at `path` holds; nothing where there is none.  Raises SpoolError."""
    if not path.exists():
        return Waiting()
    with _opened_to_read(path) as file:
        sightings, refused = file.execute(_COUNT).fetchone()
        lost = dict(file.execute("select what, count from lost").fetchall())
        expired = lost.get("expired", 0)  # an older spool counts them as lost
        return Waiting(sightings, refused, lost["pictures"], lost["sightings"], expired)


@contextmanager
def _opened_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """The file at `path`, of which nothing is changed; raises SpoolError."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=TIMEOUT_S)) as file:
            yield file
    except sqlite3.Error as error:
        raise SpoolError(f"The spool {path} cannot be read: {error}.") from None


def ids(path: Path) -> list[UUID]:
    """Whose records the spool at `path` holds, by sightings, also refused ones.

    Raises SpoolError.
    """
    if not path.exists():
        return []
    found = []
    with _opened_to_read(path) as file:
        for (text,) in file.execute(_IDS):
            with suppress(ValueError):  # of a record that is spoilt
                found.append(UUID(text))
    return found


def put_aside(path: Path) -> list[Path]:
    """Spools that could not be read and lie beside the one at `path`, as `open_file` names them."""
    return sorted(path.parent.glob(f"{path.stem}.broken-*"))


def erase(path: Path, ids: Iterable[UUID]) -> None:
    """Delete every record of these sightings from the spool at `path`, leaving no trace of it.

    Raises SpoolError.
    """
    if not path.exists():
        return
    erased = json.dumps([str(sighting_id) for sighting_id in ids])
    try:
        with closing(sqlite3.connect(path, timeout=TIMEOUT_S)) as file:
            file.execute("pragma secure_delete = on")
            with file:
                file.execute(_ERASE, {"ids": erased})
            shrink(file)
            file.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.Error as error:
        raise SpoolError(f"The spool {path} cannot be used: {error}.") from None
