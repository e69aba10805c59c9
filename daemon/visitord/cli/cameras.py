"""visitorctl cameras: find the cameras of this network, and write their part of config.toml."""

import asyncio
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from visitord.capture import onvif
from visitord.cli.listing import show
from visitord.cli.options import format_option
from visitord.cli.paths import PATH
from visitord.cli.program import Group
from visitord.core.errors import VisitordError
from visitord.core.extras import require
from visitord.core.secrets import read_secret

WIDTH_MAX_PX = 1920  # more pixels cost decoding and find no more faces at a door
KEYS = ("name", "maker", "hardware", "address", "streams", "reason")
NONE_FOUND = (
    "No camera answered a WS-Discovery probe within {:g} s: is ONVIF switched on in the "
    "camera, is it on this machine's network segment, and does the firewall let UDP port "
    "3702 pass? Else ask it directly: --host ADDRESS."
)


@click.group(cls=Group)
def cameras() -> None:
    """Find cameras."""


@cameras.command()
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0.1, 60),
    default=4,
    show_default=True,
    help="Seconds for each step.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="ADDRESS[:PORT]",
    help="Ask this one, not the network; repeatable.",
)
@click.option("--user", help="Log in to every camera found; most tell their streams only then.")
@click.option(
    "--password-file", type=PATH, metavar="FILE", help="[default: $ONVIF_PASSWORD, or ask]"
)
@format_option
def discover(
    timeout_s: float,
    hosts: tuple[str, ...],
    user: str | None,
    password_file: Path | None,
    form: str,
) -> None:
    """The ONVIF cameras on this network, as sections for config.toml."""
    require("onvif", "Finding cameras needs libraries for ONVIF: run {}.")
    login = None
    if user:
        login = onvif.Login(user, _password(password_file))
    logging.disable()  # what libraries say about nonsense from devices
    found = asyncio.run(onvif.discover(timeout_s, hosts, login))

    if len(found) == onvif.DEVICES_MAX:
        most = f"{onvif.DEVICES_MAX} devices answered, and more are not asked"
        click.echo(f"{most}: name a camera that is missing with --host.", err=True)
    if form == "table" and found:
        click.echo("\n\n".join(map(_section, found)))
    else:
        rows = [asdict(camera) for camera in found]
        show(rows, form, NONE_FOUND.format(timeout_s), KEYS)


def _password(file: Path | None) -> str:
    """The one to log in with; never an option of its own: everyone sees a command's options."""
    if file is not None:
        try:
            return read_secret(file)
        except ValueError as error:
            raise VisitordError(f"{file} {error}.") from None
    password = os.environ.get("ONVIF_PASSWORD")
    if password is not None:
        return password
    if not sys.stdin.isatty():
        raise click.UsageError(
            "--user needs --password-file or the environment variable ONVIF_PASSWORD."
        )
    return str(click.prompt("Password", hide_input=True, err=True))


def _section(camera: onvif.Camera) -> str:
    """One camera in TOML: the first stream that is not too wide, the others as comments."""
    maker = " ".join(filter(None, (camera.maker, camera.hardware)))
    about = filter(None, (camera.name, maker, camera.address, camera.reason))
    lines = [f"# {', '.join(about)}"]
    if not camera.streams:
        return lines[0]

    narrow = (stream for stream in camera.streams if stream.width_px <= WIDTH_MAX_PX)
    best = next(narrow, camera.streams[0])
    others = [stream for stream in camera.streams if stream is not best]
    lines += ["[[camera]]", f'name = "{camera.name}"', _line(best)]
    lines += [f"# {_line(stream)}" for stream in others]
    return "\n".join(lines)


def _line(stream: onvif.Stream) -> str:
    """A stream in TOML."""
    note = f"{stream.name} {stream.width_px}×{stream.height_px} {stream.codec}"
    return f'source = "{stream.source}"  # {note}'
