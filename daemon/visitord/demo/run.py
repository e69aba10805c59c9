"""visitord demo: two real RTSP cameras on this machine, and times that fit a demo of a minute."""

import contextlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click

from visitord.cli.console import log_to_stderr, out, show
from visitord.core.config import CameraConfig, Config, MergeConfig, SiteConfig, VisitConfig
from visitord.core.errors import ConfigError
from visitord.core.records import Arrival
from visitord.demo import clips
from visitord.demo.server import DemoServer
from visitord.identity.neighbours import Neighbours
from visitord.models.install import install
from visitord.models.opening import open_pack
from visitord.service import merge_job, wiring
from visitord.service.daemon import Daemon, serve
from visitord.store import visit_log
from visitord.store.opening import open_database
from visitord.store.window import Window


def run(config: Config, *, once: bool) -> None:
    """Show the arrivals until stopped, or everyone twice, and then the visit log; raises
    VisitordError.
    """
    log_to_stderr(logging.WARNING)
    began = datetime.now(UTC)
    click.echo("Preparing the demo cameras …")
    with demo_config(config, loop=not once) as settings:
        install(settings.models.pack, settings.models_dir, settings.folder)
        pack = open_pack(settings)
        database = open_database(settings)
        click.echo(_help(settings))
        serve(Daemon(settings, database, pack, _announce, once=once))
    known = Neighbours(wiring.thresholds(settings, pack, database).merge)
    merge_job.merge_duplicates(database, pack.fingerprint, known, datetime.now(UTC))
    with database.transaction() as cursor:
        rows = visit_log.visits(cursor, Window(since=began))
    click.echo()
    show(
        rows,
        "table",
        "Nobody came.",
        ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings"),
    )


def _announce(arrival: Arrival) -> None:
    out.print(f"{arrival.at.astimezone():%H:%M:%S}  {arrival}", markup=False)


def _help(settings: Config) -> str:
    ctl = f"visitorctl --config {settings.path}" if settings.path else "visitorctl"
    query = "select name, visits, last_seen from visitord.visitor"
    return (
        f"Two cameras are running: {', '.join(c.name for c in settings.camera)}.  Ask in another terminal:\n"
        f'  {ctl} sql "{query}"\n  {ctl} visits --since 10m\n  {ctl} rename "visitor 1" NAME\n'
        "Ctrl-C ends the demo.  Arrivals:\n"
    )


@contextlib.contextmanager
def demo_config(config: Config, *, loop: bool) -> Iterator[Config]:
    """`config` with the demo's site and its two cameras, whose RTSP server runs inside the context.

    Raises ConfigError in a real installation, whose visit log the demo's people would enter.
    """
    if config.camera:
        raise ConfigError(
            f"{config.path} has cameras of its own, and the demo would write its people into their visit log: "
            "run it in another folder, or with --config naming a file without cameras."
        )
    folder = config.state / "demo"
    paths = clips.build(folder)
    with DemoServer(folder) as server:
        demo = {
            "camera": tuple(
                CameraConfig(name=name, source=server.url(clip.name, loop))
                for name, clip in paths.items()
            ),
            "site": SiteConfig(name="demo", timezone=config.site.timezone),
            "visit": VisitConfig(
                gap=timedelta(seconds=12)
            ),  # shorter than anyone's absence between two visits
            "merge": MergeConfig(every=timedelta(seconds=20)),
        }
        yield config.model_copy(update=demo)
