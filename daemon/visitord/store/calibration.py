"""How alike a site's own sightings are, and what was applied of that."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

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
class _Applied:
    """What was applied for a site."""

    dims: float


def sample(cursor: Cursor, site: str, pack: str, centre: NDArray[np.float32]) -> Sample:
    """The newest scores by one recogniser at a site.

    100,000 of each kind, for more say little more; faces that never move are left out.

    Parameters
    ----------
    cursor : of an open transaction
    site : its name
    pack : the recogniser's fingerprint; other ones' scores do not compare with its
    centre : (d,) what all faces have in common to it, zeros where nothing
    """
    values = {"site": site, "pack": pack, "centre": centre.tolist()}
    (found,) = statements.fetch_all(cursor, _Scores, _SQL["sample"], values)
    return Sample(
        different=np.array(found.different, float),
        couples=found.couples,
        same=np.array(found.same, float),
        identities=found.identities,
    )


def applied(cursor: Cursor, site: str, pack: str) -> float | None:
    """The dimensions applied for a site and the recogniser of that fingerprint, if any."""
    values = {"site": site, "pack": pack}
    found = statements.fetch_one(cursor, _Applied, _SQL["applied"], values)
    return found.dims if found else None


def apply(cursor: Cursor, site: str, pack: str, dims: float, by: str, now: datetime) -> None:
    """Let a measured separation hold, in place of any before.

    Parameters
    ----------
    cursor : of an open transaction
    site, pack : for whose sightings, by the recogniser of which fingerprint
    dims : as `Separation` has it
    by, now : the account that says so, and when
    """
    values = {"site": site, "pack": pack, "dims": dims, "by": by, "now": now}
    cursor.execute(_SQL["apply"], values)
