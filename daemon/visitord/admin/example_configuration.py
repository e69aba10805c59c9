"""The example configuration, which shows every key with its default."""

from pathlib import Path

from visitord.core.errors import ConfigError

NAME = "config.example.toml"


def read() -> bytes:
    """The example as it is published: inside the wheel, or at the top of a checkout.

    Raises
    ------
    ConfigError
        for an installation without it
    """
    package = Path(__file__).resolve().parents[1]
    for path in (package / NAME, package.parents[1] / NAME):
        if path.is_file():
            return path.read_bytes()
    raise ConfigError(f"{NAME} is missing from this installation of visitord; install it again.")
