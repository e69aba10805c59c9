"""What the review page shows; nothing here changes anything."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request

from visitord.core.errors import DatabaseError, VisitordError
from visitord.service import control
from visitord.store import cameras as stored_cameras
from visitord.store import merges as stored_merges
from visitord.store import people, sighting_log, visit_log, visitors
from visitord.store import suggestions as stored_suggestions
from visitord.store.database import Cursor
from visitord.store.window import Window
from visitord.web import timeline
from visitord.web.desk import desk

pages = Blueprint("pages", __name__)

SHOWN = {"unnamed": ["provisional"], "named": ["named"], "ignored": ["ignored"]}
SHOWN["all"] = [status for shown in SHOWN.values() for status in shown]
ON_A_WALL, PAIRS, MERGES = 48, 30, 30
SIGHTINGS, SIGHTINGS_MAX, COMPARED = 24, 1000, 4
TIMELINE = timedelta(days=28)


@pages.get("/")
def wall() -> str:
    """Everyone of a kind; a search looks among all, where no kind is asked for."""
    if (
        show := request.args.get("show", "all" if request.args.get("q") else "unnamed")
    ) not in SHOWN:
        abort(404)
    with desk().transaction() as cursor:
        found, questions = _wall(cursor, show), len(stored_suggestions.unanswered(cursor))
    return render_template("wall.html", show=show, kinds=SHOWN, questions=questions, **found)


@pages.get("/person/<uuid:who>")
def person(who: UUID) -> str:
    """Everything about one person."""
    with desk().transaction() as cursor:
        about = _about(cursor, who)
        since = about["last_seen"] and about["last_seen"] - TIMELINE
        visits = visit_log.visits(cursor, Window(since=since), about["visitor_id"])
        seen = _sightings(
            cursor, about["visitor_id"], SIGHTINGS_MAX if "all" in request.args else SIGHTINGS
        )
    days = timeline.days([(visit.started_at, visit.ended_at) for visit in visits])
    return render_template("person.html", about=about, days=days, seen=seen)


@pages.get("/person/<uuid:who>/<any(compare, forget):step>")
def step(who: UUID, step: str) -> str:
    """Whom a person may be the same as; or asks once more, and says what would be destroyed."""
    with desk().transaction() as cursor:
        about = _about(cursor, who)
        found = _wall(cursor, "all", about["visitor_id"]) if step == "compare" else {}
    return render_template(f"{step}.html", about=about, **found)


@pages.get("/suggestions")
def suggestions() -> str:
    """Pairs the merge job leaves to a person."""
    with desk().transaction() as cursor:
        found = stored_suggestions.unanswered(cursor)
        pairs = []
        for pair in found[:PAIRS]:
            two = [
                _about(cursor, who) | {"seen": _sightings(cursor, who, COMPARED)}
                for who in (pair.one_id, pair.other_id)
            ]
            pairs.append({**asdict(pair), "two": two})
    return render_template("suggestions.html", pairs=pairs, total=len(found))


@pages.get("/merges")
def merges() -> str:
    """The merges in force, to be taken back."""
    with desk().transaction() as cursor:
        found = stored_merges.in_force(cursor, MERGES)
        crops = _crops(cursor, [i for merge in found for i in (merge.kept_id, merge.merged_id)])
    return render_template("merges.html", merges=found, crops=crops)


@pages.get("/cameras")
def cameras() -> str:
    """What the cameras see now; without a database too."""
    names, trouble = [camera.name for camera in desk().config.camera], ""
    known: dict[str, Any] = {
        name: {"camera": name, "state": "unknown", "reason": "no daemon reported it yet"}
        for name in names
    }
    try:
        with desk().transaction() as cursor:
            site = desk().config.site.name
            known |= {
                state.camera: state for state in stored_cameras.states(cursor) if state.site == site
            }
    except DatabaseError as error:
        trouble = error.fact
    return render_template("cameras.html", cameras=known.values(), trouble=trouble)


@pages.get("/cameras/<camera>/picture")
def picture(camera: str) -> Response:
    """What the daemon of this box sees through it, or a sentence saying why there is no picture."""
    try:
        jpeg = control.ask(desk().config.state, camera)
        why = "No daemon runs on this box: start visitord run."
    except VisitordError as error:
        jpeg, why = None, error.fact
    return (
        Response(jpeg, mimetype="image/jpeg") if jpeg else Response(why, 503, mimetype="text/plain")
    )


@pages.get("/crop/<name>")
def crop(name: str) -> Response:
    """The picture of a face by the hash of its content."""
    jpeg = desk().crops.read(name) if re.fullmatch("[0-9a-f]{64}", name) else None
    return Response(jpeg, mimetype="image/jpeg") if jpeg else abort(404)


def _wall(cursor: Cursor, show: str, other: UUID | None = None) -> dict[str, Any]:
    """A page of people with their faces, whether they were said not to be `other`, and what search
    and pager need.
    """
    text = " ".join(request.args.get("q", "").split())
    page = min(max(1, request.args.get("page", 1, int)), 1_000_000)
    rows = visitors.wall(cursor, SHOWN[show], text, ON_A_WALL, (page - 1) * ON_A_WALL, other)
    found = _with_faces(cursor, rows, "visitor_id")
    return {
        "people": found,
        "text": text,
        "page": page,
        "more": bool(found) and found[0]["total"] > page * ON_A_WALL,
    }


def _about(cursor: Cursor, who: UUID) -> dict[str, Any]:
    """A person, or whom they were merged into; raises NotFoundError."""
    about = visitors.detail(cursor, people.find(cursor, str(who)).visitor_id)
    return _with_faces(cursor, [about], "visitor_id")[0]


def _sightings(cursor: Cursor, who: UUID, limit: int) -> list[dict[str, Any]]:
    return _with_faces(cursor, sighting_log.of_person(cursor, who, limit), "sighting_id")


def _with_faces(cursor: Cursor, rows: Sequence[Any], key: str) -> list[dict[str, Any]]:
    """The rows, each with the picture that shows best whom it is about, where this box has one."""
    crops = _crops(cursor, [getattr(row, key) for row in rows])
    return [{**asdict(row), "crop": crops.get(getattr(row, key))} for row in rows]


def _crops(cursor: Cursor, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """For each person or sighting the best picture that this box still has: what made it known
    outlives the others.
    """
    return {
        face.id: next((c for c in (face.best, face.kept) if desk().crops.has(c)), None)
        for face in visitors.faces(cursor, ids).values()
    }
