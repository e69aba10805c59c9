"""The scores that a site's thresholds are judged by, read from the database."""

import numpy as np

from visitord.identity.calibration import Sample
from visitord.store import reports
from visitord.store.database import Cursor


def read_sample(cursor: Cursor, site: str, pack: str) -> Sample:
    """The newest 100,000 scores of each kind (more say little more).

    Faces that never move are left out.

    Parameters
    ----------
    cursor
        Of a transaction.
    site
        The site's name.
    pack
        The fingerprint of the pack; other packs' scores do not compare with its.
    """
    (row,) = reports.rows(cursor, "calibration_sample", site=site, pack=pack)
    return Sample(
        different=np.array(row["different"], float),
        couples=row["couples"],
        same=np.array(row["same"], float),
        identities=row["identities"],
    )
