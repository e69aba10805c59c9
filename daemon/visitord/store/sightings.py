"""Writes decided sightings, each with what it brings about: identity, template, visit, arrival."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from visitord.core.records import Arrival, DecidedSighting, Decision, TrackReport
from visitord.identity.decision import new_identity_id
from visitord.identity.reflections import Companion
from visitord.store import events, identities, statements, templates, visits
from visitord.store.database import Cursor
from visitord.store.site import Site
from visitord.store.vectors import vector

_SQL = statements.load("sightings")


@dataclass(frozen=True, slots=True)
class _Arriving:
    name: str
    visits: int


def known(cursor: Cursor, sighting_id: UUID) -> bool:
    """Whether this sighting was decided by an earlier run or replay, or was erased since.

    Also where it was dropped for its age, and whoever it enrolled was forgotten later.
    """
    values = {"id": sighting_id, "identity": new_identity_id(sighting_id)}
    return bool(statements.fetch_value(cursor, _SQL["known"], values))


def companions(cursor: Cursor, report: TrackReport) -> set[UUID]:
    """Root identities of everyone seen in the same frames as this track, as far as decided."""
    values = {"id": report.sighting_id, "together": list(report.together)}
    return set(statements.fetch_column(cursor, _SQL["companions"], values))


def beside(cursor: Cursor, report: TrackReport, pack: str) -> list[Companion]:
    """What everyone looked like who was seen in the same frames as this track, by one pack."""
    values = {"id": report.sighting_id, "together": list(report.together), "pack": pack}
    cursor.execute(_SQL["beside"], values)
    return [Companion(root_id, vector(look), mirrored) for root_id, look, mirrored in cursor]


def recent(cursor: Cursor, at: datetime, within: timedelta) -> set[UUID]:
    """Root identities of everyone whose sightings began so shortly before a time, or then."""
    values = {"since": at - within, "until": at}
    return set(statements.fetch_column(cursor, _SQL["recent"], values))


def write(cursor: Cursor, decided: DecidedSighting, site: Site) -> Arrival | None:
    """Insert the sighting with its identity, template and visit.

    Writing the same sighting again only carries on its end; nothing else changes.

    Parameters
    ----------
    cursor : of an open transaction
    decided : the sighting and whom it is filed under
    site : where this box is

    Returns
    -------
    The arrival that the sighting causes, if any.
    """
    report = decided.report
    verdict = decided.verdict

    if verdict.decision is Decision.ENROLLED and verdict.identity_id:
        identities.enrol(cursor, verdict.identity_id, report.started_at)

    cursor.execute(_SQL["write"], _values(decided, site))
    if verdict.identity_id is None:
        events.await_visit(cursor, report.sighting_id)

    if decided.template:
        templates.learn(cursor, decided.template.identity_id, report.sighting_id)
    if decided.replaced:
        templates.replace(cursor, decided.replaced, report.started_at)

    return extend(cursor, report, site)


def _values(decided: DecidedSighting, site: Site) -> dict[str, object]:
    """The columns of a sighting's row."""
    report = decided.report
    verdict = decided.verdict
    pooled = decided.pooled

    values: dict[str, object] = {
        "sighting_id": report.sighting_id,
        "site": site.name,
        "camera": report.camera,
        "box": site.box,
        "started_at": report.started_at,
        "ended_at": report.ended_at,
        "identity_id": verdict.identity_id,
        "decision": verdict.decision.value,
        "reason": verdict.reason,
        "score": verdict.score,
        "second_score": verdict.second_score,
        "candidate_id": verdict.candidate_id,
        "second_id": verdict.second_id,
        "crop": decided.crop,
        # Of a track without a single sample:
        "quality": 0.0,
        "good_samples": 0,
        "face_px": 0.0,
        "agreement": None,
        "pack": None,
        "embedding": None,
    }
    if pooled:
        values["quality"] = pooled.quality
        values["good_samples"] = pooled.good_samples
        values["face_px"] = pooled.face_px
        values["agreement"] = pooled.agreement

    # What must be nobody keeps nothing by which the merge job could make it somebody.
    is_nobody = report.blocked or decided.anonymous or verdict.reflection
    if pooled and not is_nobody:
        values["pack"] = decided.pack
        values["embedding"] = pooled.embedding.tolist()

    return values


def extend(
    cursor: Cursor, report: TrackReport, site: Site, paired: Set[UUID] = frozenset()
) -> Arrival | None:
    """Carry on the end of a sighting already written, and its visit.

    Nothing happens for one that was erased; and ignored people do not arrive.

    Parameters
    ----------
    cursor : of an open transaction
    report : of the track so far
    site : where this box is
    paired : others seen in the same frames, as an earlier report of the track has written

    Returns
    -------
    The arrival, if a visit begins.
    """
    values = {
        "sighting_id": report.sighting_id,
        "ended_at": report.ended_at,
        "static": report.static,
        "blocked": report.blocked,
        "live": report.liveness.real if report.liveness else None,
        "live_score": report.liveness.score if report.liveness else None,
    }
    cursor.execute(_SQL["extend"], values)
    extended = cursor.fetchone()
    if extended is None:
        return None
    identity_id, ended_at = extended

    beside_new = report.together - paired
    if beside_new and not report.static:
        pairs = {"id": report.sighting_id, "others": sorted(beside_new)}
        cursor.execute(_SQL["together"], pairs)

    arrival = None
    if identity_id is not None:
        root_id = identities.hold_root(cursor, identity_id)
        begun = visits.refresh(cursor, root_id, site, report.started_at, ended_at)
        if begun:
            arrival = _arrival(cursor, root_id, site, begun[0])

    visits.refresh_unidentified(cursor, site, report.camera, report.started_at, ended_at)
    return arrival


def _arrival(cursor: Cursor, root_id: UUID, site: Site, visit: visits.BegunVisit) -> Arrival | None:
    """Tell of a visit that begins; nothing for people who are ignored."""
    arriving = statements.fetch_one(cursor, _Arriving, _SQL["arriving"], {"id": root_id})
    if arriving is None:
        return None

    events.arrived(cursor, visit.visit_id)
    return Arrival(
        root_id,
        arriving.name,
        site.name,
        visit.cameras[0],
        visit.started_at,
        arriving.visits,
    )
