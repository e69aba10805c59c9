"""visitorctl cameras: the cameras of this network, and their part of the configuration."""

import asyncio
import logging
import os
import sys
from dataclasses import asdict
from typing import IO

import click

from visitord.capture import onvif
from visitord.cli.listing import show
from visitord.cli.options import format_option
from visitord.cli.program import Group
from visitord.core.extras import require

WIDTH_MAX_PX = 1920  # more pixels cost decoding and find no more faces at a door
KEYS = ("name", "maker", "hardware", "address", "streams", "reason")
NOBODY = (
    "No camera answered a WS-Discovery probe within {:g} s: is ONVIF switched on in the camera, is it on this "
    "machine's network segment, and does the firewall let UDP port 3702 pass? Else ask it directly: --host ADDRESS."
)


@click.group(cls=Group)
def cameras() -> None:
    """Find cameras."""


@cameras.command()
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 60),
    default=4,
    show_default=True,
    help="Seconds for each step.",
)
@click.option(
    "--host",
    multiple=True,
    metavar="ADDRESS[:PORT]",
    help="Ask this one, not the network; repeatable.",
)
@click.option("--user", help="Log in to every camera found; most tell their streams only then.")
@click.option(
    "--password-file", type=click.File(errors="replace"), help="[default: $ONVIF_PASSWORD, or ask]"
)
@format_option
def discover(
    timeout: float,
    host: tuple[str, ...],
    user: str | None,
    password_file: IO[str] | None,
    form: str,
) -> None:
    """The ONVIF cameras on this network, as sections for config.toml."""
    require("onvif", "Finding cameras needs libraries for ONVIF: run {}.")
    login = (user, _password(password_file)) if user else (None, None)
    logging.disable()  # what libraries say about nonsense from devices
    found = asyncio.run(onvif.discover(timeout, host, login))
    if form != "table" or not found:
        return show([asdict(camera) for camera in found], form, NOBODY.format(timeout), KEYS)
    return click.echo("\n\n".join(map(_section, found)))


def _password(file: IO[str] | None) -> str:
    """Never an option of its own: everyone sees a command's options."""
    password = file.read().rstrip("\r\n") if file else os.environ.get("ONVIF_PASSWORD")
    if password is None and not sys.stdin.isatty():
        raise click.UsageError(
            "--user needs --password-file or the environment variable ONVIF_PASSWORD."
        )
    return (
        str(click.prompt("Password", hide_input=True, err=True)) if password is None else password
    )


def _section(camera: onvif.Camera) -> str:
    """One camera in TOML: the first stream that is not too wide, the others as comments."""
    about = " ".join(filter(None, (camera.maker, camera.hardware)))
    lines = [f"# {', '.join(filter(None, (camera.name, about, camera.address, camera.reason)))}"]
    if camera.streams:
        best = next((s for s in camera.streams if s.width_px <= WIDTH_MAX_PX), camera.streams[0])
        lines += ["[[camera]]", f'name = "{camera.name}"']
        for stream in sorted(camera.streams, key=lambda s: s is not best):
            note = f"{stream.name} {stream.width_px}×{stream.height_px} {stream.codec}"
            lines.append(f'{"" if stream is best else "# "}source = "{stream.source}"  # {note}')
    return "\n".join(lines)
