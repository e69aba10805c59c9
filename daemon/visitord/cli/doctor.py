"""visitorctl doctor: looks at everything a box needs, and says what to do about what is wrong."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from visitord.cli.configuration import config
from visitord.cli.listing import show
from visitord.cli.options import format_option
from visitord.core import precautions
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import VisitordError
from visitord.models import catalog, installed
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.service import state
from visitord.store import cameras, spool
from visitord.store.cameras import CameraState
from visitord.store.database import server_time
from visitord.store.opening import open_database

FREE_MIN_GB = 1
CLOCK_OFF_S = 2.0


@dataclass(frozen=True, slots=True)
class _Check:
    """What is looked at, what is said where nothing is wrong, and what finds what is wrong."""

    name: str
    right: str | Callable[[Config], str]
    problems: Callable[[Config], Iterator[str]]

    def said_right(self, settings: Config) -> str:
        """What was looked at and found right."""
        return self.right if isinstance(self.right, str) else self.right(settings)


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check configuration, disk, models, database, clock and cameras, and say what to do.

    Ends with 1 if anything is wrong; a warning alone is none.
    """
    settings = config()
    rows = [_row("precautions", "warning", warning) for warning in precautions.warnings(settings)]
    for check in CHECKS:
        problems = _problems(check, settings)
        rows += [_row(check.name, "wrong", problem) for problem in problems]
        if not problems:
            rows.append(_row(check.name, "right", check.said_right(settings)))
        if check is MODELS and not problems:
            rows.append(_device(settings))

    show(rows, form, "", ("check", "is", "what"))
    raise SystemExit(any(row["is"] == "wrong" for row in rows))


def _row(check: str, verdict: str, what: str) -> dict[str, str]:
    return {"check": check, "is": verdict, "what": what}


def _problems(check: _Check, settings: Config) -> list[str]:
    """What a check finds; one that cannot be made is a problem too."""
    try:
        return list(check.problems(settings))
    except VisitordError as error:
        return [str(error)]


def _configuration(settings: Config) -> Iterator[str]:
    settings.require_secrets()
    if not settings.camera:
        yield "No camera is configured: put one into config.toml."


def _disk(settings: Config) -> Iterator[str]:
    folder = next(p for p in (settings.state, *settings.state.parents) if p.exists())
    if not folder.is_dir():
        yield f"{folder} is a file: state_dir must name a folder."
    if not os.access(folder, os.W_OK):
        yield f"{folder} cannot be written: run this as the account it belongs to."

    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < FREE_MIN_GB:
        yield f"{folder} has {free_gb:.1f} GB left: make room, or lower crops.max_mb."


def _models(settings: Config) -> Iterator[str]:
    pack = settings.models.pack
    folder = catalog.folder_of(pack, settings.models_dir, settings.folder)
    if problem := catalog.check(pack, folder) or installed.check(settings, pack, folder):
        yield problem
    elif not installed.is_noted(settings, pack, folder):
        known = "nobody knows what its files should be"
        yield f"The model pack in {folder} was not installed here, and {known}: {_install(pack)}."
    open_liveness_detectors(settings)


def _install(pack: str) -> str:
    return f"if you trust it, run: visitord models install {pack}"


def _device(settings: Config) -> dict[str, str]:
    """What the models run on in fact, and why not on what was wanted."""
    from visitord.models.device import CPU, choose

    chosen = choose(settings.models.device)
    logging.disable(logging.WARNING)  # which would say the same
    runs_on = open_pack(settings).runs_on
    if chosen.problem:
        return _row("device", "wrong", chosen.problem)

    what = f"models.device is {chosen.wanted}: {runs_on}"
    if chosen.wanted == "auto" and chosen.provider == CPU:
        what += "; the installed onnxruntime knows no accelerator"
    return _row("device", "right", f"{what}.")


def _spool(settings: Config) -> Iterator[str]:
    waits = spool.waiting(settings.spool_file)
    if waits.sightings:
        yield f"{waits.sightings} sightings wait for the database: the daemon's log says why."
    if waits.refused:
        kept = f"are kept in {settings.spool_file}"
        yield f"{waits.refused} sightings were refused by the database and {kept}."
    if waits.lost_sightings or waits.lost_pictures:
        lost = f"{waits.lost_sightings} sightings and {waits.lost_pictures} pictures"
        yield f"{lost} were lost for want of room: raise spool.max_mb."
    if waits.expired:
        yield f"{waits.expired} sightings were lost, for they waited longer than spool.keep."


def _threads(settings: Config) -> Iterator[str]:
    running = state.ask(settings.state)
    for stage in running.hanging() if running else ():
        quiet = f"The daemon's {stage.stage} thread has made no progress for {stage.quiet_s:.0f} s"
        yield f"{quiet}: look at the disk and at the daemon's log; it ends by itself if that hangs."


def _running(settings: Config) -> str:
    """What was looked at where nothing hangs."""
    if state.ask(settings.state) is None:
        return "None runs on this box, so none was looked at."
    return "Its threads go on."


def _database(settings: Config) -> Iterator[str]:
    with open_database(settings).transaction() as cursor:
        off_s = (Clock().now() - server_time(cursor)).total_seconds()
    if abs(off_s) > CLOCK_OFF_S:
        yield f"This box's clock is {off_s:+.0f} s off the database's: set up NTP on both."


def _cameras(settings: Config) -> Iterator[str]:
    if not settings.camera:
        return
    with open_database(settings).transaction() as cursor:
        states = cameras.states(cursor)
    reported = {state.camera: state for state in states if state.site == settings.site.name}
    for camera in settings.camera:
        yield from _camera(settings, camera, reported.get(camera.name))


def _watched(settings: Config) -> str:
    """What was looked at where no camera is in trouble."""
    enabled = [camera for camera in settings.camera if camera.enabled]
    if not enabled:
        return "None is configured and enabled, so none was looked at."
    if len(enabled) == 1:
        return "The one that is enabled is live, or has played to its end."
    return f"All {len(enabled)} that are enabled are live, or have played to their end."


def _camera(settings: Config, camera: CameraConfig, known: CameraState | None) -> Iterator[str]:
    if known and known.box not in (None, settings.box):
        whose = f"that box {known.box} reads"
        yield f"Camera {camera.name} is also the name of one {whose}: give it another."
    elif not camera.enabled:
        return
    elif known is None:
        why = "no daemon has reported it; start visitord run"
        yield f"Camera {camera.name} is unknown: {why}."
    elif known.state not in ("live", "ended"):
        yield f"Camera {camera.name} is {known.state}: {known.reason.rstrip('.')}."


CONFIGURATION = _Check("configuration", "It can be read, and so can its secrets.", _configuration)
MODELS = _Check(
    "models",
    "The model pack is installed and undamaged, and so are the liveness networks, where a camera "
    "asks for them.",
    _models,
)
CHECKS = (
    CONFIGURATION,
    _Check("disk", "The state folder can be written and has room.", _disk),
    MODELS,
    _Check("spool", "Nothing waits for the database, and nothing was lost.", _spool),
    _Check("database", "It answers, has this version's schema, and its clock agrees.", _database),
    _Check("daemon", _running, _threads),
    _Check("cameras", _watched, _cameras),
)
