"""Writes what the daemons report of their cameras."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from visitord.store.database import Database


def report(database: Database, site: str, cameras: Sequence[Any]) -> None:
    """Replace the last report of each camera of this site; `cameras` are `visitord.vision.camera.Health`."""
    with database.transaction() as cursor:
        cursor.executemany(
            "insert into camera as old "
            "(site, camera, state, reason, last_frame_at, fps, dropped, reconnects, stream, reported_at) "
            "values (%(site)s, %(camera)s, %(state)s, left(%(reason)s, 1000), %(last_frame_at)s, %(fps)s, %(dropped)s, "
            "%(reconnects)s, left(%(stream)s, 1000), now()) on conflict (site, camera) do update set "
            "state = excluded.state, reason = excluded.reason, fps = excluded.fps, dropped = excluded.dropped, "
            "last_frame_at = coalesce(excluded.last_frame_at, old.last_frame_at), reconnects = excluded.reconnects, "
            "stream = excluded.stream, reported_at = excluded.reported_at",
            [{**asdict(camera), "site": site} for camera in cameras],
        )
