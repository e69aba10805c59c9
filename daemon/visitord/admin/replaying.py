"""Replays of recorded footage: noted as they are made, listed, and taken back whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from visitord.admin import forgetting
from visitord.admin.author import Author
from visitord.admin.forgetting import Loss
from visitord.core import reading
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.store import erasure, replays
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.people import Person
from visitord.store.replays import OtherSightings, Replay, ReplayFile, ReplayRun


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many sightings are gone, and who went with them."""

    sightings: int
    gone: tuple[Person, ...]


class Noted:
    """A replay under way, which notes what it brings; of the thread that replays.

    Parameters
    ----------
    database : Database
        Written for each sighting, before that is recorded.
    site : str
        Where the footage counts.
    files : sequence of ReplayFile
        What is replayed, at least one.
    clock : Clock
        Says when.
    """

    def __init__(
        self, database: Database, site: str, files: Sequence[ReplayFile], clock: Clock
    ) -> None:
        self.replay_id = uuid4()
        self._database = database
        self._noted: set[UUID] = set()
        replay = Replay(
            self.replay_id,
            site,
            sorted({file.camera for file in files}),
            [file.file for file in files],
            min(file.begins_at for file in files),
            max(file.ends_at for file in files),
            Author.here("").by,
            clock.now(),
        )
        with database.transaction() as cursor:
            replays.begin(cursor, replay, files)

    def note(self, sighting_id: UUID) -> None:
        """A sighting is about to be recorded."""
        if sighting_id in self._noted:
            return
        self._noted.add(sighting_id)
        with self._database.transaction() as cursor:
            replays.note(cursor, self.replay_id, sighting_id)

    def end(self) -> bool:
        """Whether it brought anything; if not, there is nothing to take back, and it is dropped."""
        with self._database.transaction() as cursor:
            if replays.sightings(cursor, self.replay_id):
                return True
            replays.drop(cursor, self.replay_id)
        return False


def digest(path: Path) -> bytes:
    """SHA-256 of a file's content; raises OSError."""
    return bytes.fromhex(reading.sha256(path, None))


def others(
    database: Database, site: str, files: Sequence[ReplayFile]
) -> list[tuple[ReplayFile, OtherSightings]]:
    """The files of whose camera and time other sightings are there, which theirs would add to."""
    with database.transaction() as cursor:
        found = [(file, replays.others(cursor, site, file)) for file in files]
    return [(file, other) for file, other in found if other is not None]


def listed(database: Database, limit: int) -> list[ReplayRun]:
    """The replays that can be taken back, the latest first, at most `limit`."""
    with database.transaction() as cursor:
        return replays.listed(cursor, limit)


def loss_of(database: Database, text: str) -> Loss:
    """What taking back a replay would take; raises NotFoundError."""
    with database.transaction() as cursor:
        ids = replays.sightings(cursor, replays.find(cursor, text))
    return forgetting.loss_of_sightings(database, ids)


def take_back(database: Database, text: str, config: Config) -> TakenBack:
    """Take back a replay: what it brought is gone, and replaying the same again brings it again.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    text : str
        The replay's id, or its first 8 characters.
    config : Config
        Where the pictures of this box are.

    Raises
    ------
    NotFoundError
        For no replay, or more than one.
    """
    with database.transaction() as cursor:
        replay_id = replays.find(cursor, text)
        ids = replays.sightings(cursor, replay_id)
        erased, gone = erasure.forget_sightings(cursor, ids)
        people = [person.visitor_id for person in gone]
        replays.drop(cursor, replay_id, (*ids, *erased.ids, *people))

    erasure.finish(erased, Crops(config.crops_dir), config.spool_file)
    return TakenBack(erased.sightings, tuple(gone))
