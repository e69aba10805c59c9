"""The demo's configuration: two real RTSP cameras on this machine, and times that fit a demo of a minute."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from visitord.config import CameraConfig, Config, MergeConfig, SiteConfig, VisitConfig
from visitord.demo import clips
from visitord.demo.server import DemoServer
from visitord.errors import ConfigError


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
                CameraConfig(name=name, source=server.url(clip.name, loop)) for name, clip in paths.items()
            ),
            "site": SiteConfig(name="demo", timezone=config.site.timezone),
            "visit": VisitConfig(gap=timedelta(seconds=12)),  # shorter than anyone's absence between two visits
            "merge": MergeConfig(every=timedelta(seconds=20)),
        }
        yield config.model_copy(update=demo)
