"""--config, accepted before or after any command, and the configuration it names."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from visitord.cli.paths import PATH
from visitord.core.errors import ConfigError

if TYPE_CHECKING:  # imported where it is read: a list of commands needs none
    from visitord.core.config import Config

# Keys in click's context.
_META = "visitord.core.config"
_LOADED = "visitord.core.config.loaded"


def _remember(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.meta[_META] = value
        ctx.meta.pop(_LOADED, None)


config_option = click.option(
    "--config",
    type=PATH,
    expose_value=False,
    is_eager=True,  # read before options whose meaning depends on it, such as --since
    callback=_remember,
    metavar="FILE",
    help="Configuration file "
    "[default: $VISITORD_CONFIG, ./config.toml, /etc/visitord/config.toml].",
)


def named() -> Path | None:
    """What --config says, whether or not there is such a file."""
    path: Path | None = click.get_current_context().meta.get(_META)
    return path


def config() -> "Config":
    """The configuration the command line asks for; its file is read once in a command."""
    from visitord.core.config import find, load

    known = click.get_current_context().meta
    if _LOADED not in known:
        known[_LOADED] = load(find(named()))
    return cast("Config", known[_LOADED])


def installed() -> "Config":
    """The same, for a command about an installation; raises ConfigError where there is none."""
    settings = config()
    if settings.path is None and not settings.state.exists():
        advice = "go where they are, or use --config"
        raise ConfigError(f"There is neither a config.toml nor {settings.state}: {advice}.")
    return settings
