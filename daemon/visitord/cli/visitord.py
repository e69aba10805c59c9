"""visitord: the service, its demo, replays, and what an installation needs."""

import logging
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from visitord.admin import example_configuration
from visitord.cli.arguments import CAMERA
from visitord.cli.configuration import config
from visitord.cli.demo import demo
from visitord.cli.logs import log_to_stderr
from visitord.cli.models import models
from visitord.cli.options import Moment, confirm
from visitord.cli.paths import PATH
from visitord.cli.program import program
from visitord.cli.saying import say
from visitord.core import precautions
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import ConfigError
from visitord.core.files import create_file
from visitord.core.records import Arrival
from visitord.core.sources import Kind
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.service import wiring
from visitord.store import migrate, places
from visitord.store.database import Database
from visitord.store.opening import open_database

# Vision's libraries take seconds to import: commands import what uses them where they do.
if TYPE_CHECKING:
    from visitord.service.replay import Analysed, Clip

log = logging.getLogger(__name__)

DEFAULT_FPS = 8.0
NEW = "--new-camera"
UNKNOWN_LENGTH_S = 1.0  # of a photograph, and of a video that does not say


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
@click.argument("path", type=PATH, default=Path("config.toml"), required=False)
def init(path: Path) -> None:
    """Write a configuration with every key and its default, to be edited.

    PATH is config.toml in this folder unless another is named; a file that is there is left alone.
    """
    if not create_file(path, example_configuration.read()):
        raise ConfigError(f"{path} is there already; it was left as it is.")
    click.echo(
        f"{path} is written.  Put your cameras at its end, then: visitord check-config, "
        "visitord models install, visitord run."
    )


def _log_arrival(arrival: Arrival) -> None:
    log.info("%s", arrival)


@main.command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option(
    "--camera",
    type=CAMERA,
    metavar="NAME",
    help="The camera these files count as [default: each file's own name].",
)
@click.option("--new-camera", is_flag=True, help="There is no camera of that name yet: do not ask.")
@click.option(
    "--start", type=Moment(), help="When the first file begins [default: from each file's date]."
)
@click.option(
    "--fps",
    type=click.FloatRange(2, 60),
    help="Pictures analysed per second [default: the camera's, or 8].",
)
def replay(
    files: tuple[Path, ...],
    camera: str | None,
    new_camera: bool,
    start: datetime | None,
    fps: float | None,
) -> None:
    """Analyse recorded videos and photographs.

    They are stamped with the time of the footage; doing it twice adds nothing.
    """
    from visitord.service.replay import plan, play

    log_to_stderr(logging.WARNING)
    settings = config()
    clips = plan(files, camera, start)
    database = open_database(settings)
    if camera is not None and not new_camera:
        _require_camera(settings, database, camera)
    pack = open_pack(settings)
    liveness_detectors = open_liveness_detectors(settings)

    arrivals: list[Arrival] = []
    recorder = wiring.open_recorder(settings, database, pack, arrivals.append, Clock())
    rate = fps or _rate_of(settings, camera)
    played = play(clips, pack, recorder, settings.site.name, rate, liveness_detectors)
    pictures = _show_progress(clips, played)

    people = len({arrival.visitor_id for arrival in arrivals})
    click.echo(f"{pictures} pictures analysed, {len(arrivals)} new visits by {people} people.")
    for line in filed(clips, ZoneInfo(settings.site.timezone)):
        click.echo(line)


def _require_camera(settings: Config, database: Database, camera: str) -> None:
    """Ask whether footage is of a new camera, where there are others and it is none of them."""
    configured = {one.name for one in settings.camera}
    if not configured:
        return
    with database.transaction() as cursor:
        known = sorted({*configured, *places.cameras(cursor, settings.site.name)})
    if camera not in known:
        listed = ", ".join(known)
        confirm(f'"{camera}" is none of the cameras ({listed}). Is it a new one?', False, NEW)


def filed(clips: Iterable["Clip"], zone: tzinfo) -> Iterator[str]:
    """From when to when, and as which camera, each camera's footage counts; a line each."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for clip in clips:
        end = clip.start + timedelta(seconds=clip.length_s)
        first, last = spans.get(clip.camera, (clip.start, end))
        spans[clip.camera] = (min(first, clip.start), max(last, end))

    for camera, (first, last) in spans.items():
        start = first.astimezone(zone)
        end = last.astimezone(zone)
        yield f"Filed from {start:%Y-%m-%d %X} to {end:%Y-%m-%d %X %Z} as camera {camera}."


def _rate_of(settings: Config, camera: str | None) -> float:
    """Pictures a second, as the configuration says for the camera of that name, if it has one."""
    return next((c.fps for c in settings.camera if c.name == camera), DEFAULT_FPS)


def _show_progress(clips: Iterable["Clip"], played: Iterable["Analysed"]) -> int:
    """Let a replay go on to its end, with a bar for each clip; returns how many pictures it had."""
    pictures = 0
    lengths_s = {clip: clip.length_s or UNKNOWN_LENGTH_S for clip in clips}
    hidden = not sys.stderr.isatty()
    with Progress(console=Console(stderr=True), disable=hidden) as bars:
        tasks = {
            clip: bars.add_task(clip.path.name, total=length_s)
            for clip, length_s in lengths_s.items()
        }
        for analysed in played:
            pictures += 1
            bars.update(tasks[analysed.clip], completed=analysed.done_s)

        for clip, task in tasks.items():
            bars.update(task, completed=lengths_s[clip])
    return pictures


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
