"""visitord replay and unreplay: recorded footage, and taking it back."""

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from visitord.admin import replaying
from visitord.admin.replaying import Noted
from visitord.cli.arguments import CAMERA
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.listing import show
from visitord.cli.logs import log_to_stderr
from visitord.cli.options import Moment, confirm, format_option, yes_option
from visitord.cli.paths import PATH
from visitord.cli.saying import say
from visitord.cli.values import ID_SHOWN
from visitord.cli.working import working
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.records import Arrival
from visitord.core.text import as_text
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.service import wiring
from visitord.store import places
from visitord.store.database import Database
from visitord.store.opening import open_database
from visitord.store.replays import ReplayFile, ReplayRun

# Vision's libraries take seconds to import: commands import what uses them where they do.
if TYPE_CHECKING:
    from visitord.service.replay import Analysed, Clip

DEFAULT_FPS = 8.0
NEW = "--new-camera"
OVERLAP = "--overlap"
PHOTOGRAPH_LENGTH_S = 1.0  # of its bar


@click.command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option(
    "--camera",
    type=CAMERA,
    metavar="NAME",
    help="The camera these files count as [default: each file's own name].",
)
@click.option("--new-camera", is_flag=True, help="There is no camera of that name yet: do not ask.")
@click.option(
    "--overlap",
    is_flag=True,
    help="There are sightings of that camera and time from other footage: do not ask.",
)
@click.option(
    "--start", type=Moment(), help="When the first file begins [default: from each file's date]."
)
@click.option(
    "--fps",
    type=click.FloatRange(2, 60),
    help="Pictures analysed per second [default: the camera's, or 8].",
)
def replay(
    files: tuple[Path, ...],
    camera: str | None,
    new_camera: bool,
    overlap: bool,
    start: datetime | None,
    fps: float | None,
) -> None:
    """Analyse recorded videos and photographs.

    They are stamped with the time of the footage; doing it twice adds nothing.  visitord unreplay
    takes it back.
    """
    from visitord.service.replay import plan, play

    log_to_stderr(logging.WARNING)
    settings = config()
    with working("Looking at the files"):
        clips = plan(files, camera, start)
    database = open_database(settings)
    if camera is not None and not new_camera:
        _require_camera(settings, database, camera)
    files_noted = [_file(clip) for clip in clips]
    _require_alone(settings, database, files_noted, overlap)
    pack = open_pack(settings)
    liveness_detectors = open_liveness_detectors(settings)

    arrivals: list[Arrival] = []
    recorder = wiring.open_recorder(settings, database, pack, arrivals.append, Clock())
    rate = fps or _rate_of(settings, camera)
    noted = Noted(database, settings.site.name, files_noted, Clock())
    played = play(
        clips,
        pack,
        recorder,
        settings.site.name,
        rate,
        liveness_detectors,
        noted.note,
        {known.name: known.pixel_aspect for known in settings.camera},
    )
    pictures = _show_progress(clips, played)

    people = len({arrival.visitor_id for arrival in arrivals})
    click.echo(f"{pictures} pictures analysed, {len(arrivals)} new visits by {people} people.")
    for line in filed(clips, ZoneInfo(settings.site.timezone)):
        say(line)
    if noted.end():
        click.echo(f"To take it back: visitord unreplay {str(noted.replay_id)[:ID_SHOWN]}")


def _file(clip: "Clip") -> ReplayFile:
    """A clip as the store notes it."""
    end = clip.start + timedelta(seconds=clip.length_s)
    digest = replaying.digest(clip.path)
    return ReplayFile(as_text(clip.path.name), clip.camera, digest, clip.start, end)


def _require_alone(
    settings: Config, database: Database, files: Sequence[ReplayFile], overlap: bool
) -> None:
    """Ask before sightings are added to others of the same camera and time."""
    if overlap:
        return
    zone = ZoneInfo(settings.site.timezone)
    for file, other in replaying.others(database, settings.site.name, files):
        source = "the camera itself"
        if other.replays:
            source = "replay " + ", ".join(str(run)[:ID_SHOWN] for run in other.replays)
        first = other.first_at.astimezone(zone)
        last = other.last_at.astimezone(zone)
        confirm(
            f"{_counted(other.sightings)} by camera {file.camera} from {first:%Y-%m-%d %X} to "
            f"{last:%Y-%m-%d %X %Z} came of other footage ({source}). Add those of {file.file}?",
            False,
            OVERLAP,
        )


def _require_camera(settings: Config, database: Database, camera: str) -> None:
    """Ask whether footage is of a new camera, where there are others and it is none of them."""
    configured = {one.name for one in settings.camera}
    if not configured:
        return
    with database.transaction() as cursor:
        known = sorted({*configured, *places.cameras(cursor, settings.site.name)})
    if camera not in known:
        listed = ", ".join(known)
        confirm(f'"{camera}" is none of the cameras ({listed}). Is it a new one?', False, NEW)


def filed(clips: Iterable["Clip"], zone: tzinfo) -> Iterator[str]:
    """From when to when, and as which camera, each camera's footage counts; a line each."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for clip in clips:
        end = clip.start + timedelta(seconds=clip.length_s)
        first, last = spans.get(clip.camera, (clip.start, end))
        spans[clip.camera] = (min(first, clip.start), max(last, end))

    for camera, (first, last) in spans.items():
        start = first.astimezone(zone)
        end = last.astimezone(zone)
        yield f"Filed from {start:%Y-%m-%d %X} to {end:%Y-%m-%d %X %Z} as camera {camera}."


def _rate_of(settings: Config, camera: str | None) -> float:
    """Pictures a second, as the configuration says for the camera of that name, if it has one."""
    return next((c.fps for c in settings.camera if c.name == camera), DEFAULT_FPS)


def _show_progress(clips: Iterable["Clip"], played: Iterable["Analysed"]) -> int:
    """Let a replay go on to its end, with a bar for each clip; returns how many pictures it had."""
    pictures = 0
    lengths_s = {clip: clip.length_s or PHOTOGRAPH_LENGTH_S for clip in clips}
    hidden = not sys.stderr.isatty()
    with Progress(console=Console(stderr=True), disable=hidden) as bars:
        tasks = {
            clip: bars.add_task(as_text(clip.path.name), total=length_s)
            for clip, length_s in lengths_s.items()
        }
        for analysed in played:
            pictures += 1
            bars.update(tasks[analysed.clip], completed=analysed.done_s)

        for clip, task in tasks.items():
            bars.update(task, completed=lengths_s[clip])
    return pictures


@click.command()
@click.argument("run", required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list."
)
@yes_option
@format_option
def unreplay(run: str | None, limit: int, yes: bool, form: str) -> None:
    """Take back a replay whole, or list those that can be.

    What it brought is gone, with people known only from it; RUN is its id, of which the first 8
    characters are enough.  Replaying the same again brings it again.
    """
    database = connect()
    if run is None:
        found = replaying.listed(database, limit)
        columns = ("replay_id", "ran_at", "files", "cameras", "filed_from", "filed_to", "sightings")
        return show(found, form, "Nothing was replayed.", columns, ReplayRun)

    loss = replaying.loss_of(database, run)
    people = ""
    if loss.gone:
        names = ", ".join(person.name for person in loss.gone)
        people = f", and of {names}, of whom nothing else is known"
    confirm(f"Take back {_counted(loss.sightings)}{people}?", yes)

    done = replaying.take_back(database, run, config())
    return say(f"Taken back: {_counted(done.sightings)}{people}.")


def _counted(sightings: int) -> str:
    return "1 sighting" if sightings == 1 else f"{sightings} sightings"
