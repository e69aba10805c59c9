"""Which part of the log a listing is about."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """What ended after `since`, began before `until`, was seen by `camera` at `site`; None: any.

    groups: of people in one of these, if it names any.  not_groups: of people in none of these.
    """

    since: datetime | None = None
    until: datetime | None = None
    camera: str | None = None
    site: str | None = None
    groups: list[str] = field(default_factory=list)
    not_groups: list[str] = field(default_factory=list)
