"""How alike a site's own sightings are, and the thresholds that were chosen from that."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from visitord.identity.calibration import Sample
from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("calibration")


@dataclass(frozen=True, slots=True)
class _Scores:
    """The columns of a `Sample`, as the driver gives them."""

    different: list[float]
    couples: int
    same: list[float]
    identities: int


@dataclass(frozen=True, slots=True)
class AppliedThresholds:
    """What holds at a site instead of the pack's own, cosine similarities."""

    match: float
    new: float


def sample(cursor: Cursor, site: str, pack: str) -> Sample:
    """The newest scores by one recogniser at a site.

    100,000 of each kind, for more say little more; faces that never move are left out.

    Parameters
    ----------
    cursor : of an open transaction
    site : its name
    pack : the recogniser's fingerprint; other ones' scores do not compare with its
    """
    values = {"site": site, "pack": pack}
    (found,) = statements.fetch_all(cursor, _Scores, _SQL["sample"], values)
    return Sample(
        different=np.array(found.different, float),
        couples=found.couples,
        same=np.array(found.same, float),
        identities=found.identities,
    )


def applied(cursor: Cursor, site: str, pack: str) -> AppliedThresholds | None:
    """The thresholds applied for a site and the recogniser of that fingerprint, if any."""
    values = {"site": site, "pack": pack}
    return statements.fetch_one(cursor, AppliedThresholds, _SQL["applied"], values)


def apply(
    cursor: Cursor, site: str, pack: str, thresholds: AppliedThresholds, by: str, now: datetime
) -> None:
    """Let thresholds hold, in place of any before.

    Parameters
    ----------
    cursor : of an open transaction
    site, pack : for whose sightings, by the recogniser of which fingerprint
    thresholds : what is to hold
    by, now : the account that says so, and when
    """
    values = {
        "site": site,
        "pack": pack,
        "match": thresholds.match,
        "new": thresholds.new,
        "by": by,
        "now": now,
    }
    cursor.execute(_SQL["apply"], values)
