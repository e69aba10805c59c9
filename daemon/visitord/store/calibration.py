"""Reads how alike a site's sightings are, and keeps the thresholds chosen for it."""

from datetime import datetime

import numpy as np

from visitord.identity.calibrate import Sample
from visitord.store.database import Cursor


def sample(cursor: Cursor, site: str, pack: str) -> Sample:
    """The newest 100,000 scores of each kind (more say little more), faces that never move left out."""
    own = "({0}.site, {0}.pack, {0}.static) = (%(site)s, %(pack)s, false)".format
    cursor.execute(
        "with pair as (select distinct least(sighting_id, other_id) as a, greatest(sighting_id, other_id) as b "
        "from together), met as materialized (select a.embedding as x, b.embedding as y, "
        "coalesce(i.root_id, a.sighting_id) as one, coalesce(j.root_id, b.sighting_id) as other from pair "
        "join sighting a on a.sighting_id = pair.a left join identity i on i.identity_id = a.identity_id "
        "join sighting b on b.sighting_id = pair.b left join identity j on j.identity_id = b.identity_id "
        f"where {own('a')} and {own('b')} order by a.started_at desc limit 100000) "
        "select array(select (select sum(p.x::float8 * p.y) from unnest(x, y) p(x, y)) from met), "
        "(select count(distinct (least(one, other), greatest(one, other))) from met), array(select agreement::float8 "
        f"from sighting g where {own('g')} and agreement is not null order by started_at desc limit 100000), "
        f"(select count(distinct root_id) from sighting g join identity using (identity_id) where {own('g')})",
        {"site": site, "pack": pack},
    )
    different, couples, same, known = cursor.fetchone() or ([], 0, [], 0)
    return Sample(np.array(different, float), couples, np.array(same, float), known)


def chosen(cursor: Cursor, site: str, pack: str) -> tuple[float, float] | None:
    """The match and new thresholds applied for this site and recogniser, if any."""
    cursor.execute("select match, new from calibration where site = %s and pack = %s", (site, pack))
    return cursor.fetchone()


def choose(cursor: Cursor, site: str, pack: str, match: float, new: float, by: str, now: datetime) -> None:
    """Apply thresholds for this site and recogniser, in place of any before."""
    cursor.execute(
        "insert into calibration (site, pack, match, new, applied_by, applied_at) values %(row)s on conflict "
        "(site, pack) do update set (site, pack, match, new, applied_by, applied_at) = row(excluded.*)",
        {"row": (site, pack, match, new, by, now)},
    )
