"""The thresholds in force at a site."""

from dataclasses import replace
from typing import TYPE_CHECKING

from visitord.core.config import Config
from visitord.core.errors import ConfigError
from visitord.core.records import Thresholds
from visitord.store import calibration
from visitord.store.database import Database

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.pack import Pack


def thresholds_in_force(config: Config, pack: "Pack", database: Database) -> Thresholds:
    """The configuration's, else those applied for the site, else the pack's.

    Parameters
    ----------
    config
        Its `models.match` and `models.new` come before anything else.
    pack
        The recogniser, with the thresholds measured for it.
    database
        Holds what `visitorctl calibrate --apply` chose for this site and recogniser.

    Returns
    -------
    Thresholds
        Of which `merge` and `certain` are never below `match`.

    Raises
    ------
    ConfigError
        When the configured `models.new` contradicts the match in force.
    DatabaseError
        When the database cannot be asked.
    """
    measured = pack.thresholds
    with database.transaction() as cursor:
        applied = calibration.applied(cursor, config.site.name, pack.fingerprint)
    base = applied or measured

    match = base.match
    if config.models.match is not None:
        match = config.models.match
    new = min(base.new, match)
    if config.models.new is not None:
        new = config.models.new

    try:
        return replace(
            measured,
            match=match,
            new=new,
            merge=max(measured.merge, match),
            certain=max(measured.certain, match),
        )
    except ValueError as error:
        raise ConfigError(
            f"models.new {new:g} contradicts the match in force, {match:g}: {error}."
        ) from None
