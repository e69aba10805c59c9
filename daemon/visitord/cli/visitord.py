"""visitord: the service, its demo, replays, and what an installation needs."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visitord.admin import example_configuration
from visitord.cli.configuration import config, named
from visitord.cli.deferred import examples
from visitord.cli.demo import demo
from visitord.cli.examples import SERVICE
from visitord.cli.logs import log_to_stderr
from visitord.cli.models import models
from visitord.cli.paths import PATH
from visitord.cli.program import program
from visitord.cli.replaying import replay, unreplay
from visitord.cli.saying import say
from visitord.core import precautions
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import ConfigError
from visitord.core.files import create_file
from visitord.core.records import Arrival
from visitord.core.sources import Kind
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.store import migrate
from visitord.store.database import Database
from visitord.store.opening import open_database

# Vision's libraries take seconds to import: commands import what uses them where they do.
if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)


@program
def main() -> None:
    """Recognise returning faces on camera and keep a visit log in PostgreSQL."""


@main.command()
def run() -> None:
    """Read the configured cameras until stopped."""
    from visitord.service.daemon import Daemon, serve

    log_to_stderr()
    settings = config()
    if not settings.camera:
        raise ConfigError(_no_camera(settings))
    settings.require_secrets()
    for warning in precautions.warnings(settings):
        log.warning("%s", warning)

    pack = open_pack(settings)
    database = open_database(settings, wait=True)
    log.info("Models: %s (%s); %s.", pack.name, pack.licence, pack.runs_on)

    daemon = Daemon(settings, database, pack, _log_arrival, Clock())
    if settings.review.listen:
        from visitord.web.server import beside

        beside(daemon, settings, database)
    serve(daemon)


def _no_camera(settings: Config) -> str:
    """What to do where there is nothing to watch."""
    if settings.path is None:
        return "No camera is configured: visitord init writes a config.toml; or try visitord demo."
    return f"No camera is configured: add a [[camera]] with name and source to {settings.path}."


@main.command()
@click.argument("path", type=PATH, required=False)
def init(path: Path | None) -> None:
    """Write a configuration to be edited.

    It has every key, with its default.  PATH is that of --config, or config.toml in this folder; a
    file that is there is left alone.
    """
    path = path or named() or Path("config.toml")
    if not create_file(path, example_configuration.read()):
        raise ConfigError(f"{path} is there already; it was left as it is.")
    click.echo(
        f"{path} is written.  Put your cameras at its end, then: visitord check-config, "
        "visitord models install, visitord run."
    )


def _log_arrival(arrival: Arrival) -> None:
    log.info("%s", arrival)


@main.command("check-config")
def check_config() -> None:
    """Say whether the configuration is right."""
    settings = config()
    settings.require_secrets()
    open_liveness_detectors(settings)
    where = settings.path or "No configuration file; the built-in defaults"
    click.echo(f"{where}: ok, {len(settings.camera)} camera(s).")
    for camera in settings.camera:
        source = settings.source_of(camera) if camera.enabled else "disabled"
        say(f"  {camera.name}: {source}")
    _require_files(settings)
    for warning in precautions.warnings(settings):
        say(f"Warning: {warning}", err=True)


def _require_files(settings: Config) -> None:
    """Raises ConfigError for a camera that is to play a file which is not there."""
    for camera in settings.camera:
        source = settings.source_of(camera) if camera.enabled else None
        if source and source.kind is Kind.FILE and not Path(source.target).is_file():
            raise ConfigError(
                f"camera.{camera.name}.source {source} is no file that is there; an address begins "
                "with rtsp:// or http://, a device with /dev/."
            )


@main.command("migrate")
def migrate_() -> None:
    """Bring the database up to date."""
    settings = config()
    database = Database.at(settings.database_url(), settings.state)
    applied = migrate.migrate(database, settings.database.vector)
    if applied:
        click.echo(f"Applied {', '.join(applied)}.")
    else:
        click.echo("The database is up to date.")

    missing = migrate.missing_roles(database)
    if missing:
        click.echo(
            f"This account may not create roles.  Let an administrator of the server run\n"
            f"  {missing.created_by}\n"
            "and then, as the owner of the database,\n"
            f"  {missing.granted_by}\n"
            "Until then nobody but the owner can read the views."
        )


main.add_command(demo)
main.add_command(models)
main.add_command(replay)
main.add_command(unreplay)


def _end_with_examples(group: click.Group, prefix: str = "") -> None:
    """Give each command the end of its help."""
    for name, command in group.commands.items():
        command.epilog = examples(SERVICE.get(f"{prefix}{name}", ()))
        if isinstance(command, click.Group):
            _end_with_examples(command, f"{prefix}{name} ")


_end_with_examples(main)
