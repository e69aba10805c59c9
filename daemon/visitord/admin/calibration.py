"""How well people are told apart at a site, and what is applied of that."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visitord.core.accounts import account_name
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.identity import calibration
from visitord.identity.calibration import Calibration, Outcome, Sample
from visitord.service.thresholds import rule_in_force
from visitord.store import calibration as stored
from visitord.store.database import Database

if TYPE_CHECKING:  # its libraries take seconds to import
    from visitord.models.pack import Pack


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """A site's own scores, and what follows from them."""

    sample: Sample
    result: Calibration


@dataclass(frozen=True, slots=True)
class Applied:
    """What holds at a site from now on; overruled: the configuration goes before what follows.

    dims: as `Separation` has it.
    """

    dims: float
    overruled: bool


def measure(database: Database, config: Config, pack: "Pack", rate: float) -> SiteCalibration:
    """What the rule in force brings at this site, and how well people are told apart here.

    Parameters
    ----------
    database : Database
        Read in one transaction.
    config : Config
        Of the box, with its site and what it promises.
    pack : Pack
        The one whose scores are meant.
    rate : float
        The share of pairs of people at whose similarity theirs are measured, 0..1.
    """
    centre = np.zeros(pack.dim, np.float32) if pack.centre is None else pack.centre
    with database.transaction() as cursor:
        sample = stored.sample(cursor, config.site.name, pack.fingerprint, centre)
    in_force = rule_in_force(config, pack, database)
    return SiteCalibration(sample, calibration.calibrate(sample, in_force, pack.separation, rate))


def apply(
    database: Database, config: Config, pack: "Pack", proposed: Outcome | None, clock: Clock
) -> Applied:
    """Let what was measured hold at this site, for running daemons from their next start.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    config : Config
        Of the box, with its site and what it promises.
    pack : Pack
        The one it is about.
    proposed : Outcome or None
        What `measure` proposed.
    clock : Clock
        Its time is noted with it.

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
    site = config.site.name
    by = account_name()
    with database.transaction() as cursor:
        stored.apply(cursor, site, pack.fingerprint, proposed.dims, by, clock.now())

    return Applied(proposed.dims, overruled=config.models.match is not None)
