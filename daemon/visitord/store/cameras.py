"""Writes what the daemons report of their cameras."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from visitord.store.database import SQL, Database


def report(database: Database, site: str, cameras: Sequence[Any]) -> None:
    """Replace the last report of each camera of this site; `cameras` are `visitord.vision.camera.Health`."""
    with database.transaction() as cursor:
        cursor.executemany(SQL["report_camera"], [{**asdict(camera), "site": site} for camera in cameras])
