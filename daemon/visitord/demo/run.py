"""The demo: two real RTSP cameras on this machine, and times that fit a demo of a minute."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config, MergeConfig, SiteConfig, VisitConfig
from visitord.core.errors import ConfigError
from visitord.core.records import Arrival
from visitord.demo import clips
from visitord.demo.server import DemoServer
from visitord.identity.neighbours import Neighbours
from visitord.models.install import install
from visitord.models.opening import open_pack
from visitord.service import merge_job
from visitord.service.daemon import Daemon, serve
from visitord.service.thresholds import rule_in_force
from visitord.store import visit_log
from visitord.store.opening import open_database
from visitord.store.visit_log import Visit
from visitord.store.window import Window

VISIT_GAP = timedelta(seconds=12)  # shorter than anyone's absence between two visits
MERGE_EVERY = timedelta(seconds=20)


def run(
    config: Config,
    *,
    once: bool,
    on_ready: Callable[[Config], None],
    on_arrival: Callable[[Arrival], None],
) -> list[Visit]:
    """Run the service on the demo's cameras until it is stopped or, with `once`, all were seen.

    Parameters
    ----------
    config
        An installation without cameras of its own.
    once
        Whether to end when everyone has come twice.
    on_ready
        Told the demo's configuration when its cameras are running.
    on_arrival
        Told each arrival.

    Returns
    -------
    list[Visit]
        The visit log since the demo began.

    Raises
    ------
    VisitordError
        When the cameras, the models or the database cannot be had.
    """
    began = datetime.now(UTC)
    with demo_config(config, loop=not once) as settings:
        install(settings.models.pack, settings.models_dir, settings.folder)
        pack = open_pack(settings)
        database = open_database(settings)
        on_ready(settings)
        serve(Daemon(settings, database, pack, on_arrival, Clock(), once=once))

    rule = rule_in_force(settings, pack, database)
    known = Neighbours(1.0, pack.centre)
    merge_job.merge_duplicates(database, pack.fingerprint, rule, known, datetime.now(UTC))
    with database.transaction() as cursor:
        return visit_log.visits(cursor, Window(since=began))


@contextlib.contextmanager
def demo_config(config: Config, *, loop: bool) -> Iterator[Config]:
    """`config` with the demo's site and its two cameras, whose RTSP server runs inside the context.

    Raises ConfigError in a real installation, whose visit log the demo's people would enter.
    """
    if config.camera:
        raise ConfigError(
            f"{config.path} has cameras of its own, and the demo would write its people "
            "into their visit log: run it in another folder, or with --config naming a "
            "file without cameras."
        )

    folder = config.state / "demo"
    recordings = clips.build(folder)
    with DemoServer(folder) as server:
        cameras = [
            CameraConfig(name=name, source=server.url(clip.name, loop))
            for name, clip in recordings.items()
        ]
        demo = {
            "camera": tuple(cameras),
            "site": SiteConfig(name="demo", timezone=config.site.timezone),
            "visit": VisitConfig(gap=VISIT_GAP),
            "merge": MergeConfig(every=MERGE_EVERY),
        }
        yield config.model_copy(update=demo)
