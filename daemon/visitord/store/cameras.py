"""What daemons report of their cameras."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from visitord.store import statements
from visitord.store.database import Cursor

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
        if statements.fetch_value(cursor, _SQL["report"], values):
            continue

        key = {"site": site, "camera": camera.camera}
        other = statements.fetch_value(cursor, _SQL["reporting_box"], key)
        elsewhere.append(ReadElsewhere(camera.camera, other))
    return elsewhere


def sweep(cursor: Cursor, now: datetime) -> None:
    """Drop the states that cameras left before `KEEP`."""
    cursor.execute(_SQL["sweep"], {"before": now - KEEP})
