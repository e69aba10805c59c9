"""How similar is similar enough at a site."""

from dataclasses import replace
from typing import TYPE_CHECKING

from visitord.core.config import Config
from visitord.identity.thresholds import MatchRule
from visitord.store import calibration
from visitord.store.database import Database

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.pack import Pack


def rule_in_force(config: Config, pack: "Pack", database: Database) -> MatchRule:
    """The rule by what is known of the recogniser, at best measured at this very site.

    Parameters
    ----------
    config
        Its `models.strangers` is the promise; a `models.match` goes before whatever follows from
        that.
    pack
        The recogniser, with how well it tells people apart in general.
    database
        Holds what `visitorctl calibrate --apply` found of it at this site.

    Raises
    ------
    DatabaseError
        When the database cannot be asked.
    """
    with database.transaction() as cursor:
        applied = calibration.applied(cursor, config.site.name, pack.fingerprint)

    separation = pack.separation
    if applied is not None:
        separation = replace(separation, dims=applied)
    return MatchRule(separation, config.models.strangers, config.models.match)
