"""visitord: the service, its demo, replays, and what an installation needs."""

import logging
import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from visitord.cli.configuration import config
from visitord.cli.demo import demo
from visitord.cli.logs import log_to_stderr
from visitord.cli.models import models
from visitord.cli.options import PATH, Moment
from visitord.cli.program import program
from visitord.core.errors import ConfigError
from visitord.core.records import Arrival
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.service import wiring
from visitord.store import migrate
from visitord.store.database import Database
from visitord.store.opening import open_database

# Vision's libraries take seconds to import, so commands import what uses them where they use it.
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
        raise ConfigError(
            "No camera is configured: copy config.example.toml to config.toml, or try visitord demo."
        )
    settings.require_secrets()
    pack = open_pack(settings)
    database = open_database(settings, wait=True)
    log.info("Models: %s (%s); %s.", pack.name, pack.licence, pack.runs_on)
    daemon = Daemon(settings, database, pack, lambda arrival: log.info("%s", arrival))
    if settings.review.listen:
        from visitord.web.server import beside

        beside(daemon, settings, database)
    serve(daemon)


@main.command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option(
    "--camera",
    metavar="NAME",
    help="The camera these files count as [default: each file's own name].",
)
@click.option(
    "--start", type=Moment(), help="When the first file begins [default: from each file's date]."
)
@click.option(
    "--fps",
    type=click.FloatRange(2, 60),
    help="Pictures analysed per second [default: the camera's, or 8].",
)
def replay(
    files: tuple[Path, ...], camera: str | None, start: datetime | None, fps: float | None
) -> None:
    """Analyse recorded videos and photographs.

    They are stamped with the time of the footage; doing it twice adds nothing.
    """
    from visitord.service.replay import plan, play

    log_to_stderr(logging.WARNING)
    settings = config()
    clips = plan(list(files), camera, start)
    pack = open_pack(settings)
    database = open_database(settings)
    liveness_detectors = open_liveness_detectors(settings)
    pictures, arrivals = 0, list[Arrival]()
    recorder = wiring.open_recorder(settings, database, pack, arrivals.append)
    rate = fps or next((c.fps for c in settings.camera if c.name == camera), 8.0)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        tasks = {
            clip.path: bar.add_task(clip.path.name, total=clip.length_s or 1.0) for clip in clips
        }
        for clip, t in play(clips, pack, recorder, settings.site.name, rate, liveness_detectors):
            pictures += 1
            bar.update(tasks[clip.path], completed=t)
        for clip in clips:
            bar.update(tasks[clip.path], completed=clip.length_s or 1.0)
    people = len({a.visitor_id for a in arrivals})
    click.echo(f"{pictures} pictures analysed, {len(arrivals)} new visits by {people} people.")


@main.command("check-config")
def check_config() -> None:
    """Say whether the configuration is right."""
    settings = config()
    settings.require_secrets()
    open_liveness_detectors(settings)
    where = settings.path or "No configuration file; the built-in defaults"
    click.echo(f"{where}: ok, {len(settings.camera)} camera(s).")
    for camera in settings.camera:
        click.echo(
            f"  {camera.name}: {settings.source_of(camera) if camera.enabled else 'disabled'}"
        )


@main.command("migrate")
def migrate_() -> None:
    """Bring the database up to date."""
    settings = config()
    database = Database.at(settings.database_url(), settings.state)
    applied = migrate.migrate(database, settings.database.vector)
    click.echo(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


main.add_command(demo)
main.add_command(models)
