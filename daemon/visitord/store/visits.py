"""Keeps the visit table equal to what the sightings say; touches only the stretch of time that changed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from visitord.identity.visits import Stay, Visit, group
from visitord.store.database import Cursor

_ALWAYS = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


def refresh(
    cursor: Cursor, root_id: UUID, site: str, gap: timedelta, span: tuple[datetime, datetime] | None = None
) -> list[Visit]:
    """Rebuild the visits of one person at one site; returns those that began (have an id not there before).

    span: the time of the sighting that changed.  Only visits within `gap` of it can be affected, so only
    they and their sightings are read.  None rebuilds all.
    """
    start, end = (span[0] - gap, span[1] + gap) if span else _ALWAYS
    cursor.execute(
        "select visit_id, started_at, ended_at, sightings, cameras, last_camera from visit "
        "where identity_id = %s and site = %s and started_at <= %s and ended_at >= %s for update",
        (root_id, site, end, start),
    )
    present = {row[0]: Visit(row[0], row[1], row[2], row[3], tuple(row[4]), row[5]) for row in cursor.fetchall()}
    start, end = span or _ALWAYS
    start = min([start, *(visit.started_at for visit in present.values())])
    end = max([end, *(visit.ended_at for visit in present.values())])
    wanted = group(_stays(cursor, root_id, site, start, end), gap)
    kept = {visit.visit_id for visit in wanted}
    gone = [visit for visit in present.values() if visit.visit_id not in kept]
    if gone:
        cursor.execute("delete from visit where visit_id = any(%s)", ([visit.visit_id for visit in gone],))
    for visit in wanted:
        if present.get(visit.visit_id) != visit:
            _write(cursor, root_id, site, visit)
    new = [visit for visit in wanted if visit.visit_id not in present]
    return [v for v in new if not any(g.started_at <= v.ended_at and g.ended_at >= v.started_at for g in gone)]


def close(cursor: Cursor, now: datetime) -> list[tuple[str, str, datetime, timedelta]]:
    """Mark visits whose gap has passed as closed; returns (name, site, when the gap had passed, duration) of each."""
    cursor.execute(
        "update visit v set closed = true from site s, identity i "
        "where s.site = v.site and i.identity_id = v.identity_id and not v.closed and v.ended_at < %s - s.visit_gap "
        "returning coalesce(i.name, 'visitor ' || i.number), v.site, v.ended_at + s.visit_gap, "
        "v.ended_at - v.started_at",
        (now,),
    )
    return list(cursor.fetchall())


def _stays(cursor: Cursor, root_id: UUID, site: str, start: datetime, end: datetime) -> list[Stay]:
    cursor.execute(
        "select g.started_at, g.sighting_id, g.ended_at, g.camera from sighting g "
        "join identity i on i.identity_id = g.identity_id "
        "where i.root_id = %s and g.site = %s and not g.static and g.started_at <= %s and g.ended_at >= %s",
        (root_id, site, end, start),
    )
    return [Stay(*row) for row in cursor.fetchall()]


def _write(cursor: Cursor, root_id: UUID, site: str, visit: Visit) -> None:
    """Insert or correct one visit; a longer one is open again until the gap has passed."""
    times = (visit.started_at, visit.ended_at)
    cursor.execute(
        "insert into visit (visit_id, identity_id, site, started_at, ended_at, sightings, cameras, last_camera) "
        "values %s on conflict (visit_id) do update set "
        "identity_id = excluded.identity_id, started_at = excluded.started_at, ended_at = excluded.ended_at, "
        "sightings = excluded.sightings, cameras = excluded.cameras, last_camera = excluded.last_camera, "
        "closed = visit.closed and visit.ended_at >= excluded.ended_at",
        ((visit.visit_id, root_id, site, *times, visit.sightings, list(visit.cameras), visit.last_camera),),
    )
