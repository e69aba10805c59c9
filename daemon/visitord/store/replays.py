"""Replays of recorded footage, and the sightings each of them brought."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from visitord.core.errors import NotFoundError
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.ids import ID_MIN

_SQL = statements.load("replays")


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay that begins.

    cameras: as which its files count.  files: their names, without folders.  filed_from, filed_to:
    the time of the footage.  ran_by: the account.
    """

    replay_id: UUID
    site: str
    cameras: list[str]
    files: list[str]
    filed_from: datetime
    filed_to: datetime
    ran_by: str
    ran_at: datetime


@dataclass(frozen=True, slots=True)
class ReplayFile:
    """A file that is replayed.

    file: its name, without folders.  digest: SHA-256 of its content.  begins_at, ends_at: the time
    of the footage.
    """

    file: str
    camera: str
    digest: bytes
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OtherSightings:
    """Sightings of the camera and time of a file that came of anything else; replays: of which."""

    sightings: int
    first_at: datetime
    last_at: datetime
    replays: list[UUID]


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """A replay that was, with how many sightings of it are there."""

    replay_id: UUID
    ran_at: datetime
    files: list[str]
    cameras: list[str]
    filed_from: datetime
    filed_to: datetime
    sightings: int
    ran_by: str
    site: str
    timezone: str


def begin(cursor: Cursor, replay: Replay, files: Iterable[ReplayFile]) -> None:
    """Note a replay and its files, before anything of it is recorded."""
    cursor.execute(_SQL["begin"], asdict(replay))
    for file in files:
        cursor.execute(_SQL["begin_file"], {"replay_id": replay.replay_id, **asdict(file)})


def others(cursor: Cursor, site: str, file: ReplayFile) -> OtherSightings | None:
    """What of the camera and time of a file is there and came of anything but the same file."""
    cursor.execute(_SQL["others"], {"site": site, **asdict(file)})
    (row,) = cursor.fetchall()
    found = OtherSightings(*row)
    return found if found.sightings else None


def note(cursor: Cursor, replay_id: UUID, sighting_id: UUID) -> None:
    """Note that a replay is about to bring a sighting; one that is there is none of its own."""
    cursor.execute(_SQL["note"], {"replay": replay_id, "sighting": sighting_id})


def listed(cursor: Cursor, limit: int) -> list[ReplayRun]:
    """The replays that can be taken back, the latest first, at most `limit`."""
    return statements.fetch_all(cursor, ReplayRun, _SQL["listed"], {"limit": limit})


def find(cursor: Cursor, text: str) -> UUID:
    """The replay that an id, or its first 8 characters, names; raises NotFoundError."""
    found = statements.fetch_column(cursor, _SQL["meant"], {"id": text, "least": ID_MIN})
    if len(found) != 1:
        raise NotFoundError(
            f'No replay has the id "{text}".', advice="visitord unreplay lists them."
        )
    (replay_id,) = found
    return UUID(str(replay_id))


def sightings(cursor: Cursor, replay_id: UUID) -> list[UUID]:
    """What a replay brought, as far as it is there."""
    return statements.fetch_column(cursor, _SQL["sightings"], {"replay": replay_id})


def drop(cursor: Cursor, replay_id: UUID, may_come_again: Collection[UUID] = ()) -> None:
    """Let a replay be as if it had never been.

    Parameters
    ----------
    cursor : of an open transaction
    replay_id : which
    may_come_again : ids of what was erased with it: another replay brings them back
    """
    cursor.execute(_SQL["unmark"], {"ids": list(may_come_again)})
    cursor.execute(_SQL["drop"], {"replay": replay_id})
