"""The demo: two real RTSP cameras on the loopback interface, showing the faces that installed wheels ship."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from visitord.config import CameraConfig, Config, MergeConfig, SiteConfig, VisitConfig
from visitord.demo import clips
from visitord.demo.server import DemoServer
from visitord.errors import ConfigError

SITE = "demo"
GAP = timedelta(seconds=12)  # shorter than anyone's absence between their two visits
MERGE_EVERY = timedelta(seconds=20)  # the demo lasts a minute


def require_no_cameras(config: Config) -> None:
    """Raises ConfigError in a real installation, whose visit log the demo's people would enter."""
    if config.camera:
        raise ConfigError(
            f"{config.path} has cameras of its own, and the demo would write its people into their visit log: "
            "run it in another folder, or with --config naming a file without cameras."
        )


@contextlib.contextmanager
def demo_config(config: Config, *, loop: bool) -> Iterator[Config]:
    """`config` with the demo's site and its two cameras, whose RTSP server runs inside the context."""
    require_no_cameras(config)
    folder = config.state / "demo"
    demo = clips.build(folder)
    with DemoServer(folder) as server:
        cameras = tuple(
            CameraConfig(name=name, source=server.url(path.name, loop=loop)) for name, path in demo.clips.items()
        )
        yield config.model_copy(
            update={
                "camera": cameras,
                "site": SiteConfig(name=SITE, timezone=config.site.timezone),
                "visit": VisitConfig(gap=GAP),
                "merge": MergeConfig(every=MERGE_EVERY),
            }
        )
