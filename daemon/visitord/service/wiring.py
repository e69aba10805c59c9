"""The recorder of a box, put together from its configuration."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import DatabaseError, SpoolError
from visitord.core.records import Arrival
from visitord.identity.thresholds import MatchRule
from visitord.service.recorder import Recorder, RecorderSettings
from visitord.service.thresholds import rule_in_force
from visitord.store import migrate
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.opening import site_of
from visitord.store.site import declare_site
from visitord.store.spool import Spool

log = logging.getLogger(__name__)

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.pack import Pack


def open_recorder(
    config: Config,
    database: Database,
    pack: "Pack",
    on_arrival: Callable[[Arrival], None],
    clock: Clock,
    *,
    waits: bool = False,
    beat: Callable[[], object] = lambda: None,
) -> Recorder:
    """A recorder for this box's site, which it declares in the database.

    Parameters
    ----------
    config
        The box's configuration.
    database
        The connection that the recorder writes with; nothing else may use it.
    pack
        The recogniser whose samples it is given.
    on_arrival
        Told each visit that begins.
    clock
        The process's clock.
    waits
        For a database that is away or of another version, with finished tracks on disk meanwhile,
        if that allows it.
    beat
        Called in the recorder's thread whenever that goes on.

    Raises
    ------
    DatabaseError
        When the database is away or of another version, unless the recorder can wait for it.
    """

    def prepare() -> MatchRule:
        migrate.require_current(database, config.database.vector)
        declare_site(database, site_of(config))
        return rule_in_force(config, pack, database)

    vector = config.database.vector
    settings = RecorderSettings(site_of(config), pack.fingerprint, pack.dim, vector, pack.centre)
    spool = _open_spool(config, pack, clock) if waits else None
    recorder = Recorder(
        database,
        settings,
        prepare,
        on_arrival,
        clock,
        crops=Crops(config.crops_dir),
        spool=spool,
        gallery_file=_gallery_file(config, pack, clock) if waits else None,
        beat=beat,
    )

    try:
        recorder.prepare()
    except DatabaseError as error:
        if spool is None:
            raise
        _start_without_database(recorder, config, error)
    return recorder


def _open_spool(config: Config, pack: "Pack", clock: Clock) -> Spool | None:
    max_bytes = config.spool.max_mb * 1_000_000
    try:
        keep = config.spool.keep
        return Spool(config.spool_file, max_bytes, pack.fingerprint, keep, clock=clock)
    except SpoolError as error:
        log.error("%s Sightings wait in memory only.", error)
        return None


def _gallery_file(config: Config, pack: "Pack", clock: Clock) -> GalleryFile | None:
    """Where the recorder keeps a copy of its gallery; with `database.vector` it has none."""
    file = GalleryFile(config.gallery_file, pack.fingerprint, clock)
    if config.database.vector:
        file.discard()  # no recorder would erase anyone from it
        return None
    return file


def _start_without_database(recorder: Recorder, config: Config, error: DatabaseError) -> None:
    recognised = "nobody is"
    if recorder.remember():
        recognised = "whoever was known here before is"
    log.error(
        "%s Until then %s recognised; sightings are kept in %s.",
        error,
        recognised,
        config.spool_file,
    )
