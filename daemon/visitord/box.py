"""What every command needs of the box: its configuration, database, models and recorder, opened in order."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from visitord.config import CameraConfig, Config
from visitord.errors import ConfigError
from visitord.recorder import Recorder
from visitord.records import Arrival, Thresholds
from visitord.store import migrate, sightings
from visitord.store.database import Database
from visitord.store.sightings import Site
from visitord.vision import model_store

if TYPE_CHECKING:  # their libraries take seconds to import; most commands need no models and no cameras
    from visitord.vision.camera import CameraSettings
    from visitord.vision.pack import Pack
    from visitord.vision.pipeline import Pipeline


def site_of(config: Config) -> Site:
    return Site(config.site.name, config.site.timezone, config.visit.gap)


def open_database(config: Config, *, migrated: bool = True) -> Database:
    """The configured database; the embedded one is started and kept up to date by itself.

    Raises DatabaseError when it cannot be reached, or (with `migrated`) has not the schema of this version.
    """
    url = config.database_url()
    database = Database.at(url, config.state)
    if url == "embedded":
        migrate.migrate(database)
    elif migrated:
        migrate.require_current(database)
    return database


def open_pack(config: Config) -> "Pack":
    """The configured model pack; raises ModelError saying how to install it."""
    from visitord.vision import packs

    folder = model_store.folder_of(config.models.pack, config.models_dir, config.folder)
    return packs.open_pack(config.models.pack, folder, config.models.threads)


def camera_settings(config: Config, camera: CameraConfig, *, once: bool = False) -> "CameraSettings":
    """What a camera's threads need to know; raises ConfigError when a secret is missing."""
    from visitord.vision.camera import CameraSettings

    return CameraSettings(
        camera.name,
        config.source_of(camera),
        camera.fps,
        camera.stale_after.total_seconds(),
        camera.transport,
        camera.size,
        camera.format,
        camera.decoder,
        once,
    )


def pipeline(config: Config, camera: CameraConfig, pack: "Pack") -> "Pipeline":
    from visitord.vision.area import Area
    from visitord.vision.pipeline import Pipeline

    return Pipeline(pack, config.site.name, Area(camera.ignore, camera.only))


def thresholds(config: Config, pack: "Pack") -> Thresholds:
    """The pack's thresholds with what the configuration overrides; raises ConfigError."""
    match = config.models.match if config.models.match is not None else pack.thresholds.match
    new = config.models.new if config.models.new is not None else min(pack.thresholds.new, match)
    try:
        return replace(
            pack.thresholds,
            match=match,
            new=new,
            merge=max(pack.thresholds.merge, match),
            certain=max(pack.thresholds.certain, match),
        )
    except ValueError as error:
        raise ConfigError(f"models.match and models.new contradict each other: {error}.") from None


def open_recorder(config: Config, database: Database, pack: "Pack", arrived: Callable[[Arrival], None]) -> Recorder:
    """A recorder for this box's site; the site is declared in the database first."""
    site = site_of(config)
    sightings.declare_site(database, site)
    return Recorder(database, site, pack.fingerprint, pack.dim, thresholds(config, pack), arrived)
