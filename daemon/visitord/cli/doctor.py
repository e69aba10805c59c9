"""visitorctl doctor: looks at everything a box needs, and says what to do about what is wrong."""

import logging
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from visitord.cli.console import config, format_option, show
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.models import catalog
from visitord.models.opening import open_liveness_detectors, open_pack
from visitord.store import cameras, spool
from visitord.store.database import server_time
from visitord.store.opening import open_database

FREE_MIN_GB = 1
CLOCK_OFF_S = 2.0


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check configuration, disk, models, database, clock and cameras, and say what to do.

    Ends with 1 if anything is wrong.
    """
    settings, rows = config(), []
    for check in (_configuration, _disk, _models, _spool, _database, _cameras):
        name = check.__name__.removeprefix("_")
        try:
            problems = list(check(settings))
        except VisitordError as error:
            problems = [str(error)]
        rows += [{"check": name, "is": "wrong", "what": problem} for problem in problems]
        if not problems:
            rows.append({"check": name, "is": "right", "what": str(check.__doc__)})
        if check is _models and not problems:
            rows.append(_device(settings))
    show(rows, form, "", ("check", "is", "what"))
    raise SystemExit(any(row["is"] == "wrong" for row in rows))


def _configuration(settings: Config) -> Iterator[str]:
    """It can be read, and so can its secrets."""
    settings.require_secrets()
    if not settings.camera:
        yield "No camera is configured: put one into config.toml."


def _disk(settings: Config) -> Iterator[str]:
    """The state folder can be written and has room."""
    folder = next(p for p in (settings.state, *settings.state.parents) if p.exists())
    if not folder.is_dir():
        yield f"{folder} is a file: state_dir must name a folder."
    if not os.access(folder, os.W_OK):
        yield f"{folder} cannot be written: run this as the account it belongs to."
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < FREE_MIN_GB:
        yield f"{folder} has {free_gb:.1f} GB left: make room, or lower crops.max_mb."


def _models(settings: Config) -> Iterator[str]:
    """The model pack is installed and undamaged, and so are the liveness networks, where a camera
    asks for them.
    """
    pack = settings.models.pack
    if problem := catalog.check(
        pack, catalog.folder_of(pack, settings.models_dir, settings.folder)
    ):
        yield problem
    open_liveness_detectors(settings)


def _device(settings: Config) -> dict[str, str]:
    """What the models run on in fact, and why not on what was wanted."""
    from visitord.models.device import CPU, choose

    chosen = choose(settings.models.device)
    wanted, problem = chosen.wanted, chosen.problem
    logging.disable(logging.WARNING)  # which would say the same
    runs_on = open_pack(settings).runs_on
    why = (
        "; the installed onnxruntime knows no accelerator"
        if wanted == "auto" and chosen.provider == CPU
        else ""
    )
    what = problem or f"models.device is {wanted}: {runs_on}{why}."
    return {"check": "device", "is": "wrong" if problem else "right", "what": what}


def _spool(settings: Config) -> Iterator[str]:
    """Nothing waits for the database, and nothing was lost."""
    waits = spool.waiting(settings.spool_file)
    if waits.sightings:
        yield f"{waits.sightings} sightings wait for the database: the daemon's log says why."
    if waits.refused:
        yield f"{waits.refused} sightings were refused by the database and are kept in {settings.spool_file}."
    if waits.lost_sightings or waits.lost_pictures:
        lost = f"{waits.lost_sightings} sightings and {waits.lost_pictures} pictures"
        yield f"{lost} were lost for want of room: raise spool.max_mb."


def _database(settings: Config) -> Iterator[str]:
    """It answers, has this version's schema, and its clock agrees."""
    with open_database(settings).transaction() as cursor:
        off_s = (datetime.now(UTC) - server_time(cursor)).total_seconds()
    if abs(off_s) > CLOCK_OFF_S:
        yield f"This box's clock is {off_s:+.0f} s off the database's: set up NTP on both."


def _cameras(settings: Config) -> Iterator[str]:
    """All are live."""
    if not settings.camera:
        return
    with open_database(settings).transaction() as cursor:
        reported = {
            state.camera: state
            for state in cameras.states(cursor)
            if state.site == settings.site.name
        }
    for camera in settings.camera:
        known = reported.get(camera.name)
        if known and known.box not in (None, settings.box):
            yield f"Camera {camera.name} is also the name of one that box {known.box} reads: give it another."
        elif camera.enabled and known is None:
            why = "no daemon has reported it; start visitord run"
            yield f"Camera {camera.name} is unknown: {why}."
        elif camera.enabled and known and known.state not in ("live", "ended"):
            yield f"Camera {camera.name} is {known.state}: {known.reason.rstrip('.')}."
