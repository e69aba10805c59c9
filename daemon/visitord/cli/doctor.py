"""visitorctl doctor: looks at everything a box needs, and says what to do about what is wrong."""

import contextlib
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
from visitord.core.accounts import account_name
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig, Config
from visitord.core.errors import SecretUnseenError, VisitordError
from visitord.models import catalog, installed
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.service import state
from visitord.store import cameras, spool
from visitord.store.cameras import CameraState
from visitord.store.database import server_time
from visitord.store.opening import open_database

FREE_MIN_GB = 1
CLOCK_OFF_S = 2.0
_AGAIN = "run doctor as the account of the service."


@dataclass(frozen=True, slots=True)
class _Unseen:
    """What could not be looked at from here, and who can, in a sentence or two."""

    what: str


_Finding = str | _Unseen  # what is wrong, or that


@dataclass(frozen=True, slots=True)
class _Check:
    """What is looked at, what is said where nothing is wrong, and what finds what is wrong."""

    name: str
    right: str | Callable[[Config], str]
    findings: Callable[[Config], Iterator[_Finding]]

    def said_right(self, settings: Config) -> str:
        """What was looked at and found right."""
        return self.right if isinstance(self.right, str) else self.right(settings)


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check configuration, disk, models, database, clock and cameras, and say what to do.

    What only the account of the service can look at is "unseen".  Ends with 1 if anything is wrong;
    a warning alone is none.
    """
    settings = config()
    rows = [_row("precautions", "warning", warning) for warning in precautions.warnings(settings)]
    for check in CHECKS:
        findings = _findings(check, settings)
        rows += [_row_of(check.name, finding) for finding in findings]
        if not findings:
            rows.append(_row(check.name, "right", check.said_right(settings)))
        if check is MODELS and not findings:
            rows.append(_device(settings))

    show(rows, form, "", ("check", "is", "what"))
    raise SystemExit(any(row["is"] == "wrong" for row in rows))


def _row(check: str, verdict: str, what: str) -> dict[str, str]:
    return {"check": check, "is": verdict, "what": what}


def _row_of(check: str, finding: _Finding) -> dict[str, str]:
    if isinstance(finding, _Unseen):
        return _row(check, "unseen", finding.what)
    return _row(check, "wrong", finding)


def _findings(check: _Check, settings: Config) -> list[_Finding]:
    """What a check finds; one that cannot be made is a finding too."""
    try:
        return list(check.findings(settings))
    except PermissionError as error:
        return [_Unseen(f"{_closed(error.filename)}: {_AGAIN}")]
    except VisitordError as error:
        return [_judged(error, settings)]


def _judged(error: VisitordError, settings: Config) -> _Finding:
    """What an error tells: that something is wrong, or that others can see what this cannot."""
    if not isinstance(error, SecretUnseenError):
        return str(error)
    if error.refused:
        return _Unseen(f"{error} {_closed('It')}: {_AGAIN}")
    if _does_daemon_run(settings):
        return _Unseen(f"{error} The daemon that runs was given it, or it would not have started.")
    return f"{error} If systemd gives it to the service, that alone sees it, and its log tells."


def _closed(what: object) -> str:
    return f"{what} is closed to this account ({account_name()})"


def _is_closed(settings: Config) -> bool:
    """Whether this account may not enter the state folder."""
    return settings.state.is_dir() and not os.access(settings.state, os.X_OK)


def _hidden_database(settings: Config) -> _Unseen | None:
    """What to say where the database lies in a state folder that is closed to this account."""
    if settings.database_url() == "embedded" and _is_closed(settings):
        return _Unseen(f"{_closed(settings.state)}, and the database is in it: {_AGAIN}")
    return None


def _does_daemon_run(settings: Config) -> bool:
    """Whether one answers on this box."""
    with contextlib.suppress(VisitordError, OSError):
        return state.ask(settings.state) is not None
    return False


def _configuration(settings: Config) -> Iterator[_Finding]:
    for problem in settings.secret_problems():
        yield _judged(problem, settings)
    if not settings.camera:
        yield "No camera is configured: put one into config.toml."


def _disk(settings: Config) -> Iterator[_Finding]:
    folder = next(p for p in (settings.state, *settings.state.parents) if p.exists())
    owner = folder.stat().st_uid
    if not folder.is_dir():
        yield f"{folder} is a file: state_dir must name a folder."
    elif os.access(folder, os.W_OK):
        pass
    elif owner == os.geteuid():
        yield f"{folder} cannot be written: its mode or its file system forbids it."
    else:
        yield _Unseen(f"{folder} is written by {account_name(owner)} alone: {_AGAIN}")

    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < FREE_MIN_GB:
        yield f"{folder} has {free_gb:.1f} GB left: make room, or lower crops.max_mb."


def _models(settings: Config) -> Iterator[_Finding]:
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


def _spool(settings: Config) -> Iterator[_Finding]:
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


def _threads(settings: Config) -> Iterator[_Finding]:
    if _is_closed(settings):
        yield _Unseen(f"{_closed(settings.state)}, so no daemon could be asked: {_AGAIN}")
        return
    running = state.ask(settings.state)
    for stage in running.hanging() if running else ():
        quiet = f"The daemon's {stage.stage} thread has made no progress for {stage.quiet_s:.0f} s"
        yield f"{quiet}: look at the disk and at the daemon's log; it ends by itself if that hangs."


def _running(settings: Config) -> str:
    """What was looked at where nothing hangs."""
    if state.ask(settings.state) is None:
        return "None runs on this box, so none was looked at."
    return "Its threads go on."


def _database(settings: Config) -> Iterator[_Finding]:
    if hidden := _hidden_database(settings):
        yield hidden
        return
    with open_database(settings).transaction() as cursor:
        off_s = (Clock().now() - server_time(cursor)).total_seconds()
    if abs(off_s) > CLOCK_OFF_S:
        yield f"This box's clock is {off_s:+.0f} s off the database's: set up NTP on both."


def _cameras(settings: Config) -> Iterator[_Finding]:
    if not settings.camera:
        return
    if hidden := _hidden_database(settings):
        yield hidden
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


def _camera(
    settings: Config, camera: CameraConfig, known: CameraState | None
) -> Iterator[_Finding]:
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
