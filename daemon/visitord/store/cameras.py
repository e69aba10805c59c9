"""Writes and reads what the daemons report of their cameras."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from visitord.store.database import Database


class Report(Protocol):
    """What is written of a camera; see visitord.vision.camera.Health."""

    @property
    def camera(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def last_frame_at(self) -> datetime | None: ...
    @property
    def fps(self) -> float: ...
    @property
    def dropped(self) -> int: ...
    @property
    def reconnects(self) -> int: ...
    @property
    def stream(self) -> str: ...


def report(database: Database, site: str, cameras: Sequence[Report], now: datetime) -> None:
    """Replace the last report of each camera of this site."""
    with database.transaction() as cursor:
        for c in cameras:
            cursor.execute(
                "insert into camera "
                "(site, camera, state, reason, last_frame_at, fps, dropped, reconnects, stream, reported_at) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (site, camera) do update set "
                "state = excluded.state, reason = excluded.reason, "
                "last_frame_at = coalesce(excluded.last_frame_at, camera.last_frame_at), fps = excluded.fps, "
                "dropped = excluded.dropped, reconnects = excluded.reconnects, stream = excluded.stream, "
                "reported_at = excluded.reported_at",
                (
                    site,
                    c.camera,
                    str(c.state),
                    c.reason[:1000],
                    c.last_frame_at,
                    c.fps,
                    c.dropped,
                    c.reconnects,
                    c.stream[:1000],
                    now,
                ),
            )
