"""Sightings nobody was found for: the faces, and a person's word on who they are."""

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from visitord.admin import forgetting, identifying
from visitord.admin.author import Author
from visitord.admin.identifying import Identified, InOnePictureError
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.store import likeness, visitors
from visitord.store.database import Database
from visitord.store.window import Window
from visitord.web.actions import WHY, Done, Offer, action, page_of, told
from visitord.web.faces import pictures, sightings_with_faces
from visitord.web.resources import resources
from visitord.web.sightings import why_unidentified
from visitord.web.wall import wall

unidentified = Blueprint("unidentified", __name__)
SHOWN = 48
SHOWN_MAX = 1000  # with ?all
TICK_FIRST = "Tick the faces of one person first."


@unidentified.get("/unidentified")
def waiting() -> str:
    """The faces of this site that nobody was found for, the newest first."""
    most = SHOWN_MAX if "all" in request.args else SHOWN
    window = Window(site=resources().config.site.name)
    with resources().connection() as database:
        found = identifying.waiting(database, window, most + 1)
        with database.transaction() as cursor:
            seen = sightings_with_faces(cursor, found[:most])
    for sighting, recorded in zip(seen, found, strict=False):
        sighting["why"] = why_unidentified(recorded)
    more = len(found) > most and most < SHOWN_MAX
    return render_template("unidentified.html", seen=seen, more=more)


@unidentified.get("/unidentified/who")
def who() -> str | Response:
    """The ticked faces, and everyone they may be, the most alike first."""
    ticked = request.args.getlist("sighting")
    if not ticked:
        return told(TICK_FIRST, url_for("unidentified.waiting"), role="alert")

    index = resources().config.database.vector
    with resources().connection() as database:
        ids = identifying.meant(database, ticked)
        with database.transaction() as cursor:
            faces = pictures(cursor, ids)
            names = {face.id: face.name for face in visitors.faces(cursor, ids).values()}
            looks = likeness.looks_of_sightings(cursor, ids)
            alike = likeness.to_everyone(cursor, looks, index=index)
            found = wall(cursor, "all", alike=alike)
    seen = [(sighting, faces[sighting], names[sighting]) for sighting in ids]
    return render_template("who.html", seen=seen, **found)


@action("/unidentified/assign")
def assign(database: Database) -> Done:
    """The ticked faces are of somebody known."""
    ticked = _ticked()
    person = request.values.get("who", "")
    certain = "certain" in request.values
    try:
        done = identifying.assign(database, ticked, person, Author.here(WHY), certain=certain)
    except InOnePictureError as error:
        page = url_for("unidentified.who", sighting=ticked)
        address = url_for("actions.assign", who=person, sighting=ticked, certain=1)
        return Done(error.fact, page, Offer("File it there all the same", address))
    return Done(_said(done), url_for("unidentified.waiting"))


@action("/unidentified/enrol")
def enrol(database: Database) -> Done:
    """The ticked faces are of somebody new, who may be named at once."""
    name = request.form.get("name", "").strip() or None
    done = identifying.enrol(database, _ticked(), Author.here(WHY), name)
    return Done(_said(done), page_of(done.person.visitor_id))


@action("/unidentified/erase")
def erase(database: Database) -> Done:
    """The ticked faces are nobody's business: gone for good."""
    if "certain" not in request.form:
        raise VisitordError("Nothing was erased: tick the box if you are certain.")
    ids = identifying.meant(database, _ticked())
    within_s = forgetting.PAGE_WITHIN_S
    gone = forgetting.forget_sightings(
        database, ids, resources().config, Clock(), within_s=within_s
    )

    count = "1 sighting is" if len(ids) == 1 else f"{len(ids)} sightings are"
    sentence = f"{count} erased. {gone.remark}".rstrip()
    return Done(sentence, url_for("unidentified.waiting"))


def _ticked() -> list[str]:
    ticked = request.values.getlist("sighting")
    if not ticked:
        raise VisitordError(TICK_FIRST)
    return ticked


def _said(done: Identified) -> str:
    count = "1 sighting is" if done.sightings == 1 else f"{done.sightings} sightings are"
    return f"{count} now of {done.person.name}."
