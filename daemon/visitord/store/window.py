"""Which part of the log a listing is about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """What ended after `since`, began before `until`, was seen by `camera` at `site`; None: any."""

    since: datetime | None = None
    until: datetime | None = None
    camera: str | None = None
    site: str | None = None
