"""Writes decided sightings, each with what it brings about: visits stay what they say; and how
alike they are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.records import Arrival, DecidedSighting, Decision, TrackReport
from visitord.store import templates
from visitord.store.database import SQL, Cursor, Database, value
from visitord.store.reports import Rows

ALWAYS = ("-infinity", "infinity")


@dataclass(frozen=True, slots=True)
class Site:
    """The place this box logs visits for."""

    name: str
    timezone: str
    gap: timedelta
    box: str | None = None  # which of several boxes this is


def declare_site(database: Database, site: Site, *, rebuild: bool = False) -> int | None:
    """Record the site, which the views use; a new gap or time zone, or `rebuild`, builds the site's
    visits anew.

    Returns how many there are then, None where they stay.
    """
    with database.transaction() as cursor:
        if value(cursor, SQL["declare_site"], (site.name, site.timezone, site.gap)) or rebuild:
            cursor.execute("set local statement_timeout = 0")  # however long it takes
            return int(value(cursor, "select rebuild_visits(%s)", (site.name,)))
    return None


def known(cursor: Cursor, sighting_id: UUID) -> bool:
    """Whether this sighting has been decided before, by an earlier run or an earlier replay, or was
    erased since.
    """
    ever = "select 1 from sighting where sighting_id = %s union all select 1 from erased where erased_id = %s"
    return value(cursor, ever, (sighting_id, sighting_id)) is not None


def companions(cursor: Cursor, report: TrackReport) -> set[UUID]:
    """Root identities of everyone seen in the same frames as this track, as far as they are
    decided.
    """
    cursor.execute(SQL["companions"], (list(report.together), report.sighting_id))
    return {row[0] for row in cursor.fetchall()}


def write(cursor: Cursor, decided: DecidedSighting, site: Site) -> Arrival | None:
    """Insert the sighting with its identity, template and visit; returns the arrival it causes, if
    any.

    Writing the same sighting again only carries on its end; nothing else changes.
    """
    report, verdict, pool = decided.report, decided.verdict, decided.pooled
    if verdict.decision is Decision.ENROLLED and verdict.identity_id:
        templates.enrol(cursor, verdict.identity_id, report.started_at)
    seen = (
        report.sighting_id,
        verdict.identity_id,
        site.name,
        report.camera,
        report.started_at,
        report.ended_at,
    )
    why = (verdict.decision.value, verdict.reason, verdict.score, verdict.second_score)
    whom = (verdict.candidate_id, verdict.second_id, pool.agreement if pool else None)
    samples = (pool.quality, pool.good_samples, pool.face_px) if pool else (0.0, 0, 0.0)
    # What must be nobody keeps nothing by which the merge job could make it somebody.
    embedding = (
        (decided.pack, pool.embedding.tolist()) if pool and not report.blocked else (None, None)
    )
    cursor.execute(
        SQL["write_sighting"], ((*seen, *why, *whom, *samples, *embedding, decided.crop, site.box),)
    )
    if decided.template:
        templates.learn(cursor, decided.template.identity_id, report.sighting_id)
    return extend(cursor, report, site)


def extend(cursor: Cursor, report: TrackReport, site: Site) -> Arrival | None:
    """Carry on the end of a sighting already written, and its visit; returns the arrival if a visit
    begins.

    Nothing happens for one that was erased; and ignored people do not arrive.
    """
    live = (report.liveness.real, report.liveness.score) if report.liveness else (None, None)
    end = {
        "id": report.sighting_id,
        "end": report.ended_at,
        "static": report.static,
        "live": live[0],
        "score": live[1],
    }
    cursor.execute(SQL["extend_sighting"], end)
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.executemany(
        SQL["together"], [(report.sighting_id, other) for other in sorted(report.together)]
    )
    if row[0] is None:
        return None
    root_id = _hold_root(cursor, row[0])
    began = refresh_visits(cursor, root_id, site, (report.started_at, row[1]))
    if not began:
        return None
    cursor.execute(SQL["arrived"], (root_id,))
    if (arrived := cursor.fetchone()) is None:
        return None
    name, count = arrived
    return Arrival(root_id, name, site.name, began[0]["cameras"][0], began[0]["started_at"], count)


def template_crops(cursor: Cursor) -> set[str]:
    """Names of the pictures that templates were made from."""
    cursor.execute(
        "select coalesce(t.crop, g.crop) from template t left join sighting g using (sighting_id)"
    )
    return {row[0] for row in cursor.fetchall() if row[0]}


def _hold_root(cursor: Cursor, identity_id: UUID) -> UUID:
    """Who stands for this identity, locked until the transaction ends.

    A merge under way is waited for and seen, and so is another recorder writing a visit of the same
    person.
    """
    root_of = "select root_id from identity where identity_id = %s"
    while True:
        root_id: UUID = value(cursor, root_of, (identity_id,))
        cursor.execute("select from identity where identity_id = %s for no key update", (root_id,))
        if value(cursor, root_of, (identity_id,)) == root_id:
            return root_id


def refresh_visits(
    cursor: Cursor, root_id: UUID, site: Site, span: tuple[object, object] = ALWAYS
) -> Rows:
    """Rebuild the visits of one person at one site; returns those that began (have an id not there
    before).

    A pause of exactly its `gap` does not yet divide two visits.  span: the time of the sighting
    that changed.  Only visits within `gap` of it can be affected, so only they and their sightings
    are read; the default rebuilds all.
    """
    values = {
        "person": root_id,
        "site": site.name,
        "gap": site.gap,
        "since": span[0],
        "until": span[1],
    }
    return Rows(cursor, SQL["refresh_visits"], values)


def left(cursor: Cursor, since: datetime, until: datetime) -> list[tuple[str, str, timedelta]]:
    """Who has left within this time, for the gap has passed since they were seen: (name, site,
    duration of the visit).

    since is not part of the time, until is.
    """
    cursor.execute(SQL["left"], (since, until))
    return list(cursor.fetchall())


def chosen(cursor: Cursor, site: str, pack: str) -> tuple[float, float] | None:
    """The match and new thresholds applied for this site and recogniser, if any."""
    cursor.execute(SQL["chosen_thresholds"], (site, pack))
    return cursor.fetchone()


def choose(
    cursor: Cursor, site: str, pack: str, match: float, new: float, by: str, now: datetime
) -> None:
    """Apply thresholds for this site and recogniser, in place of any before."""
    cursor.execute(SQL["choose_thresholds"], {"row": (site, pack, match, new, by, now)})
