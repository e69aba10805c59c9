"""What the review page shows; nothing here changes anything."""

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request

from visitord.admin import describing, forgetting
from visitord.core.errors import DatabaseError, VisitordError
from visitord.service import control
from visitord.store import cameras as stored_cameras
from visitord.store import group_names, likeness, people, sighting_log, visitors
from visitord.store import merges as stored_merges
from visitord.store import suggestions as stored_suggestions
from visitord.store.cameras import CameraState
from visitord.store.database import Cursor
from visitord.store.suggestions import OpenSuggestion
from visitord.web.faces import Shown, people_with_faces, pictures, sightings_with_faces
from visitord.web.resources import resources
from visitord.web.sightings import why
from visitord.web.visits import shown
from visitord.web.wall import SHOWN, wall

pages = Blueprint("pages", __name__)

PAIRS = 30
MERGES = 30
SIGHTINGS = 24
SIGHTINGS_MAX = 1000  # with ?all
COMPARED = 4
VISITS_WITHIN = timedelta(days=28)


@pages.get("/")
def faces() -> str:
    """Everyone of a kind; a search looks among all, where no kind is asked for."""
    usual = "all" if request.args.get("q") else "unnamed"
    show = request.args.get("show", usual)
    if show not in SHOWN:
        abort(404)
    with resources().transaction() as cursor:
        found = wall(cursor, show)
        questions = len(stored_suggestions.unanswered(cursor))
    return render_template("wall.html", show=show, kinds=SHOWN, questions=questions, **found)


@pages.get("/person/<uuid:who>")
def person(who: UUID) -> str:
    """Everything about one person."""
    sightings_max = SIGHTINGS_MAX if "all" in request.args else SIGHTINGS
    with resources().connection() as database:
        report = describing.describe(database, str(who), sightings_max, VISITS_WITHIN)
        with database.transaction() as cursor:
            (about,) = people_with_faces(cursor, [report.about])
            seen = sightings_with_faces(cursor, report.sightings)
            known = group_names.names(cursor)
    for sighting, recorded in zip(seen, report.sightings, strict=True):
        sighting["why"] = why(recorded)
    visits = shown(report.visits, resources().config.site.timezone)
    others = [name for name in known if name not in report.about.groups]
    return render_template("person.html", about=about, visits=visits, seen=seen, others=others)


@pages.get("/person/<uuid:who>/compare")
def compare(who: UUID) -> str:
    """Whom a person may be the same as, the most alike first."""
    with resources().transaction() as cursor:
        about = _about(cursor, who)
        person = about["visitor_id"]
        looks = likeness.looks_of_person(cursor, person)
        alike = likeness.to_everyone(cursor, looks, index=resources().config.database.vector)
        found = wall(cursor, "all", person, alike)
    return render_template("compare.html", about=about, **found)


@pages.get("/person/<uuid:who>/forget")
def forget(who: UUID) -> str:
    """Asks once more, and says what would be destroyed."""
    with resources().connection() as database:
        merged = forgetting.find(database, str(who)).merged
        with database.transaction() as cursor:
            about = _about(cursor, who)
    return render_template("forget.html", about=about, merged=merged)


@pages.get("/suggestions")
def suggestions() -> str:
    """Pairs the merge job leaves to a person."""
    with resources().transaction() as cursor:
        found = stored_suggestions.unanswered(cursor)
        pairs = [_side_by_side(cursor, pair) for pair in found[:PAIRS]]
    return render_template("suggestions.html", pairs=pairs, total=len(found))


@pages.get("/merges")
def merges() -> str:
    """The merges in force, to be taken back."""
    with resources().transaction() as cursor:
        found = stored_merges.in_force(cursor, MERGES)
        ids = [merge.kept_id for merge in found] + [merge.merged_id for merge in found]
        shown_faces = pictures(cursor, ids)
    return render_template("merges.html", merges=found, pictures=shown_faces)


@pages.get("/cameras")
def cameras() -> str:
    """What the cameras see now; without a database too."""
    config = resources().config
    unknown = {"state": "unknown", "reason": "no daemon reported it yet"}
    known: dict[str, CameraState | dict[str, str]] = {
        camera.name: {"camera": camera.name, **unknown} for camera in config.camera
    }

    trouble = ""
    try:
        with resources().transaction() as cursor:
            states = stored_cameras.states(cursor)
        known |= {state.camera: state for state in states if state.site == config.site.name}
    except DatabaseError as error:
        trouble = error.fact
    return render_template("cameras.html", cameras=known.values(), trouble=trouble)


@pages.get("/cameras/<camera>/picture")
def picture(camera: str) -> Response:
    """What the daemon of this box sees through it, or a sentence saying why there is no picture."""
    try:
        jpeg = control.ask(resources().config.state, camera)
    except VisitordError as error:
        return _no_picture(error.fact)
    if not jpeg:
        return _no_picture("No daemon runs on this box: start visitord run.")
    return Response(jpeg, mimetype="image/jpeg")


def _no_picture(why: str) -> Response:
    return Response(why, 503, mimetype="text/plain")


@pages.get("/crop/<name>")
def crop(name: str) -> Response:
    """The picture of a face by the hash of its content."""
    is_hash = re.fullmatch("[0-9a-f]{64}", name)
    jpeg = resources().crops.read(name) if is_hash else None
    return Response(jpeg, mimetype="image/jpeg") if jpeg else abort(404)


def _about(cursor: Cursor, who: UUID) -> Shown:
    """A person, or whom they were merged into; raises NotFoundError."""
    about = visitors.detail(cursor, people.find(cursor, str(who)).visitor_id)
    (shown,) = people_with_faces(cursor, [about])
    return shown


def _side_by_side(cursor: Cursor, pair: OpenSuggestion) -> dict[str, Any]:
    """A question with what is known of its two people."""
    two = []
    for who in (pair.one_id, pair.other_id):
        latest = sighting_log.of_person(cursor, who, COMPARED)
        two.append({**_about(cursor, who), "seen": sightings_with_faces(cursor, latest)})
    return {**asdict(pair), "two": two}
