"""What every command needs of the box: its configuration, database, models and recorder, opened in
order.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from visitord.core.config import Config
from visitord.core.errors import ConfigError, DatabaseError, ModelError, SpoolError
from visitord.core.records import Arrival, Thresholds
from visitord.models import catalog
from visitord.service.recorder import Recorder
from visitord.store import migrate, sightings
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.sightings import Site
from visitord.store.spool import Spool

log = logging.getLogger(__name__)

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.pack import Pack
    from visitord.vision.tracker import LivenessDetector


def open_database(config: Config, *, wait: bool = False) -> Database:
    """The configured database; the embedded one is started and kept up to date by itself.

    wait: one of your own is not tried yet.  Raises DatabaseError when it cannot be reached, or has
    not the schema of this version.
    """
    url = config.database_url()
    database = Database.at(url, config.state)
    database.timezone = config.site.timezone
    if url == "embedded":
        migrate.migrate(database, config.database.vector)
    elif not wait:
        migrate.require_current(database, config.database.vector)
    return database


def open_pack(config: Config, name: str | None = None, folder: Path | None = None) -> "Pack":
    """The configured model pack, or another one, loaded and ready; raises ModelError saying how to
    install it.

    folder: where its files are, if not where it would be installed.
    """
    from visitord.models.device import choose
    from visitord.models.insightface_pack import InsightPack
    from visitord.models.opencv_zoo import ZooPack

    name = name or config.models.pack
    folder = folder or catalog.folder_of(name, config.models_dir, config.folder)
    if problem := catalog.check(name, folder):
        raise ModelError(problem)
    device, given = choose(config.models.device), config.models
    pack: Pack
    if (folder / catalog.MANIFEST).is_file():
        from visitord.models.mxnet.pack import NATIVE, MxnetPack

        pack = MxnetPack(name, folder, config, device)
        if pack.runs_on == NATIVE:  # which has a card of its own, or none
            return pack
    elif name == catalog.DEFAULT:
        pack = ZooPack(folder, given.threads, device, given.detect_px)
    else:
        pack = InsightPack(name, folder, device, given.detect_px, given.threads)
    runs = device.provider in pack.runs_on
    if problem := device.problem or (
        "" if runs else f"{name} does not run on {device.provider}: {pack.runs_on}."
    ):
        _warn(problem)
    return pack


@functools.cache
def _warn(problem: str) -> None:
    """Once, however many packs a command opens."""
    log.warning("%s", problem)


def open_liveness_detectors(config: Config) -> "dict[str, LivenessDetector]":
    """Of each camera in use that asks for liveness, what liveness_detectors it; raises ModelError."""
    asking = {
        c.name: c.liveness == "block" for c in config.camera if c.enabled and c.liveness != "off"
    }
    if not asking or not config.models.liveness:
        return {}
    from visitord.models.liveness.detector import LivenessDetector
    from visitord.models.liveness.networks import load

    networks, given = load(config.folder / config.models.liveness), config.models.live
    threshold = networks.threshold if given is None else given
    log.info("Liveness: %s, from %.2f on, for %s.", networks.name, threshold, ", ".join(asking))
    return {name: LivenessDetector(networks, threshold, blocks) for name, blocks in asking.items()}


def thresholds(config: Config, pack: "Pack", database: Database) -> Thresholds:
    """The configuration's, else those applied for the site, else the pack's; raises ConfigError,
    DatabaseError.
    """
    given, own = config.models, pack.thresholds
    with database.transaction() as cursor:
        match, new = sightings.chosen(cursor, config.site.name, pack.fingerprint) or (
            own.match,
            own.new,
        )
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
        sightings.declare_site(database, site)
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
