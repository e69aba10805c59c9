"""visitord demo: what the demo shows on the terminal."""

import logging
import shlex
import sys
from pathlib import Path

import click

from visitord.cli.configuration import config
from visitord.cli.listing import show
from visitord.cli.logs import log_to_stderr
from visitord.cli.saying import say, shown
from visitord.cli.terminal import out
from visitord.core.config import Config
from visitord.core.extras import require
from visitord.core.records import Arrival

COLUMNS = ("name", "started_at", "ended_at", "duration_s", "cameras", "sightings")


@click.command()
@click.option("--once", is_flag=True, help="Show everyone twice, print the visit log, and end.")
def demo(once: bool) -> None:
    """Watch eight people on two demo cameras.

    They walk in and out of two real RTSP streams on this machine.
    """
    require("demo", "The demo is not part of this installation: run {}.")
    from visitord.demo.run import run

    settings = config()
    log_to_stderr(logging.WARNING)
    click.echo("Preparing the demo cameras …")
    visits = run(settings, once=once, on_ready=_say_what_to_try, on_arrival=_announce)
    click.echo()
    show(visits, "table", "Nobody came.", COLUMNS)


def _say_what_to_try(settings: Config) -> None:
    """What to ask in another terminal while the demo runs."""
    cameras = ", ".join(camera.name for camera in settings.camera)
    visitorctl = shlex.quote(_visitorctl())
    if settings.path:
        visitorctl += f" --config {shlex.quote(str(settings.path))}"
    query = "select name, visits, last_seen from visitord.visitor"
    say(f"Two cameras are running: {cameras}.  Ask in another terminal, in {Path.cwd()}:")
    say(f'  {visitorctl} sql "{query}"')
    say(f"  {visitorctl} visits --since 10m")
    say(f'  {visitorctl} rename "visitor 1" NAME')
    say(f"  {visitorctl} review     # the page: faces in a browser; prints a link")
    say("Ctrl-C ends the demo.  Arrivals:\n")


def _visitorctl() -> str:
    """What to type for it here, in a terminal in which no virtual environment is active."""
    if sys.prefix == sys.base_prefix:
        return "visitorctl"
    program = Path(sys.prefix, "bin", "visitorctl")
    if program.is_relative_to(Path.cwd()):
        return str(program.relative_to(Path.cwd()))
    return str(program)


def _announce(arrival: Arrival) -> None:
    """One arrival, with this machine's time of day."""
    out.print(shown(f"{arrival.at.astimezone():%H:%M:%S}  {arrival}"), markup=False)
