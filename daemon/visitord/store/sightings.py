"""Writes decided sightings, each in one transaction together with what it brings about."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from visitord.records import Arrival, Decided, Decision, TrackReport
from visitord.store import gallery, visits
from visitord.store.database import Cursor, Database, value


@dataclass(frozen=True, slots=True)
class Site:
    """The place this box logs visits for."""

    name: str
    timezone: str
    gap: timedelta


def declare_site(database: Database, site: Site, *, rebuild: bool = False) -> int | None:
    """Record the site, which the views use; a new gap or time zone, or `rebuild`, builds the site's visits anew.

    Returns how many there are then, None where they stay.
    """
    with database.transaction() as cursor:
        cursor.execute(
            "insert into site (site, timezone, visit_gap) values (%s, %s, %s) on conflict (site) do update "
            "set timezone = excluded.timezone, visit_gap = excluded.visit_gap "
            "where (site.timezone, site.visit_gap) is distinct from (excluded.timezone, excluded.visit_gap) "
            "returning 1",
            (site.name, site.timezone, site.gap),
        )
        return visits.rebuild(cursor, site.name) if cursor.fetchone() or rebuild else None


def known(cursor: Cursor, sighting_id: UUID) -> bool:
    """Whether this sighting has been decided before, by an earlier run or an earlier replay."""
    return value(cursor, "select 1 from sighting where sighting_id = %s", (sighting_id,)) is not None


def companions(cursor: Cursor, report: TrackReport) -> set[UUID]:
    """Root identities of everyone seen in the same frames as this track, as far as they are decided."""
    cursor.execute(
        "select distinct i.root_id from sighting g join identity i on i.identity_id = g.identity_id "
        "where not g.static and (g.sighting_id = any(%s) or g.sighting_id in "
        "(select sighting_id from together where other_id = %s))",
        (list(report.together), report.sighting_id),
    )
    return {row[0] for row in cursor.fetchall()}


def write(cursor: Cursor, decided: Decided, site: Site) -> Arrival | None:
    """Insert the sighting with its identity, template and visit; returns the arrival it causes, if any.

    Writing the same sighting again only carries on its end; nothing else changes.
    """
    report, verdict, pool = decided.report, decided.verdict, decided.pooled
    if verdict.decision is Decision.ENROLLED and verdict.identity_id:
        gallery.enrol(cursor, verdict.identity_id, report.started_at)
    seen = (report.sighting_id, verdict.identity_id, site.name, report.camera, report.started_at, report.ended_at)
    why = (verdict.decision.value, verdict.reason, verdict.score, verdict.second_score)
    whom = (verdict.candidate_id, verdict.second_id, pool.agreement if pool else None)
    shots = (pool.quality, pool.good_shots, pool.face_px) if pool else (0.0, 0, 0.0)
    embedding = (decided.pack, pool.embedding.tolist()) if pool else (None, None)
    cursor.execute(
        "insert into sighting (sighting_id, identity_id, site, camera, started_at, ended_at, decision, reason, score, "
        "second_score, candidate_id, second_id, agreement, quality, good_shots, face_px, pack, embedding, crop) "
        "values %s on conflict (sighting_id) do nothing",
        ((*seen, *why, *whom, *shots, *embedding, decided.crop),),
    )
    if decided.template:
        gallery.learn(cursor, decided.template.identity_id, report.sighting_id)
    return extend(cursor, report, site)


def extend(cursor: Cursor, report: TrackReport, site: Site) -> Arrival | None:
    """Carry on the end of a sighting already written, and its visit; returns the arrival if a visit begins."""
    if report.together:
        cursor.executemany(
            "insert into together (sighting_id, other_id) values (%s, %s) on conflict do nothing",
            [(report.sighting_id, other) for other in sorted(report.together)],
        )
    cursor.execute(
        "update sighting set ended_at = greatest(ended_at, %s), "
        "static = case when %s >= ended_at then %s else static end where sighting_id = %s "
        "returning identity_id, ended_at",
        (report.ended_at, report.ended_at, report.static, report.sighting_id),
    )
    row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    root_id = _hold_root(cursor, row[0])
    began = visits.refresh(cursor, root_id, site.name, site.gap, (report.started_at, row[1]))
    if not began:
        return None
    cursor.execute(
        "select coalesce(name, 'visitor ' || number), "
        "(select count(*) from visit v where v.identity_id = i.identity_id) from identity i where identity_id = %s",
        (root_id,),
    )
    name, count = cursor.fetchone() or ("", 1)
    return Arrival(root_id, name, site.name, began[0].cameras[0], began[0].started_at, count)


def template_crops(cursor: Cursor) -> set[str]:
    """Names of the pictures that templates were made from."""
    cursor.execute("select crop from sighting join template using (sighting_id) where crop is not null")
    return {row[0] for row in cursor.fetchall()}


def _hold_root(cursor: Cursor, identity_id: UUID) -> UUID:
    """Who stands for this identity, locked until the transaction ends.

    A merge under way is waited for and seen, and so is another recorder writing a visit of the same person.
    """
    is_root = "select merged_into is null from identity where identity_id = %s for no key update"
    while True:
        root_id: UUID = value(cursor, "select root_id from identity where identity_id = %s", (identity_id,))
        if value(cursor, is_root, (root_id,)) is not False:
            return root_id
