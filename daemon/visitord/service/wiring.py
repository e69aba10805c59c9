"""What every command needs of the box: its configuration, database, models and recorder, opened in
order.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from visitord.core.config import Config
from visitord.core.errors import ConfigError, DatabaseError, SpoolError
from visitord.core.records import Arrival, Thresholds
from visitord.service.recorder import Recorder
from visitord.store import calibration, migrate
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.site import Site, declare_site
from visitord.store.spool import Spool

log = logging.getLogger(__name__)

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.pack import Pack


def thresholds(config: Config, pack: "Pack", database: Database) -> Thresholds:
    """The configuration's, else those applied for the site, else the pack's; raises ConfigError,
    DatabaseError.
    """
    given, own = config.models, pack.thresholds
    with database.transaction() as cursor:
        applied = calibration.applied(cursor, config.site.name, pack.fingerprint)
    match, new = (applied.match, applied.new) if applied else (own.match, own.new)
    match = match if given.match is None else given.match
    new = min(new, match) if given.new is None else given.new
    try:
        return replace(
            own, match=match, new=new, merge=max(own.merge, match), certain=max(own.certain, match)
        )
    except ValueError as error:
        raise ConfigError(
            f"models.new {new:g} contradicts the match in force, {match:g}: {error}."
        ) from None


def site_of(config: Config) -> Site:
    """The site this box logs visits for."""
    return Site(config.site.name, config.site.timezone, config.visit.gap, config.box)


def open_recorder(
    config: Config,
    database: Database,
    pack: "Pack",
    arrived: Callable[[Arrival], None],
    *,
    waits: bool = False,
) -> Recorder:
    """A recorder for this box's site, which it declares in the database.

    waits: for a database that is away or of another version, finished tracks on disk meanwhile, if
    that allows it. Raises ConfigError, DatabaseError.
    """
    site = site_of(config)
    spool: Spool | None = None
    try:
        if waits:
            max_bytes = config.spool.max_mb * 1_000_000
            spool = Spool(config.spool_file, max_bytes, pack.fingerprint, config.spool.keep)
    except SpoolError as error:
        log.error("%s Sightings wait in memory only.", error)

    def prepare() -> Thresholds:
        migrate.require_current(database, config.database.vector)
        declare_site(database, site)
        return thresholds(config, pack, database)

    limits, problem = None, None
    try:
        limits = prepare()
    except DatabaseError as error:
        if spool is None:
            raise
        problem = error
    crops, vector = Crops(config.crops_dir), config.database.vector
    known = GalleryFile(config.gallery_file, pack.fingerprint) if waits else None
    if known and vector:
        known.discard()  # nobody would erase anyone from it
    recorder = Recorder(
        database,
        site,
        pack.fingerprint,
        pack.dim,
        limits,
        arrived,
        crops,
        spool,
        known,
        prepare,
        vector=vector,
    )
    if problem:
        whom = "whoever was known here before is" if recorder.thresholds else "nobody is"
        log.error(
            "%s Until then %s recognised; sightings are kept in %s.",
            problem,
            whom,
            config.spool_file,
        )
    return recorder
