"""How well people are told apart at a site, and the thresholds that hold there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.identity import calibration
from visitord.identity.calibration import Calibration, Outcome, Sample
from visitord.service.thresholds import thresholds_in_force
from visitord.store import calibration as stored
from visitord.store.calibration import AppliedThresholds
from visitord.store.database import Database
from visitord.store.embedded import account_name

if TYPE_CHECKING:  # its libraries take seconds to import
    from visitord.models.pack import Pack


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """A site's own scores, and what follows from them."""

    sample: Sample
    result: Calibration


@dataclass(frozen=True, slots=True)
class Applied:
    """Thresholds that hold at a site from now on; overruled: the configuration goes before them."""

    thresholds: AppliedThresholds
    overruled: bool


def measure(database: Database, config: Config, pack: "Pack", rate: float) -> SiteCalibration:
    """What the thresholds in force bring at this site, and which would have a wanted rate.

    Parameters
    ----------
    database : Database
        Read in one transaction.
    config : Config
        Of the box, with its site and its thresholds.
    pack : Pack
        The one whose scores are meant.
    rate : float
        At which two people may pass for one, 0..1.
    """
    with database.transaction() as cursor:
        sample = stored.sample(cursor, config.site.name, pack.fingerprint)
    in_force = thresholds_in_force(config, pack, database)
    return SiteCalibration(sample, calibration.calibrate(sample, in_force, pack.thresholds, rate))


def apply(
    database: Database, config: Config, pack: "Pack", proposed: Outcome | None, clock: Clock
) -> Applied:
    """Let proposed thresholds hold at this site, for running daemons from their next start.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    config : Config
        Of the box, with its site and its thresholds.
    pack : Pack
        The one they are for.
    proposed : Outcome or None
        What `measure` proposed.
    clock : Clock
        Its time is noted with them.

    Raises
    ------
    VisitordError
        Nothing was proposed.
    """
    if proposed is None:
        raise VisitordError(
            "There is no proposal to apply.",
            advice="wait until more people are seen together or raise --rate.",
            joint=": ",
        )
    thresholds = AppliedThresholds(proposed.match, proposed.new)
    site = config.site.name
    by = account_name()
    with database.transaction() as cursor:
        stored.apply(cursor, site, pack.fingerprint, thresholds, by, clock.now())

    given = (config.models.match, config.models.new)
    return Applied(thresholds, overruled=given != (None, None))
