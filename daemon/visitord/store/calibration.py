"""How alike a site's own sightings are, and the thresholds that were chosen from that."""

from dataclasses import dataclass
from datetime import datetime

from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("calibration")


@dataclass(frozen=True, slots=True)
class ScoreSample:
    """Cosine similarities at a site: of two people in one picture, and of one within one sighting.

    couples: how many pairs of people `different` comes from.  identities: how many are known.
    """

    different: list[float]
    couples: int
    same: list[float]
    identities: int


@dataclass(frozen=True, slots=True)
class AppliedThresholds:
    """What holds at a site instead of the pack's own, cosine similarities."""

    match: float
    new: float


def sample(cursor: Cursor, site: str, pack: str) -> ScoreSample:
    """The newest scores by one recogniser at a site.

    100,000 of each kind, for more say little more; faces that never move are left out.

    Parameters
    ----------
    cursor : of an open transaction
    site : its name
    pack : the recogniser's fingerprint
    """
    values = {"site": site, "pack": pack}
    (found,) = statements.fetch_all(cursor, ScoreSample, _SQL["sample"], values)
    return found


def applied(cursor: Cursor, site: str, pack: str) -> AppliedThresholds | None:
    """The thresholds that were applied for a site and the recogniser of that fingerprint, if any."""
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
