"""What daemons report of their cameras."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from visitord.store import events, statements
from visitord.store.database import Cursor
from visitord.store.events import CameraChange

if TYPE_CHECKING:  # it needs the libraries that decode pictures
    from visitord.capture.health import Health

_SQL = statements.load("cameras")

KEEP = timedelta(days=366)  # of what cameras were like: last year's footfall can be explained


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera as its daemon last reported it, `gone` where no daemon has for a while."""

    camera: str
    site: str
    box: str | None
    state: str
    stream: str
    fps: float
    dropped: int
    reconnects: int
    last_frame_at: datetime | None
    reason: str
    timezone: str


@dataclass(frozen=True, slots=True)
class ReadElsewhere:
    """A camera whose name another box reports too."""

    camera: str
    box: str


@dataclass(frozen=True, slots=True)
class _Reported:
    """A report that was taken, with a change of state that was noted for it, if there was one."""

    changed_at: datetime | None
    state: str | None
    reason: str | None


def states(cursor: Cursor) -> list[CameraState]:
    """Every camera of every site."""
    return statements.fetch_all(cursor, CameraState, _SQL["states"])


def report(cursor: Cursor, site: str, box: str, cameras: "Sequence[Health]") -> list[ReadElsewhere]:
    """Replace the last report of each camera of a site, and note each change of state.

    Parameters
    ----------
    cursor : of an open transaction
    site, box : whose cameras these are
    cameras : how they are now

    Returns
    -------
    Those that another box reports at this time, which are left to it.
    """
    elsewhere = []
    for camera in cameras:
        values = {**asdict(camera), "site": site, "box": box}
        reported = statements.fetch_all(cursor, _Reported, _SQL["report"], values)
        for change in reported:
            _tell(cursor, site, box, camera.camera, change)
        if reported:
            continue

        key = {"site": site, "camera": camera.camera}
        other = statements.fetch_value(cursor, _SQL["reporting_box"], key)
        elsewhere.append(ReadElsewhere(camera.camera, other))
    return elsewhere


def _tell(cursor: Cursor, site: str, box: str, camera: str, change: _Reported) -> None:
    if change.changed_at is None or change.state is None:
        return
    why = change.reason or ""
    events.camera_changed(
        cursor, CameraChange(site, box, camera, change.changed_at, change.state, why)
    )


def sweep(cursor: Cursor, now: datetime) -> None:
    """Drop the states that cameras left before `KEEP`."""
    cursor.execute(_SQL["sweep"], {"before": now - KEEP})
