"""Reads how alike a site's sightings are, and keeps the thresholds chosen for it."""

from datetime import datetime

import numpy as np

from visitord.identity.calibrate import Sample
from visitord.store.database import SQL, Cursor


def sample(cursor: Cursor, site: str, pack: str) -> Sample:
    """The newest 100,000 scores of each kind (more say little more), faces that never move left out."""
    cursor.execute(SQL["calibration_sample"], {"site": site, "pack": pack})
    different, couples, same, known = cursor.fetchone() or ([], 0, [], 0)
    return Sample(np.array(different, float), couples, np.array(same, float), known)


def chosen(cursor: Cursor, site: str, pack: str) -> tuple[float, float] | None:
    """The match and new thresholds applied for this site and recogniser, if any."""
    cursor.execute(SQL["chosen_thresholds"], (site, pack))
    return cursor.fetchone()


def choose(cursor: Cursor, site: str, pack: str, match: float, new: float, by: str, now: datetime) -> None:
    """Apply thresholds for this site and recogniser, in place of any before."""
    cursor.execute(SQL["choose_thresholds"], {"row": (site, pack, match, new, by, now)})
